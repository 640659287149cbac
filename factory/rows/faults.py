"""What is wrong with a translation as it arrives, before its row is put together."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from factory.checks import Check
from factory.engines import Completion
from factory.rows.generation import TOO_LONG
from factory.rows.outcomes import Verdict
from factory.text.chat import leaked_tokens
from factory.text.column import Texts
from factory.text.masks import Form, unmask
from factory.text.template import pieces

MIN_LEAK = 20  # characters of a prompt's line that are no accident in an answer
SAME_SOURCES, SAME_CHARACTERS, SAME_WORDS = 5, 40, 0.3
NAME_WORDS = 4
NAME_FAULTS = {"script", "echo"}
_SMALL_WORDS = {"and", "or", "of", "the", "for", "&", "-", "–", "+", "vs", "vs."}


class Fault(NamedTuple):
    """Attributes:
    reason: cut off, too long, empty, chat tokens, prompt, masks, same answer, error, or a check's name.
    detail: about this text.
    """

    reason: str
    detail: str = ""

    def verdict(self, verb: str) -> Verdict:
        """What becomes of the row: where the engine could not answer it has failed, else it is rejected."""
        outcome = "failed" if self.reason == "error" else "rejected"
        return Verdict(outcome, f"{verb}: {self.reason}", self.detail)


class Sent(NamedTuple):
    """A text as the model got it: `text` has marks in the place of `originals`, written in `form`."""

    text: str
    originals: tuple[str, ...] = ()
    form: Form | None = None


class Examiner:
    """Looks at completions in the order in which a fault is certain.

    First what the engine says (error, budget), then what no translation has (nothing, chat tokens, lines of the
    prompt), then the marks as a multiset, and last the `checks`, on texts without their marks. Of one call, an answer
    of 40 characters or more that five unlike sources share is an example of the prompt or of the training, not their
    translation (``same answer``).
    """

    def __init__(self, checks: Sequence[Check], prompts: Iterable[str | None]) -> None:
        self._checks = checks
        self._leaks = [line for prompt in prompts for line in _fixed_lines(prompt or "")]

    def examine(self, sent: Sequence[Sent], completions: Sequence[Completion]) -> list[tuple[str, Fault | None]]:
        """(translation with the originals in place, what is wrong with it) of each."""
        texts: list[str] = []
        faults: dict[int, Fault] = {}
        plain: list[tuple[str, str]] = []
        for i, (unit, completion) in enumerate(zip(sent, completions, strict=True)):
            answer = completion.text.strip()
            fault = certain(unit.text, completion) or self._leak(unit.text, answer)
            source = unit.text
            if unit.form is None:
                texts.append(answer)
            else:
                restored = unmask(answer, unit.originals, unit.form)
                texts.append(restored.text)
                if not restored.ok:
                    fault = fault or Fault("masks", str(restored))
                if unit.originals:
                    source, answer = (unit.form.read.sub(" ", text) for text in (source, answer))
            if fault is not None:
                faults[i] = fault
            plain.append((source, answer))
        self._check(plain, faults)
        for i in _shared(plain, faults):
            faults[i] = Fault("same answer", "as for other texts")
        return [(text, faults.get(i)) for i, text in enumerate(texts)]

    def _leak(self, source: str, answer: str) -> Fault | None:
        for line in self._leaks:
            if line in answer and line not in source:
                return Fault("prompt", line)
        return None

    def _check(self, plain: list[tuple[str, str]], faults: dict[int, Fault]) -> None:
        rest: list[int] = []
        sources = targets = Texts([])
        for check in self._checks:
            if not rest or not faults.keys().isdisjoint(rest):
                rest = [i for i in range(len(plain)) if i not in faults]
                sources, targets = Texts([plain[i][0] for i in rest]), Texts([plain[i][1] for i in rest])
            scores = check.scores(sources, targets)
            for i, score in zip(rest, scores, strict=True):
                if isinstance(score, Exception):
                    faults[i] = Fault("error", f"{check.name}: {type(score).__name__}: {score}")
                elif not check.accept(score):
                    faults[i] = Fault(check.name, check.explain(score))


def is_name(text: str) -> bool:
    """A few words that all begin with a capital or a digit: such a text may stay as it is in any language.

    >>> is_name("Microsoft Word 2019"), is_name("Answer the question")
    (True, False)
    """
    words = [word for word in text.split() if word.lower() not in _SMALL_WORDS]
    return 0 < len(words) <= NAME_WORDS and all(_begins_name(word) for word in words)


def _begins_name(word: str) -> bool:
    first = next((character for character in word if character.isalnum()), "0")
    return not first.islower() or any(map(str.isupper, word))


def certain(asked: str, completion: Completion) -> Fault | None:
    """Why what the model wrote is no translation of `asked`, whatever its words are."""
    if completion.finish_reason == "error":
        return Fault("too long") if completion.detail == TOO_LONG else Fault("error", completion.detail[:200])
    if completion.finish_reason == "length":
        return Fault("cut off")
    if not completion.text.strip():
        return Fault("empty")
    if leaked := leaked_tokens(asked, completion.text):
        return Fault("chat tokens", " ".join(leaked))
    return None


def _fixed_lines(prompt: str) -> Iterator[str]:
    """What a prompt says in every case, line by line."""
    for is_placeholder, text in pieces(prompt):
        if not is_placeholder:
            yield from (line for part in text.splitlines() if len(line := part.strip()) >= MIN_LEAK)


def _shared(plain: list[tuple[str, str]], faults: dict[int, Fault]) -> list[int]:
    """Positions of long answers that several sources with other words have in common."""
    by_answer: defaultdict[str, list[int]] = defaultdict(list)
    for i, (_, answer) in enumerate(plain):
        if i not in faults and len(answer) >= SAME_CHARACTERS:
            by_answer[answer].append(i)
    return [i for same in by_answer.values() if _unlike([plain[i][0] for i in same]) >= SAME_SOURCES for i in same]


_WORD = re.compile(r"\w+")


def _unlike(sources: list[str]) -> int:
    """How many of them are unlike each other: less than 30 % of their words in common."""
    if len(sources) < SAME_SOURCES:
        return 0
    found: list[set[str]] = []
    for source in sources:
        words = set(_WORD.findall(source.casefold()))
        if all(len(words & other) < SAME_WORDS * len(words | other) for other in found):
            found.append(words)
        if len(found) == SAME_SOURCES:
            break
    return len(found)
