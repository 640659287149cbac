"""What licences ask, by their names: the table, and the licence that fits several of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from factory.text import yaml

DATA = Path(__file__).with_name("licenses.yaml")
NO_NAME = {"unknown", "other", "cc", ""}  # of the Hub's list, and none of them names one licence
USES = {"yes": 2, "limited": 1, "no": 0}


@dataclass(frozen=True)
class Terms:
    """What a licence asks; the head of `licenses.yaml` says what each word means."""

    attribution: bool = False
    commercial: Literal["yes", "limited", "no"] = "yes"
    share_alike: bool = False
    no_derivatives: bool = False
    terms: bool = False
    outputs: Literal["free", "unclear", "derived", "no"] = "free"
    not_in: tuple[str, ...] = ()
    source: str = ""


def terms(license: str | None) -> Terms | None:
    """What the licence asks; None where it is not known."""
    return _table().get((license or "").lower())


def license_id(name: object) -> str | None:
    """A licence's name as the table has it; None for one that names no licence."""
    text = str(name or "").strip().lower()
    return None if text in NO_NAME else text


def computed(licenses: Iterable[str | None]) -> str | None:
    """The least restrictive licence that fits all of `licenses`, in which None stands for an unknown one.

    None where no licence does, none is known, or nobody knows what one of several asks.

    A chain of one licence keeps it; otherwise the Creative Commons licence with the same limits is taken, and a
    licence whose own terms must be handed on (lfm1.0, llama3.1) wins over those that ask for attribution only.
    """
    given = list(licenses)
    names = list(dict.fromkeys(license.lower() for license in given if license))
    known = {name: asked for name in names if (asked := terms(name))}
    if not names:
        return "cc0-1.0" if not given else None
    if len(names) == 1:
        return names[0]
    if len(known) < len(names) or any(asked.no_derivatives for asked in known.values()):
        return None
    use = min((asked.commercial for asked in known.values()), key=USES.__getitem__, default="yes")
    alike = [name for name, asked in known.items() if asked.share_alike]
    if alike:
        return alike[0] if len(alike) == 1 and known[alike[0]].commercial == use else None
    if use == "no":
        return "cc-by-nc-4.0"
    own = [name for name, asked in known.items() if asked.terms]
    if own:
        return own[0] if len(own) == 1 else None
    strict = [name for name, asked in known.items() if asked.attribution]
    if not strict:
        return "cc0-1.0"
    return strict[0] if len(strict) == 1 else "apache-2.0" if "apache-2.0" in strict else "cc-by-4.0"


@cache
def data() -> dict[str, Any]:
    """The file: `licenses` by id, and under `refs` what is known of repos without asking the Hub."""
    return yaml.load(DATA.read_text(encoding="utf-8"))


@cache
def _table() -> dict[str, Terms]:
    entries = data()["licenses"].items()
    return {name: Terms(**{**entry, "not_in": tuple(entry.get("not_in", ()))}) for name, entry in entries}
