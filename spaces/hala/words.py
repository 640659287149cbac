"""What the interface says, in English and Arabic."""

from __future__ import annotations

from typing import Any, TypeVar

import gradio as gr

LANGUAGES = {"English": "en", "العربية": "ar"}
TEXTS: dict[str, dict[str, str]] = {
    "chat": {"en": "Chat", "ar": "محادثة"},
    "compare": {"en": "Compare", "ar": "مقارنة"},
    "data": {"en": "Data", "ar": "البيانات"},
    "leaderboard": {"en": "Leaderboard", "ar": "لوحة النتائج"},
    "rating": {"en": "Rating", "ar": "التقييم"},
    "translate": {"en": "Translate", "ar": "ترجمة"},
    "vision": {"en": "Vision", "ar": "الصور"},
    "language": {"en": "Language", "ar": "اللغة"},
    "theme": {"en": "Light or dark", "ar": "فاتح أو داكن"},
    "model": {"en": "Model", "ar": "النموذج"},
    "too_big": {
        "en": "{model} does not fit into the memory of this Space.",
        "ar": "لا تتسع ذاكرة هذه المساحة للنموذج {model}.",
    },
    "too_long": {
        "en": "The text is too long for {model}: {tokens} tokens, and it reads {longest}.",
        "ar": "النص أطول مما يقرؤه {model}: عدد الرموز {tokens}، والحد {longest}.",
    },
    "failed": {
        "en": "{model} failed at this. Try again, or another model.",
        "ar": "تعذّر ذلك على {model}. أعد المحاولة أو جرّب نموذجًا آخر.",
    },
}

Block = TypeVar("Block", bound=Any)


def say(key: str, language: str, **values: Any) -> str:
    """The text of `key` in "en" or "ar", its places filled."""
    return TEXTS[key][language].format(**values)


def put(block: Block, **keys: str) -> Block:
    """Have the page say `keys` (property -> key of a text) on this component, in whichever language is chosen.

    >>> put(gr.Button(), value="chat").value
    'Chat'
    """
    block.words = keys
    for name, key in keys.items():
        setattr(block, name, say(key, "en"))
    return block


def updates(blocks: list[Any], language: str) -> list[Any]:
    """For each of the components that `put` named, what changes on it with the language."""
    return [gr.update(**{name: say(key, language) for name, key in block.words.items()}) for block in blocks]
