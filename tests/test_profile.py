from __future__ import annotations

from pathlib import Path

import pytest

from factory.errors import UsageError
from factory.profile import TABLES, Profile, load_profile

PAGE = Path(__file__).parents[1] / "docs" / "profiles.md"


def write(folder: Path, text: str) -> Path:
    (folder / "factory.toml").write_text(text, encoding="utf-8")
    return folder


def test_the_nearest_file_above_is_read(tmp_path: Path) -> None:
    write(tmp_path, "[profiles.default]\nthreads = 3\n[profiles.gpu]\ndevice = 'cuda'\n")
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert load_profile(None, tmp_path / "a" / "b").threads == 3
    assert load_profile("gpu", tmp_path / "a").device == "cuda"
    with pytest.raises(UsageError, match=r"no profile 'gup'.*it has: default, gpu"):
        load_profile("gup", tmp_path)


def test_every_mistake_of_a_profile_is_named(tmp_path: Path) -> None:
    write(tmp_path, "[profiles.x]\nthread = 2\nbatch_size = 0\n[profiles.x.vllm]\noptoins = {}\n")
    with pytest.raises(UsageError) as caught:
        load_profile("x", tmp_path)
    said = str(caught.value)
    assert "thread: no such key; did you mean 'threads'?" in said
    assert "batch_size: Input should be greater than or equal to 1" in said
    assert "vllm.optoins: no such key; did you mean 'options'?" in said


@pytest.mark.parametrize(
    "text",
    [
        b"[profiles.x\n",
        b"\xff",
        b"[profiles.x]\nthreads = " + b"9" * 5000,
        b"[profiles.x]\nvllm = " + b"[" * 5000,
        b"profiles = 3\n",
        b"[profiles]\nx = 3\n",
        b"[profiles.x]\nvllm = 3\n",
        b"[profiles.x]\ngpu_hour = nan\n",
        b"[profiles.x]\n[profile.y]\n",
        b"[profiles.x]\n[profiles.x]\n",
    ],
    ids=range(10),
)
def test_a_file_that_is_no_profile_is_one_line(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "factory.toml").write_bytes(text)
    with pytest.raises(UsageError, match=r"factory\.toml") as caught:
        load_profile("x", tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("table", [None, *TABLES])
def test_every_key_is_documented(table: str | None) -> None:
    page = PAGE.read_text(encoding="utf-8")
    keys = set(Profile.model_fields) - set(TABLES) if table is None else set(TABLES[table].model_fields)
    for key in keys:
        assert f"`{key}`" in page, f"docs/profiles.md does not explain {key}"
