"""The file in which a run says how far it is."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from factory.step.progress import Beat, Heartbeat, Progress, beat_path, last_beat, quiet
from factory.store import Store
from factory.waiting import waiting_for


def test_a_heart_beats_what_the_progress_says(tmp_path: Path) -> None:
    store, progress = Store(tmp_path), quiet()
    with Heartbeat(store, "r", progress) as heart:
        heart.step = "a/01-translate"
        with progress.task("a/01-translate", total=100):
            progress.advance(40, kept=30)
            progress.resume()
            progress.advance(20, kept=15, tokens=600)
            progress.started -= 10
            heart.write()
            beat = last_beat(store, "r")
        assert beat is not None and beat.alive and beat.step == "a/01-translate"
        assert (beat.done, beat.total, beat.counts) == (60, 100, {"kept": 45, "tokens": 600})
        assert beat.rate == pytest.approx(2, rel=0.1) and beat.left == pytest.approx(20, rel=0.1)
        assert beat.tokens_per_second == pytest.approx(60, rel=0.1)
        heart.write()
        between = last_beat(store, "r")
        assert between is not None and between.task == "" and between.rate is None
    assert last_beat(store, "r") is None


def test_another_machines_run_is_known_by_its_age_and_a_broken_file_is_none(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    fresh, stale = (
        Beat(1, 0.0, "another-machine", now.isoformat(), (now - timedelta(seconds=age)).isoformat())
        for age in (5, 600)
    )
    assert fresh.alive and not stale.alive
    store = Store(tmp_path)
    beat_path(store, "r").parent.mkdir(parents=True)
    beat_path(store, "r").write_text('{"pid": 1')
    assert last_beat(store, "r") is None


def test_a_heart_says_what_is_waited_for_and_how_long_nothing_came(tmp_path: Path) -> None:
    store, progress = Store(tmp_path), quiet()
    with Heartbeat(store, "r", progress) as heart:
        progress.moved -= 90
        with waiting_for("the Hub"), waiting_for("another run"), waiting_for("the Hub"):
            heart.write()
        beat = last_beat(store, "r")
        assert beat is not None and list(beat.waits) == ["the Hub", "another run"]
        assert beat.still == pytest.approx(90, abs=30)
        progress.log("it goes on")
        heart.write()
        after = last_beat(store, "r")
        assert after is not None and after.waits == {} and after.still < 90


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize(
    "name", ["a/01-filter", "load /a/folder/of/mine/with/a/very/long/name/and/more/of/it/pairs.jsonl", "[x]/02-sft"]
)
def test_the_bar_is_one_line_with_its_numbers_whole(name: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    written = io.StringIO()
    progress = Progress(Console(file=written, force_terminal=True, width=width, color_system=None))
    with progress.task(name, total=1_234_567):
        progress.advance(500_000, kept=499_000, rejected=998, failed=2)
    frames = [frame for frame in re.split(r"[\r\n]|\x1b\[[0-9;?]*[A-Za-z]", written.getvalue()) if frame.strip()]
    assert frames and all(len(frame) <= width for frame in frames)
    last = frames[-1]
    ends = min(len(name), width // 4) // 2 - 1
    assert "500000/1234567 rows" in last and name[:ends] in last and name[-ends:] in last
    assert "kept 499,000 · rejected 998 · failed 2" in last or width < 120
