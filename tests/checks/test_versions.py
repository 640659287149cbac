"""Scores that stores keep are those of a check's version: whoever changes a score raises it."""

import pytest

from factory.checks import checks, parse_check
from factory.store import fingerprint
from tests.checks.test_checks import NEEDED

PAIRS = [
    ("The boat has three sails.", "للقارب ثلاثة أشرعة."),
    ("The boat has three sails.", "The boat has three sails."),
    ("The boat has three sails.", ""),
    (None, "للقارب ثلاثة أشرعة."),
    ("Ask for this form in March 2020, it costs 50% of 1,000 euros.", "三月申请M01表格，费用为1000欧元。"),
    ("Paris and Cairo are far from Japan.", "巴黎和开罗离韩国很远。"),
    ("Paris and Cairo are far from Japan.", "باريس والقاهرة بعيدتان عن كوريا."),
    ("What is <ocr>total due: 5</ocr> at <box>10, 20, 30, 40</box>?", "ما هذا؟"),
    ("See [0.1, 0.2, 0.3, 0.4] and `code()` at https://a.example/b.", "انظر <ocr>I cannot translate this</ocr> هنا."),
    ("<|box_start|>(1,2),(3,4)<|box_end|> a cat", "قطة (1,2),(3,4)"),
    ("Write to me@a.example. Do it now.", "اكتب لي. افعل ذلك الآن. افعل ذلك الآن. افعل ذلك الآن."),
    ("- one\n- two", "واحد"),
    ("Write a Python function that adds two large numbers", "اكتب a Python function that adds two large numbers"),
    ("What is the plural of mouse?", "الجواب: mice"),
    ("He was born in the ſecond year.", "ولد في السنة 2."),
    ("Good morning!", "Sure! Here is the translation: صباح الخير!"),
    ("Good morning!", "صباح الخير<|im_end|> Ð¿Ñ"),
]

KNOWN = {
    "among": (1, "bd41249a"),
    "added": (5, "fdaaed62"),
    "answered": (6, "e6dc91cb"),
    "chat_tokens": (4, "93f8408c"),
    "code": (3, "30ba72c1"),
    "compression": (1, "a31c973a"),
    "dropped": (7, "52dc09df"),
    "echo": (6, "4c1901b1"),
    "empty": (1, "e57adef6"),
    "entities": (4, "a4b2921e"),
    "garbled": (3, "93f8408c"),
    "language": (5, "1e80aee7"),
    "language_task": (5, "87e32d3b"),
    "length_ratio": (5, "6e6aa4b3"),
    "lexicon": (5, "15a716a4"),
    "mixed_script": (6, "1643d437"),
    "numbers": (5, "3ffbbc19"),
    "pii": (1, "bd41249a"),
    "refusal": (6, "dd73fd89"),
    "repetition": (5, "805eb581"),
    "script": (6, "d0a5459b"),
    "source_language": (5, "a31c973a"),
    "structure": (7, "ccb1fcd3"),
    "symbols": (5, "9dad7224"),
    "toxicity": (1, "bd41249a"),
    "unfinished": (5, "77a0a858"),
    "untranslated": (6, "83143931"),
    "urls": (3, "213aa037"),
    "wrapped": (2, "bd41249a"),
}
"""Check -> its version, and a digest of its scores of `PAIRS`; both move together."""


def scores_of(name: str) -> str:
    found = [parse_check({name: NEEDED.get(name, {})}).in_language(language, "en") for language in ("ar", "zh")]
    return fingerprint({"scores": [[round(float(check.score(*pair)), 6) for pair in PAIRS] for check in found]})[:8]


def reading() -> list[str]:
    """The checks that score a pair of texts by themselves."""
    return [name for name, check in checks().items() if not (check.looks or check.embeds or check.surveys)]


@pytest.mark.parametrize("name", reading())
def test_whoever_changes_a_score_raises_the_version(name: str):
    assert (checks()[name].version, scores_of(name)) == KNOWN.get(name)
