"""What columns are to a reader, and that text from anywhere cannot steer a terminal or break its columns."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from factory.look.layout import columns_of, layout, reason_group, view
from factory.look.terminal import END, ISOLATE, Screen, clean
from factory.rows.outcomes import rejected
from factory.store.columns import pairs_of
from tests.drawing import picture

ARABIC = "اشرح الفرق بين `list` و`tuple` في Python، مع مثال لكل منهما (نحو 3 أسطر)."


@pytest.mark.parametrize(
    ("names", "pairs"),
    [
        (["q", "a", "q_ar", "a_ar"], [("q", "q_ar"), ("a", "a_ar")]),
        (["target", "source", "id"], [("source", "target")]),
        (["source_text", "target_text"], [("source_text", "target_text")]),
        (["ar", "en"], [("en", "ar")]),
        (["messages", "messages_arb_Arab"], [("messages", "messages_arb_Arab")]),
        (["instruction", "instruction_translated"], [("instruction", "instruction_translated")]),
        (["chosen", "rejected", "prompt"], []),
        (["question", "answer", "score"], []),
    ],
)
def test_source_and_translation_are_told_by_their_names(names: list[str], pairs: list[tuple[str, str]]) -> None:
    assert pairs_of(names) == pairs


def test_no_column_is_lost_or_shown_twice() -> None:
    row = {
        "id": 7, "translation": {"en": "house", "ar": "بيت"},
        "note": "n", "score_script": 0.9, "scores": {"echo": 0.1},
        "outcome": "rejected", "reason": "script: 0.1 < 0.5", "rejected_by": "a/01-filter",
        "ok": True,
    }  # fmt: skip
    found = layout(row)
    shown = [*(name for pair in found.pairs for name in pair), *found.texts, *found.scores, *found.rest]
    assert sorted([*shown, "outcome", "reason", "rejected_by"]) == sorted(columns_of(row))
    seen = view(row, found)
    assert seen.pairs == [("translation.en / translation.ar", "house", "بيت")]
    assert seen.scores == {"script": 0.9, "echo": 0.1}
    assert (seen.outcome, seen.step, seen.reasons) == ("rejected", "a/01-filter", ("script: 0.1 < 0.5",))
    assert layout(row, ["note"]).pairs == () and layout(row, ["note"]).texts == ("note",)


@pytest.mark.parametrize(
    ("verdict", "group"),
    [
        (rejected("script", "0.12 < 0.5"), "script"),
        (rejected("dedup: seen before"), "dedup: seen before"),
        (rejected("translate: chat tokens", "<|im_end|>"), "translate: chat tokens"),
        (rejected("empty"), "empty"),
        (rejected("length_ratio", "1e-05 < 0.3"), "length_ratio"),
    ],
)
def test_reasons_fall_into_the_groups_they_were_counted_by(verdict: Any, group: str) -> None:
    assert reason_group(str(verdict)) == group


def drawn(width: int, row: dict[str, Any], isolates: bool = True) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    screen = Screen(console, width, isolates)
    return screen.row(0, view(row, layout(row))).plain.splitlines()


def bare(line: str) -> str:
    return line.replace(ISOLATE, "").replace(END, "")


def test_wide_terminals_show_both_sides_in_line_and_narrow_ones_stack_them() -> None:
    row = {"source": "Explain the difference between a list and a tuple. " * 3, "target": f"{ARABIC} " * 3}
    wide = [line for line in drawn(100, row) if " │ " in line]
    assert len({bare(line).index("│") for line in wide}) == 1
    assert all(cell_len(bare(line)) <= 100 for line in wide)
    assert any(line.rstrip().endswith(END) for line in wide)
    narrow = drawn(50, row)
    assert not any("│" in line for line in narrow)
    arabic = [line for line in narrow if ISOLATE in line]
    assert arabic and all(cell_len(bare(line)) == 50 for line in arabic)  # at the right edge
    assert not any(ISOLATE in line for line in drawn(100, row, isolates=False))


@settings(deadline=None)
@given(st.text(), st.text(), st.integers(20, 140))
def test_any_text_stays_in_its_column(source: str, target: str, width: int) -> None:
    for line in drawn(width, {"source": source, "target": target}):
        assert "\x1b" not in line
        assert cell_len(bare(line)) <= max(width, 2)


def test_control_characters_become_pictures() -> None:
    assert clean("\x1b]0;owned\x07 a\u202eb\x9b") == "␛]0;owned␇ ab\ufffd"


def test_pictures_are_a_line_each_beside_both_texts():
    data = picture(1)
    one, two = {"bytes": data, "path": "a.png"}, [{"bytes": data, "path": None}] * 2
    row = {"q": "What?", "q_ar": "ما؟", "image": one, "images": two}
    seen = view(row, layout(row))
    line = f"png 64x48, {len(data)} bytes"
    assert seen.pairs == [("q / q_ar", "What?", "ما؟")]
    assert seen.texts == [("image", line), ("images", f"{line}\n{line}")]
