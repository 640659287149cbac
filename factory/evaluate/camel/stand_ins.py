"""Rows that look like a set's own, for rehearsals, which download nothing: a drawn picture, a question, an answer."""

import io
from collections.abc import Callable
from typing import Any

from factory.evaluate.camel.sets import CamelSet

COLOURS = ("red", "green", "blue")
ANSWERS = {"choice": "بأج", "choice_by_number": "012", "letter_or_number": "بأج", "count": "345"}
TEXTS = ["كتاب جديد", "قطة سوداء", "بيت كبير"]


def stand_in(chosen: CamelSet) -> Callable[[int], dict[str, Any]]:
    """``row(i)`` of a set."""

    def row(i: int) -> dict[str, Any]:
        answers = ANSWERS.get(chosen.rule, ["نعم", "لا", "نعم"] if chosen.rule in ("yes_no", "contains") else TEXTS)
        listed = {"lettered": list(TEXTS), "videomme": [f"أ. {TEXTS[0]}", f"ب. {TEXTS[1]}", f"ج. {TEXTS[2]}"]}
        picture = {"image" if chosen.images == "one" else "image_0": {"bytes": _drawn(i), "path": None}}
        return {
            **picture,
            "question": f"ما هذا الشيء رقم {i}؟",
            "answer": answers[i % 3],
            "question_type": "multiple-choice",
            "answer_type": "integer",
            "options": listed.get(chosen.question, str(TEXTS)),
            "choices": str(TEXTS) if chosen.question == "scienceqa" else "None",
            "hint": "",
            "subtitles": "",
            **dict(zip("ABC", TEXTS, strict=True)),
            **{f"choice_{letter}": text for letter, text in zip("abcd", [*TEXTS, "شيء آخر"], strict=True)},
        }

    return row


def _drawn(i: int) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (56, 56), COLOURS[i % len(COLOURS)]).save(file, "PNG")
    return file.getvalue()
