"""Chat templates that a recipe names: built in, beside it, or written in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from factory.steps.sft import Sft

STEP = {"data": "d", "learning_rate": 1e-3}


def named(folder: Path, value: str) -> Sft:
    return Sft.model_validate({**STEP, "chat_template": value}, context={"folders": [folder]})


def test_a_file_beside_the_recipe_is_read(tmp_path: Path) -> None:
    (tmp_path / "own.jinja").write_text("{{ messages[0].content }}")
    assert named(tmp_path, "own.jinja").parameters()["chat_template"] == "{{ messages[0].content }}"


@pytest.mark.parametrize("written", [True, False])
def test_one_that_cannot_be_read_is_refused_with_its_line(tmp_path: Path, written: bool) -> None:
    text = "{% for m in messages %}\n{{ m.content }\n{% endfor %}"
    (tmp_path / "own.jinja").write_text(text)
    with pytest.raises(ValidationError, match=r"the chat template cannot be read: line 2: unexpected '}'"):
        named(tmp_path, text if written else "own.jinja")


def test_a_name_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="unknown chat template 'nonsense'"):
        named(tmp_path, "nonsense")
