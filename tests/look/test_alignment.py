from __future__ import annotations

from random import Random

import pytest

from factory.look.alignment import BLOCK, REACH, Alignment, Stretch
from tests.encoders import WORDS, count_words, translated

random = Random(7)
SOURCES = [" ".join(random.sample(WORDS, 5)) for _ in range(700)]
TARGETS = [translated(source) for source in SOURCES]
STRANGE = translated("marade " * 5)


def stretches(sources, targets, every: int = 100, batch: int = 250) -> list[Stretch]:
    alignment = Alignment(count_words, every)
    for first in range(0, len(sources), batch):
        alignment.add((sources[first : first + batch], targets[first : first + batch]), first)
    return alignment.stretches(lambda start, stop: (sources[start:stop], targets[start:stop]))


@pytest.mark.parametrize("every", [20, 100, 350])
def test_rows_in_line(every):
    assert stretches(SOURCES, TARGETS, every) == []


@pytest.mark.parametrize("every", [20, 100, 350])
@pytest.mark.parametrize("row", [1, 99, 237, 500])
def test_a_lost_translation_moves_all_that_follow(row, every):
    found = stretches(SOURCES[:-1], [*TARGETS[:row], *TARGETS[row + 1 :]], every)
    assert found == [Stretch(row if row >= REACH + BLOCK else 0, None, 1)]


@pytest.mark.parametrize(("row", "count"), [(150, 1), (333, 2), (601, 3)])
def test_translations_too_many(row, count):
    targets = [*TARGETS[:row], *[STRANGE] * count, *TARGETS[row:]][: len(SOURCES)]
    assert stretches(SOURCES, targets) == [Stretch(row + count, None, -count)]


def test_a_block_in_the_middle_and_one_at_the_end():
    targets = [*TARGETS[:150], *TARGETS[151:420], STRANGE, *TARGETS[420:600], *TARGETS[602:]]
    found = stretches(SOURCES[: len(targets)], targets)
    assert found == [Stretch(150, 418, 1), Stretch(600, None, 2)]


def test_out_of_line_from_the_first_row_on():
    assert stretches(SOURCES[:-1], TARGETS[1:]) == [Stretch(0, None, 1)]


def test_nothing_is_claimed_of_shuffled_rows_of_other_texts_and_of_gaps():
    assert stretches(SOURCES, random.sample(TARGETS, len(TARGETS))) == []
    assert stretches(SOURCES, [STRANGE] * len(SOURCES)) == []
    assert stretches(SOURCES, [None] * len(SOURCES)) == []
    assert stretches([""] * 9, TARGETS[:9]) == []
    assert stretches([], []) == []


def test_the_same_text_many_times_is_in_line():
    assert stretches(SOURCES[:1] * 300, TARGETS[:1] * 300) == []


@pytest.mark.parametrize(
    ("stretch", "says"),
    [
        (
            Stretch(150, 418, 1),
            "from row 151 to row 419 the translations belong to the next row: row 151 has that of 152",
        ),
        (
            Stretch(1200, None, -1),
            "from row 1,201 on the translations belong to the row before: row 1,201 has that of 1,200",
        ),
        (Stretch(4, None, -2), "from row 5 on the translations belong to the row 2 rows before: row 5 has that of 3"),
        (Stretch(0, None, 3), "from row 1 on the translations belong to the row 3 rows down: row 1 has that of 4"),
    ],
)
def test_how_it_is_said(stretch, says):
    assert str(stretch) == says
