"""Gates: conditions on scores that a model must meet before it is pushed.

    oall-v2 >= base                      the suite's headline, not below that of the model it started from
    oall-v2.AlGhafa >= base - 0.5        one of its scores, with a margin
    world-translation.bleu >= base + 10
    world-ar >= 40                       a fixed bar
    world-translation.bleu >= teacher - 1    another model of the recipe
    world-ar > base significantly            and so that the 95 % interval of the difference lies above it

and of a dataset, in percent:

    authentic >= 35                      rows written in the target language, of those that are in it
    rated.correct >= 90                  rows that people found so

Left is a suite entry of ``evaluate:``, right a number, ``base`` (the model's `from`) or a model's name, with an
optional margin. A sign belongs to a margin only between spaces, since names hold hyphens. ``significantly`` at the end
asks that the whole 95 % interval holds: of the paired difference to the other model, or of the score beside a number.
"""

import math
import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from factory.errors import nearest
from factory.evaluate.paired import Difference
from factory.evaluate.proportions import Z95

BASE = "base"
DATASET_GATES = ("authentic", "rated")
SIGNIFICANTLY = "significantly"
COMPARISONS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
NUMBER = r"[+-]?\d+(?:\.\d+)?"
GATE = re.compile(r"^\s*(?P<left>[^<>=]+?)\s*(?P<sign>>=|<=|>|<)\s*(?P<right>[^<>=\s][^<>=]*?)\s*$")
MARGIN = re.compile(rf"^(?P<name>.+?)\s+(?P<sign>[+-])\s*(?P<margin>{NUMBER.removeprefix('[+-]?')})$")
TOLERANCE = 1e-9  # scores are sums of floats

Metrics = Mapping[str, Any]
"""`Job.metrics` of an evaluation: {headline, scores: {name: Score as a dict}, …}."""

Compare = Callable[[str, str, str], Mapping[str, Difference]]
"""(suite, model, other model) -> {score: the first's less the other's}; nothing of what cannot be compared."""


@dataclass(frozen=True)
class GateResult:
    """`left` and `right` are None where a score is missing; then the gate has not passed."""

    passed: bool
    left: float | None
    right: float | None
    explanation: str


@dataclass(frozen=True)
class Gate:
    """``suite[.score] sign right [± margin] [significantly]``; `right` is a number, ``base`` or a model's name."""

    suite: str
    score: str | None
    sign: str
    right: float | str
    margin: float = 0.0
    significantly: bool = False

    def __str__(self) -> str:
        left = f"{self.suite}.{self.score}" if self.score else self.suite
        right = f"{self.right:g}" if not isinstance(self.right, str) else self.right
        return f"{left} {self.sign} {right}{self._margin()}{f' {SIGNIFICANTLY}' if self.significantly else ''}"

    def _margin(self) -> str:
        return f" {'+' if self.margin > 0 else '-'} {abs(self.margin):g}" if self.margin else ""

    def models(self, model: str, base: str | None) -> list[str]:
        """The models whose scores the gate needs: `model` and, where it compares, the other one."""
        if not isinstance(self.right, str):
            return [model]
        other = base if self.right == BASE else self.right
        return [model, *([other] if other else [])]

    def check(
        self,
        scores: Mapping[str, Mapping[str, Metrics]],
        model: str,
        base: str | None = None,
        compare: Compare | None = None,
    ) -> GateResult:
        """Judge `model` by ``scores[suite][model]``; `base` is the name under which the model's `from` was scored.

        The comparison is between the values as they are, or ``significantly`` between the near end of the interval and
        the bar; where the difference is within the 95 % confidence interval, the explanation says so. `compare` gives
        paired differences; without one two models' intervals are combined as if their samples were independent, which
        for the same questions is the cautious side, and nothing is significant.
        """
        left = other = difference = None
        try:
            left = self._find(scores, model)
            name = self._other(model, base)
            other = self._find(scores, name) if name else None
            difference = self._difference(scores, model, name, compare) if name else None
        except LookupError as error:
            return GateResult(False, left["value"] if left else None, None, f"{self}: {error.args[0]}")
        right = float(other["value"] if other else self.right)
        value, bar = left["value"], right + self.margin
        slack = TOLERANCE if "=" in self.sign else -TOLERANCE
        near = self._near(left, right, difference) if self.significantly else value
        passed = near is not None and COMPARISONS[self.sign](near + (slack if ">" in self.sign else -slack), bar)
        against = f" of {name}" if name else ""
        text = f"{self}: {value:.2f} against {right:.2f}{self._margin()}{against}"
        return GateResult(passed, value, bar, text + _uncertainty(left, other, difference, value - bar))

    def _difference(
        self, scores: Mapping[str, Mapping[str, Metrics]], model: str, other: str, compare: Compare | None
    ) -> Difference | None:
        """Raises LookupError where the gate cannot do without and there is none."""
        found = compare(self.suite, model, other) if compare else {}
        difference = found.get(self.score or scores[self.suite][model]["headline"])
        if difference is None and self.significantly:
            why = "one of them by a release that kept no samples, or on other questions"
            raise LookupError(f"{model} and {other} cannot be compared sample by sample: measured {why}")
        return difference

    def _near(self, left: Mapping[str, Any], right: float, difference: Difference | None) -> float | None:
        """The end of the interval that is nearer to the bar; None of a score without an interval."""
        end = "low" if ">" in self.sign else "high"
        return left.get(end) if difference is None else right + getattr(difference, end)

    def _other(self, model: str, base: str | None) -> str:
        """The model that is compared with; none for a number."""
        if self.right == BASE and base is None:
            raise LookupError(f"{model} starts from nothing, it has no base")
        return "" if not isinstance(self.right, str) else base if self.right == BASE and base else self.right

    def _find(self, scores: Mapping[str, Mapping[str, Metrics]], model: str) -> dict[str, Any]:
        """The score as a dict. Raises LookupError where it is missing."""
        if self.suite not in scores:
            raise LookupError(f"suite {self.suite} was not run{nearest(self.suite, scores)}")
        if model not in scores[self.suite]:
            raise LookupError(f"{model} was not scored on {self.suite}; add it to the suite's models")
        metrics = scores[self.suite][model]
        name = self.score or metrics["headline"]
        if name not in metrics["scores"]:
            raise LookupError(f"{self.suite} has no score {name!r}{nearest(name, metrics['scores'])}")
        return metrics["scores"][name]


