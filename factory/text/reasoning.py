"""What a model thinks before it answers, told apart from the answer."""

from __future__ import annotations

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
        own = asked.count(end)
        if found.count(end) > own:
            found = found.split(end, found.count(end) - own)[-1]
        elif found.lstrip().startswith(begin) and found.count(begin) > asked.count(begin):
            found = ""
    return Spoken(answer, False) if found is answer else Spoken(found.lstrip(), True)
