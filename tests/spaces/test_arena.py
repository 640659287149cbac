"""Votes between two models and the table of wins."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from scipy.stats import binomtest

import arena
from keeping import Keeping


def vote(left: str, right: str, vote: str) -> dict[str, str]:
    return {"left": left, "right": right, "vote": vote}


def test_wins_come_with_wilsons_interval() -> None:
    votes = [vote("a", "b", "left")] * 7 + [vote("b", "a", "left")] * 3
    first, second = arena.standings(votes)
    assert (first["model"], first["votes"], first["wins"], first["rate"]) == ("a", 10, 7, 70)
    expected = binomtest(7, 10).proportion_ci(method="wilson")
    assert (first["low"], first["high"]) == pytest.approx((100 * expected.low, 100 * expected.high), abs=0.01)
    assert second["wins"] == 3


def test_a_tie_counts_half_and_two_bad_answers_nothing() -> None:
    a, b = arena.standings([vote("a", "b", "tie"), vote("a", "b", "both_bad")])
    assert [(row["votes"], row["wins"], row["rate"]) for row in (a, b)] == [(2, 0.5, 25), (2, 0.5, 25)]


def test_without_votes_there_is_no_table() -> None:
    assert arena.standings([]) == []


def test_votes_of_many_visitors_are_all_kept(tmp_path: Path) -> None:
    ballots = arena.Ballots(Keeping(tmp_path / "votes", repo=None))
    threads = [threading.Thread(target=ballots.add, args=("left", "a", "b"), kwargs={"text": "س"}) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = arena.Ballots(Keeping(tmp_path / "votes", repo=None)).rows()
    assert len(rows) == 20 and {row["text"] for row in rows} == {"س"}


def test_only_the_four_votes_are_taken(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no vote: up"):
        arena.Ballots(Keeping(tmp_path, repo=None)).add("up", "a", "b")


def test_either_model_may_stand_left() -> None:
    pairs = {arena.pair(["a", "b"]) for _ in range(200)}
    assert pairs == {("a", "b"), ("b", "a")}
