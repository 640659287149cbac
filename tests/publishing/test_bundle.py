"""The factory's modules that an app brings along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from factory.publishing.bundle import bundle

APP = b"""
from factory.text import direction
from factory.text.segments import split
import json
"""


def test_what_is_imported_comes_with_what_it_imports() -> None:
    files = bundle({"app.py": APP, "notes.txt": b"from factory.text import chat"})
    assert {"factory/text/direction.py", "factory/text/segments.py", "factory/text/passages.py"} <= set(files)
    assert (
        "factory/cli/__init__.py" not in files
        and files["factory/__init__.py"] == files["factory/text/__init__.py"] == b""
    )


def test_an_app_of_nothing_of_ours_brings_nothing() -> None:
    assert bundle({"app.py": b"import json\nimport factories"}) == {}


def test_it_runs_from_its_own_folder(tmp_path: Path) -> None:
    for name, content in {
        "app.py": APP + b"print(split.__code__.co_filename, split('a b'))",
        **bundle({"app.py": APP}),
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    done = subprocess.run([sys.executable, "app.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert str(tmp_path) in done.stdout and "Passage(text='a b', kind='prose')" in done.stdout
