"""Open answers, which the original gives to GPT-4o: one question to a judge for each, and what its reply says."""

import re
from pathlib import Path

from factory.text import yaml

_WORDING = yaml.load(Path(__file__).with_suffix(".yaml").read_text("utf-8"))
SYSTEM: str = _WORDING["system"]
MAX_NEW_TOKENS = 300
_VERDICT = re.compile(r"(?<!\w)[01](?!\w)")


def asked(question: str, answer: str, right: str) -> str:
    """What the judge is asked; of the question it sees the first line only, as in the original."""
    parts = {"question": question.split("\n")[0], "answer": answer, "right": right}
    return re.sub(r"\{(question|answer|right)\}", lambda found: parts[found[1]], _WORDING["user"])


def verdict(reply: str) -> bool | None:
    """Whether the answer passes; None where the reply says neither 0 nor 1, or both.

    >>> verdict("Score: 1"), verdict("0"), verdict("I cannot say"), verdict("0 or 1")
    (True, False, None, None)
    """
    said = set(_VERDICT.findall(reply))
    return said.pop() == "1" if len(said) == 1 else None
