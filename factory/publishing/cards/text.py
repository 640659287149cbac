"""Text in cards: whatever a row holds appears as it is and never as Markdown, HTML or a template."""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any

from factory.look.layout import is_images, text_of
from factory.resources import resource
from factory.text.direction import right_to_left
from factory.text.secrets import without_keys

if TYPE_CHECKING:
    from jinja2 import Environment

# What Markdown, HTML or the Hub would read as more than text, wherever it stands in a line; the rest stays as it is.
ACTIVE = re.compile(
    r"[<`|~$\\\[\]]"  # HTML, code, tables, strikethrough, mathematics, escapes, links
    r"|&(?=[#A-Za-z])"  # entities
    r"|\*(?! )|(?<! )\*|_(?![^\W_])|(?<![^\W_])_"  # emphasis; not 2 * 3 nor snake_case
    r"|@(?=\w)|:(?=\S)|(?<=\bwww)\.",  # mentions, emoji, addresses
    re.IGNORECASE,
)
# What begins a block: a quote, an underline, lists, a heading, a rule.
OPENING = re.compile(r"(\d{0,9})([>=]|[.)+](?=\s|$)|#(?=[#\s]|$)|-(?=[-\s]|$))")


def safe(value: Any, limit: int | None = None) -> str:
    """`value` as inline text, in prose, a table cell or an HTML block alike; newlines become ``<br>``.

    Cut to `limit` characters. Control characters, which no card needs, are left out.
    """
    text = "" if value is None else str(value)
    if limit is not None and len(text) > limit:
        text = text[: limit - 1].rstrip() + "…"
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    text, start = text.strip(), ""
    if opening := OPENING.match(text):
        start, text = opening[1] + _entity(opening[2]), text[opening.end() :]
    return (start + ACTIVE.sub(lambda found: _entity(found[0]), text)).replace("\n", "<br>").replace("\t", " ")


def _entity(character: str) -> str:
    """The character as a numeric entity, which is never markup in CommonMark, wherever it stands."""
    return f"&#{ord(character)};"


def cell(text: str) -> str:
    """A maintainer's own Markdown on one line of a table."""
    return " ".join(text.split()).replace("|", "&#124;")


def code(value: Any) -> str:
    """`value` as inline code, also in a table."""
    text = str(value)
    plain = text.isprintable() and text.strip() == text != "" and not set("`|\\") & set(text)
    return f"`{text}`" if plain else f"<code>{safe(text)}</code>"


def fence(text: str, language: str = "") -> str:
    """`text` as a code block that no run of backticks inside can end."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{text.rstrip()}\n{ticks}"


def block(value: Any, limit: int = 600) -> str:
    """A row's value in a block of its own direction, on one line so that no blank line ends the HTML."""
    text = value if isinstance(value, str) else _readable(value)
    direction = "rtl" if right_to_left(text) else "ltr"
    return f'<div dir="{direction}">{safe(text, limit)}</div>'


def _readable(value: Any) -> str:
    if isinstance(value, dict | list) and is_images(value):
        return text_of(value)
    return json.dumps(value, ensure_ascii=False, default=lambda other: f"<{type(other).__name__}>")


def number(value: float | int | None, digits: int = 2) -> str:
    """1,234,567 or 12.35; an en dash for None.

    >>> number(1234567), number(12.345), number(3e-05), number(None)
    ('1,234,567', '12.35', '3e-05', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, int) or (float(value).is_integer() and abs(value) >= 1000):
        return f"{int(value):,}"
    if value and abs(value) < 10**-digits:
        return f"{value:.3g}"
    return f"{value:,.{digits}f}"


def share(part: float, whole: float) -> str:
    """A part of a whole in percent.

    >>> share(1, 8), share(1, 30_000), share(29_999, 30_000), share(8, 8)
    ('12.5 %', '< 0.1 %', '> 99.9 %', '100 %')
    """
    if not whole or not part:
        return "0 %"
    percent = part / whole * 100
    if percent < 0.05:
        return "< 0.1 %"
    if part < whole and percent >= 99.95:
        return "> 99.9 %"
    return f"{percent:.1f}".removesuffix(".0") + " %"


def duration(seconds: float) -> str:
    """Seconds as the largest two units.

    >>> duration(0.5), duration(75), duration(7300)
    ('0.5 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min"


def size(count: float) -> str:
    """Bytes in decimal units.

    >>> size(1500), size(2_340_000_000)
    ('1.5 kB', '2.3 GB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


@cache
def environment() -> Environment:
    """Templates of cards/ with the filters above. What is put in is never read as a template again."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(resource("cards")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "safe_text": safe,
        "cell": cell,
        "code": code,
        "fence": fence,
        "block": block,
        "number": number,
        "share": share,
        "duration": duration,
        "size": size,
        "as_json": lambda value: json.dumps(value, ensure_ascii=False),
    }
    return made


def render(template: str, metadata: dict[str, Any], **context: Any) -> str:
    """A whole card: the YAML header and the template's text, without anything that looks like a Hub token."""
    import yaml

    header = yaml.safe_dump(metadata, sort_keys=False, allow_unicode=True, width=2**16)
    body = environment().get_template(template).render(**context)
    body = re.sub(r"\n{3,}", "\n\n", body).strip()
    return without_keys(f"---\n{header}---\n\n{body}\n")
