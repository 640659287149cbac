"""Long texts, translated piece by piece."""

from __future__ import annotations

from pathlib import Path

import pytest

import limits
from config import Model
from refused import Refused
from tests.spaces.speaking import speaking_model
from translating import PIECE, translate

TEXT = """\
# Title

- one item
  - another `x`

| a head | 1 |
|---|---|
| a cell | 2 |

```python
print("kept")
```

The end.
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model("t", speaking_model(tmp_path_factory.mktemp("translator"), ["نص"]), "translate")


def test_only_the_prose_changes(model: Model) -> None:
    last = [*translate(model, TEXT)][-1]
    prose = ("Title", "one item", "another `x`", "a head", "a cell", "The end.")
    expected = TEXT
    for piece in prose:
        expected = expected.replace(piece, "نص")
    assert (last.text, last.done, last.pieces) == (expected, len(prose), len(prose))


def test_it_grows_and_counts(model: Model) -> None:
    steps = [*translate(model, TEXT)]
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[0].text.startswith("# ") and steps[0].done == 0


def test_a_paragraph_that_is_too_long_is_cut_between_sentences(model: Model) -> None:
    assert [*translate(model, "A sentence of words. " * (2 * PIECE // 20))][-1].pieces > 1


def test_nothing_is_made_of_nothing_and_a_book_is_refused(model: Model) -> None:
    assert [*translate(model, " \n")][-1].text == " \n"
    with pytest.raises(Refused) as refused:
        next(translate(model, "x" * (limits.CHARACTERS + 1)))
    assert refused.value.key == "too_many_characters"


def test_marks_that_the_model_keeps_carry_the_code(tmp_path: Path) -> None:
    faithful = Model("f", speaking_model(tmp_path, ["شغّل ", "<x1/>", " الآن"]), "translate")
    assert [*translate(faithful, "Run `main.py` now")][-1].text == "شغّل `main.py` الآن"
