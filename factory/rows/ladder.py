"""From the first attempt at a translation to giving it up: asked again, in smaller pieces, another model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from factory.rows.faults import NAME_FAULTS, Examiner, Fault, Sent, is_name
from factory.rows.generation import Answers, Ask, Generations, Origin
from factory.store import Usage
from factory.text.masks import BRACKET, TAG, Form, mask
from factory.text.segments import Passage, smaller, split
from factory.text.template import fill

Rung = Literal["retry", "smaller"]
By = Literal["first", "retry", "smaller", "fallback", "name", "rejected"]

CHARACTERS_CUT = 400  # a longer piece without a place to divide it is cut in two at the best place there is
DEPTH = 2  # how often a faulty piece is divided; one that does not fit into the model's context, until it does
TOO_LONG_DEPTH = 12

Tick = Callable[..., None]


@dataclass(frozen=True)
class Prompts:
    """What the model is asked; `marks`: what must survive inside a unit travels as a mark."""

    first: str
    retry: str
    system: str | None = None
    fallback: str | None = None
    max_new_tokens: int | None = None
    marks: bool = True


@dataclass
class Outcome:
    """What became of a unit: its translation, which rung gave it, and the first fault of one that is given up.

    `origin` and `tokens` are of the first attempt.
    """

    text: str
    fault: Fault | None
    by: By
    origin: Origin = "generated"
    tokens: int = 0


@dataclass
class Climb:
    """The outcomes of a shard's units in their order, what was generated for them, and its cost."""

    outcomes: list[Outcome] = field(default_factory=list)
    generated: int = 0
    reasoned: int = 0
    usage: Usage = field(default_factory=Usage)

    def add(self, answers: Answers) -> None:
        self.generated += answers.generated
        self.reasoned += answers.reasoned
        self.usage.add(answers.usage)


@dataclass
class _Node:
    """A text in its pieces; a leaf has none."""

    text: str
    depth: int
    whole: bool
    pieces: list[Passage | _Node] = field(default_factory=list)
    translation: str = ""
    fault: Fault | None = None

    def leaves(self) -> list[_Node]:
        if not self.pieces:
            return [self]
        return [leaf for piece in self.pieces if isinstance(piece, _Node) for leaf in piece.leaves()]

    def joined(self) -> str:
        if not self.pieces:
            return self.translation
        return "".join(piece.joined() if isinstance(piece, _Node) else piece.text for piece in self.pieces)


