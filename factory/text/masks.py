"""What must survive inside a sentence travels as a short sentinel, and is put back after the translation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from factory.text.inline import Span, apart, inline_spans


@dataclass(frozen=True)
class Form:
    """How sentinels are written, and what is read as one.

    What a model may do to one is harmless: spaces inside, other digits, brackets that look alike. Everything in a
    source that could be read as a sentinel is itself masked, so that none is ever confused with the text.
    """

    written: str
    read: re.Pattern[str]
    hint: str  # a character without which a text holds none


BRACKET = Form(
    "⟦{}⟧",
    re.compile(
        r"[⟦〚【［⦋]\s{0,3}(\d{1,6})\s{0,3}[⟧〛】］⦌\]]"
        r"|\[\s{0,3}(\d{1,6})\s{0,3}[\]⟧〛】］⦌]"
        r"|⟧\s{0,3}(\d{1,6})\s{0,3}⟦"  # mirrored, as right-to-left text may show it
    ),
    "⟦〚【［⦋[⟧",
)
TAG = Form("<x{}/>", re.compile(r"[<＜]\s{0,3}[xX]\s{0,3}(\d{1,6})\s{0,3}/?\s{0,3}[>＞]"), "<＜")


# One of these beside a sentinel of ours could be read together with it, so each is masked by itself.
_RARE_BRACKET = re.compile(r"[⟦⟧〚〛【】［］⦋⦌]")


class Masked(NamedTuple):
    """A unit as the model gets it, and what its sentinels stand for, in their order."""

    text: str
    originals: tuple[str, ...]


class Restored(NamedTuple):
    """A translation with the originals in place of the sentinels.

    Attributes:
        missing: originals that did not come back.
        repeated: originals that came back too often, once for each time.
        unknown: sentinels that nobody wrote; they are left in the text.
    """

    text: str
    missing: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not (self.missing or self.repeated or self.unknown)

    def __str__(self) -> str:
        """``missing `x`; unknown ⟦7⟧``, empty where all is well."""
        found = {"missing": self.missing, "repeated": self.repeated, "unknown": self.unknown}
        return "; ".join(f"{name} {' '.join(values)}" for name, values in found.items() if values)


def mask(text: str, form: Form = BRACKET) -> Masked:
    """Replace what `factory.text.inline` finds by numbered sentinels.

    >>> mask("Run `ls` at https://a.org, {name}!")
    Masked(text='Run ⟦1⟧ at ⟦2⟧, ⟦3⟧!', originals=('`ls`', 'https://a.org', '{name}'))
    """
    spans = list(inline_spans(text))
    if any(map(text.__contains__, form.hint)):
        spans += (Span(*m.span(), "mark") for pattern in (form.read, _RARE_BRACKET) for m in pattern.finditer(text))
    spans = apart(spans, touching=True)
    if not spans:
        return Masked(text, ())
    pieces: list[str] = []
    end = 0
    for number, (start, stop, _) in enumerate(spans, 1):
        pieces += text[end:start], form.written.format(number)
        end = stop
    pieces.append(text[end:])
    return Masked("".join(pieces), tuple(text[start:stop] for start, stop, _ in spans))


def unmask(text: str, originals: Sequence[str], form: Form = BRACKET) -> Restored:
    """Put the originals back, and say which are lost, doubled or made up. Equal originals may change places.

    >>> unmask("نفذ 【 ١ 】 و⟦3⟧", ["`ls`", "{x}"])
    Restored(text='نفذ `ls` و⟦3⟧', missing=('{x}',), repeated=(), unknown=('⟦3⟧',))
    """
    if not originals and not any(map(text.__contains__, form.hint)):
        return Restored(text)
    used: Counter[str] = Counter()
    unknown: list[str] = []

    def original(match: re.Match[str]) -> str:
        number = int(match[match.lastindex or 0])
        if not 1 <= number <= len(originals):
            unknown.append(match[0])
            return match[0]
        used[originals[number - 1]] += 1
        return originals[number - 1]

    restored = form.read.sub(original, text)
    expected = Counter(originals)
    missing, repeated = expected - used, used - expected
    return Restored(restored, tuple(missing.elements()), tuple(repeated.elements()), tuple(unknown))