def parse_gate(
    text: str, suites: Mapping[str, Collection[str] | None] | None = None, models: Collection[str] | None = None
) -> Gate:
    """Read a gate. Where `suites` ({entry: names of its scores, or None}) or `models` are given, names must be known.

    Raises:
        ValueError: the text is no gate, or names what is not there; says what was expected and the nearest name.

    >>> str(parse_gate("oall-v2.AlGhafa>=base - 0.50"))
    'oall-v2.AlGhafa >= base - 0.5'
    >>> parse_gate("world-ar > 40 significantly")
    Gate(suite='world-ar', score=None, sign='>', right=40.0, margin=0.0, significantly=True)
    """
    if (match := GATE.match(text)) is None:
        raise ValueError(
            f"{text!r} is not a gate: expected suite[.score] >= base, a number or a model, as in 'x >= base'"
        )
    suite, score = _split_left(match["left"], suites)
    right, margin = match["right"], 0.0
    words = right.rsplit(maxsplit=1)
    if significantly := words[-1] == SIGNIFICANTLY and len(words) > 1:
        right = words[0]
    if found := MARGIN.match(right):
        right = found["name"]
        margin = float(found["sign"] + found["margin"])
    if re.fullmatch(NUMBER, right):
        return Gate(suite, score, match["sign"], float(right) + margin, significantly=significantly)
    if any(character.isspace() for character in right):
        last = nearest(words[-1], [SIGNIFICANTLY], limit=0) if len(words) > 1 else ""
        raise ValueError(f"{text!r}: {right!r} is no model; a margin is written as in 'base - 0.5'{last}")
    if models is not None and right != BASE and right not in models:
        raise ValueError(f"{text!r}: no model {right!r}{nearest(right, [BASE, *models])}")
    return Gate(suite, score, match["sign"], right, margin, significantly)


def parse_dataset_gate(text: str) -> Gate:
    """Read a gate of a dataset: ``authentic >= 35``, ``rated >= 90`` or ``rated.correct >= 90``, in percent.

    Raises:
        ValueError: the text is no such gate.
    """
    gate = parse_gate(text)
    if gate.suite not in DATASET_GATES:
        raise ValueError(f"{text!r}: of a dataset {gate.suite!r} is not known{nearest(gate.suite, DATASET_GATES)}")
    if isinstance(gate.right, str):
        raise ValueError(f"{text!r}: a dataset is compared with a number")
    if gate.suite == "authentic" and gate.score:
        raise ValueError(f"{text!r}: `authentic` is one number")
    if gate.suite == "authentic" and gate.significantly:
        raise ValueError(f"{text!r}: `authentic` is counted, there is no doubt in it to be significant against")
    return gate


def _split_left(left: str, suites: Mapping[str, Collection[str] | None] | None) -> tuple[str, str | None]:
    """Suite and score. The names of entries may hold dots, so a known entry is looked for first."""
    if suites is None:
        suite, _, score = left.partition(".")
        return suite, score or None
    known = sorted((name for name in suites if left == name or left.startswith(f"{name}.")), key=len)
    if not known:
        wanted = left.partition(".")[0]
        raise ValueError(f"no suite {wanted!r} under evaluate{nearest(wanted, suites)}")
    suite, score = known[-1], left[len(known[-1]) + 1 :] or None
    names = suites[suite]
    if score is not None and names is not None and score not in names:
        raise ValueError(f"suite {suite!r} has no score {score!r}{nearest(score, names)}")
    return suite, score


def _uncertainty(
    left: Mapping[str, Any], other: Mapping[str, Any] | None, paired: Difference | None, difference: float
) -> str:
    if other is None:
        low, high = left.get("low"), left.get("high")
        if low is None or high is None:
            return ""
        within = low <= left["value"] - difference <= high
        return f" (within the 95 % interval {low:.2f} to {high:.2f})" if within else ""
    if paired is not None:
        return f" ({paired.value:+.2f}, 95 % interval {paired.low:+.2f} to {paired.high:+.2f} on the same questions)"
    errors = left.get("stderr"), other.get("stderr")
    if errors[0] is None or errors[1] is None:
        return ""
    half = Z95 * math.hypot(errors[0], errors[1])
    return f" (the difference is within the 95 % interval of ±{half:.2f})" if abs(difference) <= half else ""