class Ladder:
    """Translates units, those that fail together on each rung; every rung is a round of `Generations`.

    Retry: the firmer prompt, and marks of another form. Smaller: lines, then sentences, with the first prompt again.
    Fallback: the whole unit by another model. What no rung could do keeps the fault of the first attempt; but a name
    that the model leaves as it is is kept so.
    """

    def __init__(
        self,
        generations: Generations,
        fallback: Generations | None,
        examiner: Examiner,
        prompts: Prompts,
        rungs: Sequence[Rung],
    ) -> None:
        self._generations, self._fallback = generations, fallback
        self._examiner, self._prompts, self._rungs = examiner, prompts, rungs

    def climb(self, shard: int, units: Sequence[str], tick: Tick) -> Climb:
        climb = Climb()
        self._first(climb, shard, units, tick)

        def late(share: float, **counts: int) -> None:
            tick(1.0, **counts)

        if "retry" in self._rungs:
            faulty = [i for i in self._faulty(climb) if climb.outcomes[i].fault != Fault("too long")]
            self._again(climb, shard, units, faulty, "retry", late)
        if "smaller" in self._rungs:
            self._smaller(climb, shard, units, late)
        if self._fallback is not None:
            self._again(climb, shard, units, self._faulty(climb), "fallback", late)
        for i in self._faulty(climb):
            outcome = climb.outcomes[i]
            if outcome.fault is not None and outcome.fault.reason in NAME_FAULTS and is_name(units[i]):
                climb.outcomes[i] = replace(outcome, fault=None, by="name")
        return climb

    def _faulty(self, climb: Climb) -> list[int]:
        return [i for i, outcome in enumerate(climb.outcomes) if outcome.fault is not None]

    def _first(self, climb: Climb, shard: int, units: Sequence[str], tick: Tick) -> None:
        sent = [self._sent(unit, BRACKET) for unit in units]
        answers = self._generations.answer(shard, self._asks(sent, self._prompts.first), tick, "first")
        climb.add(answers)
        examined = self._examiner.examine(sent, answers.completions)
        for (text, fault), origin, done in zip(examined, answers.origins, answers.completions, strict=True):
            by: By = "first" if fault is None else "rejected"
            climb.outcomes.append(Outcome(text, fault, by, origin, done.completion_tokens))

    def _again(
        self,
        climb: Climb,
        shard: int,
        units: Sequence[str],
        faulty: list[int],
        rung: Literal["retry", "fallback"],
        tick: Tick,
    ) -> None:
        """The whole units once more, with another prompt or by another model."""
        if not faulty:
            return
        if rung == "retry":
            generations, prompt, form = self._generations, self._prompts.retry, TAG
        else:
            generations, prompt, form = self._fallback, self._prompts.fallback or self._prompts.first, BRACKET
        assert generations is not None
        sent = [self._sent(units[i], form) for i in faulty]
        answers = generations.answer(shard, self._asks(sent, prompt), tick, rung)
        climb.add(answers)
        for i, (text, fault) in zip(faulty, self._examiner.examine(sent, answers.completions), strict=True):
            if fault is None:
                climb.outcomes[i] = replace(climb.outcomes[i], text=text, fault=None, by=rung)

    def _smaller(self, climb: Climb, shard: int, units: Sequence[str], tick: Tick) -> None:
        roots = {}
        for i in self._faulty(climb):
            root = _Node(units[i], 0, whole=not self._prompts.marks, fault=climb.outcomes[i].fault)
            if _divide(root):
                roots[i] = root
        level = 0
        todo = dict(roots)
        while todo:
            level += 1
            leaves = [leaf for root in todo.values() for leaf in root.leaves() if leaf.depth == level]
            sent = [self._sent(leaf.text, BRACKET, marks=True) for leaf in leaves]
            answers = self._generations.answer(shard, self._asks(sent, self._prompts.first), tick, f"smaller {level}")
            climb.add(answers)
            for leaf, examined in zip(leaves, self._examiner.examine(sent, answers.completions), strict=True):
                leaf.translation, leaf.fault = examined
                if leaf.fault is not None and leaf.fault.reason in NAME_FAULTS and is_name(leaf.text):
                    leaf.fault = None
            todo = {i: root for i, root in todo.items() if _divide_faulty(root)}
        for i, root in roots.items():
            if all(leaf.fault is None for leaf in root.leaves()):
                climb.outcomes[i] = replace(climb.outcomes[i], text=root.joined(), fault=None, by="smaller")

    def _sent(self, text: str, form: Form, marks: bool = False) -> Sent:
        if not (marks or self._prompts.marks):
            return Sent(text)
        masked = mask(text, form)
        return Sent(masked.text, masked.originals, form)

    def _asks(self, sent: Sequence[Sent], prompt: str) -> list[Ask]:
        system, budget = self._prompts.system, self._prompts.max_new_tokens
        return [Ask(fill(prompt, {"text": unit.text}), system, unit.text, budget) for unit in sent]


def _divide_faulty(root: _Node) -> bool:
    """Divide the leaves that failed; False if there is none, or one cannot be divided: then all is in vain."""
    faulty = [leaf for leaf in root.leaves() if leaf.fault is not None]
    return bool(faulty) and all(_divide(leaf) for leaf in faulty)


def _divide(node: _Node) -> bool:
    """Give the node at least two pieces, if that can be done."""
    if node.depth >= (TOO_LONG_DEPTH if node.fault == Fault("too long") else DEPTH):
        return False
    parts = split(node.text) if node.whole else [Passage(node.text)]
    if _same(parts, node.text):
        parts = smaller(node.text)
    if _same(parts, node.text) and len(node.text) > CHARACTERS_CUT:
        parts = split(node.text, max_characters=len(node.text) // 2 + 1)
    if _same(parts, node.text) or not any(part.translate for part in parts):
        return False
    node.pieces = [_Node(part.text, node.depth + 1, whole=False) if part.translate else part for part in parts]
    return True


def _same(parts: Sequence[Passage], text: str) -> bool:
    return any(part.translate and len(part.text) == len(text) for part in parts)
