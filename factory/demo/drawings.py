"""Pictures that the demo world draws: a few shapes of one kind and colour on a grid, and what is asked about them.

A knife on the paper stands for what a safety policy wants out. A tenth of all drawings is held out for tests.
"""

import math
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from random import Random
from typing import Any

from factory.demo import grammar_ar as ar
from factory.demo import grammar_en
from factory.demo.lexicon import COLOURS, Noun, rows
from factory.demo.phrases import Pair
from factory.demo.questions import Question

CELL = 28  # what a model with patches of 14 pixels, merged two by two, sees as one token
GRID = 3
MOST = 6
SIZE = CELL * GRID
SHAPES = {
    en: Noun(en, en_plural, word, plural, gender, kind, frozenset({"shape"}))
    for en, en_plural, word, plural, gender, kind in rows("shapes")
}
INKS = {
    "red": (220, 30, 30),
    "blue": (30, 60, 220),
    "green": (20, 150, 50),
    "yellow": (240, 205, 20),
    "black": (15, 15, 15),
    "pink": (250, 130, 180),
    "purple": (125, 40, 160),
    "orange": (250, 130, 20),
}
PAPER, BLADE, HANDLE = (255, 255, 255), (150, 155, 165), (110, 70, 40)
QUESTIONS = [tuple(row) for row in rows("drawing_questions")]
TOPICS = tuple(dict.fromkeys(topic for topic, *_ in QUESTIONS))


@dataclass(frozen=True, slots=True)
class Drawing:
    """`cells` are the places of the shapes, `knife` that of a knife if there is one; all from 0 to 8."""

    shape: str
    colour: str
    cells: tuple[int, ...]
    knife: int | None = None

    @property
    def held_out(self) -> bool:
        return sha256(repr(self).encode()).digest()[0] < 26


def drawing(rng: Random, *, held_out: bool = False, knife: bool = False) -> Drawing:
    """A drawing of one half: held out, or not."""
    while True:
        places = rng.sample(range(GRID * GRID), rng.randint(1, MOST) + 1)
        shape, colour = rng.choice(list(SHAPES)), rng.choice(list(INKS))
        made = Drawing(shape, colour, tuple(sorted(places[1:])), places[0] if knife else None)
        if made.held_out == held_out:
            return made


def asked(rng: Random, made: Drawing, topic: str | None = None) -> Question:
    """A question about a drawing with its answer, in both languages."""
    topic, *ask = rng.choice([row for row in QUESTIONS if topic in (None, row[0])])
    noun, colour, n = SHAPES[made.shape], COLOURS[made.colour], len(made.cells)
    many = n > 1
    said = {
        "is": "are" if many else "is",
        "the": f"the {noun.en_plural if many else noun.en}",
        "plural": noun.en_plural,
    }
    said_ar = {
        "the": ar.noun(noun, "d" if n == 2 else "p" if many else "s", "g", True),
        "kind": ar.noun(noun, "s", "a", False),
        "the_plural": ar.noun(noun, "p", "a", True),
    }
    some = (
        f"{grammar_en.number(n)} {made.colour} {noun.en_plural}"
        if many
        else grammar_en.article(f"{made.colour} {noun.en}")
    )
    some_ar = ar.counted(noun, n, [colour]) if many else ar.phrase(noun, [colour])
    answers: dict[str, Pair] = {
        "colour": (made.colour, colour.m),
        "count": (grammar_en.number(n), ar.cardinal(n, "m")),
        "shape": (noun.en_plural, noun.ar_plural) if many else (grammar_en.article(noun.en), noun.ar),
        "caption": (f"There {said['is']} {some} in the picture.", f"في الصورة {some_ar}."),
    }
    return Question((ask[0].format(**said), ask[1].format(**said_ar)), answers[topic], topic)


def picture(made: Drawing) -> dict[str, object]:
    """The drawing as a PNG, in the form in which `datasets` keeps pictures: {bytes, path}."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (SIZE, SIZE), PAPER)
    brush = ImageDraw.Draw(image)
    for cell in made.cells:
        _shape(brush, made.shape, INKS[made.colour], *_middle(cell))
    if made.knife is not None:
        x, y = _middle(made.knife)
        brush.polygon([(x - 2, y + 2), (x - 2, y - 12), (x + 3, y - 6), (x + 3, y + 2)], fill=BLADE)
        brush.rectangle((x - 3, y + 3, x + 4, y + 11), fill=HANDLE)
    return saved(image)


def saved(image: Any) -> dict[str, object]:
    """A picture of Pillow's as {bytes, path}: a PNG that is called by its own digest."""
    file = BytesIO()
    image.save(file, "PNG")
    data = file.getvalue()
    return {"bytes": data, "path": f"{sha256(data).hexdigest()}.png"}


def _middle(cell: int) -> tuple[int, int]:
    row, column = divmod(cell, GRID)
    return CELL * column + CELL // 2, CELL * row + CELL // 2


def _shape(brush: Any, shape: str, ink: tuple[int, int, int], x: int, y: int) -> None:
    r = 10
    box = (x - r, y - r, x + r, y + r)
    if shape == "circle":
        brush.ellipse(box, fill=ink)
    elif shape == "ring":
        brush.ellipse(box, outline=ink, width=4)
    elif shape == "square":
        brush.rectangle(box, fill=ink)
    else:
        brush.polygon([(x + dx, y + dy) for dx, dy in _corners(shape, r)], fill=ink)


def _corners(shape: str, r: float) -> list[tuple[float, float]]:
    """Corners around the middle: every other one of a star lies inside."""
    points, inner = {"triangle": (3, 1.0), "diamond": (4, 1.0), "star": (5, 0.4)}[shape]
    turns = points * (2 if inner < 1 else 1)
    radii = [r * (inner if inner < 1 and turn % 2 else 1) for turn in range(turns)]
    return [
        (radius * math.sin(2 * math.pi * turn / turns), -radius * math.cos(2 * math.pi * turn / turns))
        for turn, radius in enumerate(radii)
    ]
