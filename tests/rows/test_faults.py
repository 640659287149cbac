"""What a completion is not, and what that means for its row: the same in every verb that translates."""

from __future__ import annotations

import pytest

from factory.engines import Completion
from factory.rows.faults import certain
from factory.rows.generation import TOO_LONG


@pytest.mark.parametrize(
    ("completion", "outcome", "said"),
    [
        (Completion.error("400: refused"), "failed", "translate: error: 400: refused"),
        (Completion.error(TOO_LONG), "rejected", "translate: too long"),
        (Completion("half of", "length", 3, 2), "rejected", "translate: cut off"),
        (Completion(" \n", "stop", 3, 1), "rejected", "translate: empty"),
        (Completion("word<|im_end|>", "stop", 3, 2), "rejected", "translate: chat tokens: <|im_end|>"),
    ],
)
def test_only_what_the_engine_cannot_answer_has_failed(completion: Completion, outcome: str, said: str) -> None:
    fault = certain("a source", completion)
    assert fault is not None
    verdict = fault.verdict("translate")
    assert (verdict.outcome, str(verdict)) == (outcome, said)


def test_a_source_may_quote_what_its_translation_holds() -> None:
    assert certain("say <|im_end|>", Completion("sag <|im_end|>", "stop", 3, 3)) is None
