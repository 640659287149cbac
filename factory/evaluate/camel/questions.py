"""What CAMEL-Bench asks, from a row of a set: its own wording around the question, and the choices as it letters them.

Every kind takes a row and gives the text. What a row lacks, or holds in another form, is a `ValueError`: that row has
failed, as it has in the original, which leaves it out.
"""

import ast
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

from factory.evaluate.camel.letters import ARABIC, BY_LATIN
from factory.text import yaml

WORDING: dict[str, Any] = yaml.load(Path(__file__).with_suffix(".yaml").read_text("utf-8"))

Row = Mapping[str, Any]
Kind = Callable[[Row], str]


def _failing(kind: Kind) -> Kind:
    """The same, with every way in which a row may not fit as a `ValueError`."""

    @wraps(kind)
    def asked(row: Row) -> str:
        try:
            return kind(row)
        except KeyError as error:
            raise ValueError(f"the row has no {error.args[0]!r}") from None
        except (SyntaxError, ValueError, TypeError, AttributeError, IndexError, AssertionError) as error:
            raise ValueError(f"the question cannot be put together: {error}") from None

    return asked


def _around(name: str, *, strip: bool = False) -> Kind:
    """The wording of that name around the row's question."""

    def asked(row: Row) -> str:
        if "{question}" not in WORDING[name]:
            return WORDING[name]
        question: str = row["question"]
        return _fill(name, question=question.strip() if strip else question)

    return asked


def _fill(name: str, **parts: str) -> str:
    text: str = WORDING[name]
    pieces = text.replace("{", "\0{").replace("}", "}\0").split("\0")  # a question may hold braces of its own
    return "".join(parts[piece[1:-1]] if piece.startswith("{") else piece for piece in pieces)


def _lines(options: Iterable[Any], form: str = "{}. {}") -> str:
    return "\n".join(form.format(letter, option) for letter, option in zip(ARABIC, options, strict=False))


def _is_missing(value: Any) -> bool:
    """As pandas, through which the original reads, tells it."""
    return value is None or value != value or value == "nan"


def _listed(text: str) -> list[Any]:
    """A list that is written as text, with Arabic commas."""
    return ast.literal_eval(text.replace("،", ","))


def _mmbench(row: Row) -> str:
    hint = "" if _is_missing(row["hint"]) else f"{row['hint']} "
    options = (f"{BY_LATIN[name]}. {row[name]}" for name in "ABCDE" if row.get(name) and not _is_missing(row[name]))
    return _fill("mmbench", question=f"{hint}{row['question']}", options="\n".join(options))


def _mmmu(row: Row) -> str:
    if row["question_type"] != "multiple-choice":
        return _fill("mmmu_open", question=row["question"])
    return _fill("mmmu", question=row["question"], options=_lines(_listed(row["options"])))


def _mmmu_pro(row: Row) -> str:
    return _fill("mmmu_pro", question=row["question"], options=_lines(_listed(row["options"])))


def _mmt(row: Row) -> str:
    options = (f"{BY_LATIN[name]}: {row[name].strip()}" for name in "ABCDEFGHI" if (row.get(name) or "").strip())
    return _fill("mmt", question=row["question"].strip(), options="\n".join(options))


def _seed(row: Row) -> str:
    return _fill("seed", question=row["question"], options=_lines(row[f"choice_{letter}"] for letter in "abcd"))


def _lettered(row: Row) -> str:
    return _fill("lettered", question=row["question"].strip(), options=_lines(row["options"]))


def _scienceqa(row: Row) -> str:
    question = row["question"]
    if row["hint"]:
        question = _fill("context", hint=row["hint"], question=question)
    return _fill("scienceqa", question=question, options=_lines(ast.literal_eval(row["choices"])))


def _videomme(row: Row) -> str:
    return _fill(
        "videomme",
        subtitles=str(row["subtitles"]),
        question=row["question"],
        options="\n".join(map(str, row["options"])),
    )


def _vizwiz(row: Row) -> str:
    return _fill("vizwiz", question=row["question"].capitalize())


def _mathvista(row: Row) -> str:
    kind, places = row["answer_type"], row.get("precision")
    if row["question_type"] == "multi_choice":
        kind = "choice"
    elif kind == "float":
        kind = f"float {int(places or 0)}"
    options = ""
    if (written := row["choices"]) and written != "None":
        lines = _lines(ast.literal_eval(written.replace("' '", '", "')), "({}) {}")
        options = f"{WORDING['choices']}\n{lines}\n"
    unit = WORDING["unit"].replace("{unit}", str(row["unit"])) if row.get("unit") else ""
    return _fill("mathvista", question=row["question"], unit=unit, options=options, hint=WORDING["hints"][kind])


KINDS: dict[str, Kind] = {
    name: _failing(kind)
    for name, kind in {
        **{name: _around(name) for name in ("plain", "gqa", "vqav2", "countbench", "geochat")},
        **{name: _around(name, strip=True) for name in ("stripped", "pope", "realworldqa")},
        "vizwiz": _vizwiz,
        "mmbench": _mmbench,
        "mmmu": _mmmu,
        "mmmu_pro": _mmmu_pro,
        "mmt": _mmt,
        "seed": _seed,
        "lettered": _lettered,
        "scienceqa": _scienceqa,
        "videomme": _videomme,
        "mathvista": _mathvista,
    }.items()
}
"""Kind of question, as ``sets.tsv`` names it -> how a row of it asks. Raises ValueError: the row does not fit."""
