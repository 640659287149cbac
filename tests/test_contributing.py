"""The files that CONTRIBUTING shows work as they are printed, and nothing else has to know of them."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import factory.checks
import factory.steps
from tests.support import dataset, kept, run_step

PAGE = Path(__file__).resolve().parents[1] / "CONTRIBUTING.md"
SHOWN = re.findall(r"`factory/(\w+)/(\w+)\.py`:\n\n```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    found = [(factory.steps, factory.steps.verbs), (factory.checks, factory.checks.checks)]
    for package, registry in found:
        room = package.__name__.rsplit(".", 1)[-1]
        folder = tmp_path / room
        folder.mkdir()
        for _, name, code in [shown for shown in SHOWN if shown[0] == room]:
            (folder / f"{name}.py").write_text(code, encoding="utf-8")
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
        registry.cache_clear()
    importlib.invalidate_caches()
    yield
    for package, registry in found:
        registry.cache_clear()
        for room, name, _ in SHOWN:
            sys.modules.pop(f"factory.{room}.{name}", None)
            vars(package).pop(name, None)


def test_both_are_shown():
    assert [(room, name) for room, name, _ in SHOWN] == [("steps", "uppercase"), ("checks", "shouting")]


def test_the_verb_is_found_by_its_file_and_works(added: None, tmp_path: Path):
    step = factory.steps.verbs()["uppercase"].model_validate({"column": "text"})
    source = dataset(tmp_path / "rows", [{"text": "a"}, {"text": None}])
    assert [row["text"] for row in kept(run_step(step, source, tmp_path / "out"))] == ["A", None]


def test_the_check_is_found_by_its_file_and_works(added: None):
    check = factory.checks.parse_check("shouting")
    assert check.name == "shouting"
    assert [check.accept(check.score(None, text)) for text in ("STOP THAT", "Stop that", "")] == [False, True, True]
