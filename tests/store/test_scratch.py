"""Scratch folders go with their block, or with the next one if the process was killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from factory.store.scratch import PREFIX, scratch_folder

HELD = """
import sys, time
from pathlib import Path
from factory.store.scratch import scratch_folder
with scratch_folder(Path(sys.argv[1])) as folder:
    (folder / "rows.parquet").write_bytes(b"x")
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "locks").mkdir()
    return tmp_path


def folders(root: Path) -> list[Path]:
    return sorted(root.glob(f"{PREFIX}*"))


def test_it_goes_with_its_block(root: Path) -> None:
    with scratch_folder(root) as folder:
        (folder / "a").mkdir()
        assert folders(root) == [folder]
    assert not folders(root)
    with pytest.raises(ValueError), scratch_folder(root):
        raise ValueError
    assert not folders(root)


def test_one_in_use_stays_and_that_of_a_killed_process_goes(root: Path) -> None:
    (root / f"{PREFIX}of-an-older-version").mkdir()
    with subprocess.Popen([sys.executable, "-c", HELD, str(root)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        theirs = Path(other.stdout.readline().strip())
        with scratch_folder(root) as ours:
            assert folders(root) == sorted([ours, theirs])
        other.kill()
    with scratch_folder(root) as ours:
        assert folders(root) == [ours]
