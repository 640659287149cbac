"""`factory publish --on hf-jobs` as a user runs it, against the embedded Hub's jobs: real clients, real processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from factory.local_hub import LocalHub
from factory.profile import HubJobs
from factory.recipe import load
from factory.remote.bundle import make_bundle
from factory.remote.hf_jobs import BUNDLE_LABEL, RECIPE_LABEL, Order, _mark, requirements

pytestmark = pytest.mark.skipif(shutil.which("uv") is not None, reason="uv would install the factory's dependencies")

RECIPE = """recipe: 1
name: {name}
language: {{source: en, target: ar}}
hub: {{namespace: factory}}
datasets:
  pairs:
    from: {{demo: parallel, rows: 40}}
    steps: [{{columns: {{en: translation.en, ar: translation.ar}}}}, {{{last}}}]
    publish: {name}
"""
SECRET = "value-of-a-secret"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHub]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))  # of the jobs: caches
        with LocalHub(tmp_path_factory.mktemp("jobs-hub"), jobs=True) as running:
            yield running


class User:
    """Somebody with a recipe, a profile and a shell."""

    def __init__(self, hub: LocalHub, folder: Path, name: str, last: str = "dedup: {columns: [en]}") -> None:
        self.hub, self.folder, self.recipe = hub, folder, folder / f"{name}.yaml"
        self.recipe.write_text(RECIPE.format(name=name, last=last), encoding="utf-8")
        settings = '[profiles.default.jobs]\nflavor = "cpu-basic"\ntimeout = "5m"\nsecrets = ["OTHER_KEY"]\n'
        (folder / "factory.toml").write_text(settings, encoding="utf-8")
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "FACTORY_"))}
        self.environment = clean | hub.environment() | {"HF_HOME": str(folder / "hf"), "OTHER_KEY": SECRET}

    def start(self, *more: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "factory", "publish", self.recipe.name, "--hub", "remote", "--on", "hf-jobs"]
        return subprocess.Popen(
            [*command, *more],
            cwd=self.folder,
            env=self.environment | {"PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def publish(self, *more: str) -> tuple[int, str, str]:
        process = self.start(*more)
        out, error = process.communicate(timeout=300)
        return process.returncode, out, error

    @property
    def api(self) -> Any:
        from huggingface_hub import HfApi

        return HfApi(endpoint=self.hub.endpoint, token=self.hub.token)

    def mark(self, monkeypatch: pytest.MonkeyPatch) -> str:
        monkeypatch.setenv("HF_ENDPOINT", self.hub.endpoint)
        loaded = load(self.recipe)
        return _mark(make_bundle(loaded), Order(loaded, HubJobs(flavor="cpu-basic")))


def test_the_job_publishes_and_the_next_goes_on_from_its_steps(hub: LocalHub, tmp_path: Path) -> None:
    user = User(hub, tmp_path, "first-job")
    code, out, error = user.publish()
    assert code == 0, out + error
    assert "submitted: " in error and "pairs/01-columns" in out and "pushed pairs" in out
    assert user.api.dataset_info("factory/first-job").sha
    assert user.api.dataset_info("factory/factory-first-job").private
    [job] = user.api.list_jobs(namespace="factory", labels={RECIPE_LABEL: "first-job"})
    said = json.dumps([job.command, job.arguments, job.environment], default=str)
    assert SECRET not in said and hub.token not in said and job.flavor == "cpu-basic"
    assert {"HF_TOKEN", "OTHER_KEY"} <= set(job.secrets)
    assert SECRET not in out + error and hub.token not in out + error

    code, out, error = user.publish("--json")
    assert code == 0, out + error
    assert "taken from factory/factory-first-job: pairs/00-load, pairs/01-columns, pairs/02-dedup" in error
    assert "pushed pairs" not in error
    report = json.loads(out)
    assert report["stage"] == "COMPLETED" and report["new"] and report["job"] != job.id


def test_a_job_that_fails_says_so_and_keeps_what_was_finished(hub: LocalHub, tmp_path: Path) -> None:
    user = User(hub, tmp_path, "failing-job", "filter: {checks: [script], columns: [en]}")
    code, out, error = user.publish()
    assert code == 1
    assert "the job ended as ERROR" in error and "no row was kept" in out and "Traceback" not in out + error
    files = user.api.list_repo_files("factory/factory-failing-job", repo_type="dataset")
    assert any(path.startswith("steps/pairs/01-columns-") and path.endswith("/manifest.json") for path in files)


def test_a_running_job_is_found_and_ctrl_c_leaves_it_alone(
    hub: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = User(hub, tmp_path, "running-job")
    labels = {RECIPE_LABEL: "running-job", BUNDLE_LABEL: user.mark(monkeypatch)}
    running = user.api.run_job(image="x", command=["sleep", "120"], labels=labels, namespace="factory")
    process = user.start()
    assert process.stderr is not None
    first = process.stderr.readline()
    assert first.startswith("runs already: ") and running.id in first
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "the job goes on" in error and f"hf jobs cancel --namespace factory {running.id}" in error
    assert user.api.inspect_job(job_id=running.id, namespace="factory").status.stage == "RUNNING"

    user.recipe.write_text(user.recipe.read_text("utf-8").replace("rows: 40", "rows: 41"), encoding="utf-8")
    code, _, error = user.publish()
    assert code == 2 and "a job runs another state of running-job" in error
    user.api.cancel_job(job_id=running.id, namespace="factory")


@pytest.mark.parametrize(
    ("change", "arguments", "said"),
    [
        ("OTHER_KEY", (), "not set here: OTHER_KEY"),
        ("profile", (), "on which hardware"),
        ("", ("--rehearse",), "--rehearse"),
        ("", ("--hub", "local"), "cannot reach the embedded Hub"),
    ],
)
def test_what_cannot_run_is_refused_before_anything(
    hub: LocalHub, tmp_path: Path, change: str, arguments: tuple[str, ...], said: str
) -> None:
    user = User(hub, tmp_path, "refused-job")
    if change == "profile":
        (tmp_path / "factory.toml").unlink()
    user.environment.pop(change, None)
    code, _, error = user.publish(*arguments)
    assert code == 2 and said in error
    assert not list(user.api.list_jobs(namespace="factory", labels={RECIPE_LABEL: "refused-job"}))


def test_requirements_are_the_packages_own_without_extras() -> None:
    needs = requirements()
    assert any(need.startswith("trl") for need in needs) and not any("extra" in need for need in needs)
