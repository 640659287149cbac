"""What a model thinks before it answers, told apart from the answer."""

from __future__ import annotations

import re
from typing import NamedTuple

MARKS = (
    ("<think>", "</think>"),  # Qwen 3, DeepSeek R1, SmolLM 3, GLM
    ("<thinking>", "</thinking>"),
    ("<seed:think>", "</seed:think>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),  # Command A
    ("[THINK]", "[/THINK]"),  # Magistral
    ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),  # gpt-oss
    ("<|channel>thought", "<channel|>"),  # Gemma 4
)
"""(beginning, end) as models write them."""


class Spoken(NamedTuple):
    """An answer without the reasoning before it, and whether there was any."""

    text: str
    reasoned: bool


def spoken(answer: str, asked: str = "") -> Spoken:
    """The answer behind the reasoning; nothing, where the reasoning has no end.

    The template may have written the beginning, so that the answer has the end alone. A text that was `asked` about
    and holds such marks itself may have as many of them in its answer: those are no reasoning.

    >>> spoken("<think>It asks for a colour.</think>\\n\\nRed."), spoken("Hm.</think>Red."), spoken("<think>It asks")
    (Spoken(text='Red.', reasoned=True), Spoken(text='Red.', reasoned=True), Spoken(text='', reasoned=True))
    >>> spoken("اكتب <think> هنا </think>", "Write <think> here </think>").reasoned
    False
    """
    found = answer
    for begin, end in MARKS:
        own, ends = asked.count(end), found.count(end)
        begun = found.lstrip().startswith(begin) and not _begins_a_text(begin, asked)
        lone = ends - found.count(begin) > max(0, own - asked.count(begin))  # the template wrote the beginning
        if ends and (ends > own or begun or lone):
            found = found.split(end, max(ends - own, 1))[-1]
        elif begun:
            found = ""
    return Spoken(answer, False) if found is answer else Spoken(found.lstrip(), True)


def _begins_a_text(mark: str, asked: str) -> bool:
    """Whether the text that the prompt is about may itself begin with the mark: its translation will, too."""
    return re.search(rf"(?:^|[\n:])\s*{re.escape(mark)}", asked) is not None
