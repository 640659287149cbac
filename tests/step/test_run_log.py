"""The log of a run: every line with its time, without secrets, in files that do not grow for ever."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from factory.step import run_log
from factory.step.progress import quiet
from factory.step.run_log import kept_log, log_file


def test_each_line_is_kept_with_its_time_and_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TEACHER_API_KEY", "correct-horse-battery")
    progress = quiet()
    with kept_log(tmp_path, "demo", progress) as path:
        progress.log("pairs/01-filter")
        progress.log("asked with correct-horse-battery and hf_" + "a" * 34)
        progress.log("half an emoji \ud83d")
    progress.log("not of this run")
    lines = path.read_text("utf-8").splitlines()
    assert path == log_file(tmp_path, "demo") == tmp_path / "logs" / "demo.log"
    assert [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ", "", line) for line in lines] == [
        "pairs/01-filter",
        "asked with *** and hf_***",
        "half an emoji ?",
    ]
    assert capsys.readouterr() == ("", "")


def test_the_next_run_goes_on_in_it_and_old_files_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_log, "LARGEST", 100)
    for run in range(10):
        progress = quiet()
        with kept_log(tmp_path, "demo", progress):
            progress.log(f"run {run} " + "x" * 40)
    kept = sorted(path.name for path in (tmp_path / "logs").iterdir())
    assert kept == ["demo.log", "demo.log.1", "demo.log.2", "demo.log.3"]
    assert "run 9" in log_file(tmp_path, "demo").read_text()
