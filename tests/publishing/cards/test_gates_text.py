"""Gates in a card: a promise where they were judged, a note where they were not."""

from factory.publishing.cards.text import render


def text(stand_in: bool) -> str:
    return render("partials/scores.md", {}, gates=["suite >= base"], stand_in=stand_in, tables=[], reported=[])


def test_a_rehearsal_says_that_gates_are_not_judged() -> None:
    assert "Gates, not judged in a rehearsal" in text(True) and "had to meet" not in text(True)
    assert "had to meet" in text(False) and "rehearsal" not in text(False)
