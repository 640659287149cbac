from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from factory.store import Ledger

ENTRIES = st.lists(st.dictionaries(st.text(max_size=5), st.text() | st.integers() | st.none(), max_size=3), max_size=8)


@settings(max_examples=40, deadline=None)
@given(before=ENTRIES, cut=st.integers(0, 400), after=ENTRIES)
def test_a_torn_line_is_cut_off_and_nothing_else(tmp_path_factory, before, cut: int, after) -> None:
    path = tmp_path_factory.mktemp("ledger") / "ledger.jsonl"
    with Ledger(path) as ledger:
        ledger.append(*before)
    data = path.read_bytes()
    cut = min(cut, len(data))
    path.write_bytes(data[: len(data) - cut])
    whole = data[: len(data) - cut].count(b"\n")

    with Ledger(path) as ledger:
        ledger.append(*after)
        assert list(ledger) == before[:whole] + after


def test_a_reader_passes_over_a_line_that_is_being_written(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text('{"a": 1}\n{"a": ')
    assert list(Ledger.read(path)) == [{"a": 1}]


def test_a_long_torn_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text('{"a": 1}\n' + '{"b": "' + "x" * 200_000)
    with Ledger(path) as ledger:
        assert list(ledger) == [{"a": 1}]
