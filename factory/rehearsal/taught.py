"""What stand-in models are taught by heart, so that the steps after them have rows: the stand-in datasets' texts.

A model without any training neither stops nor answers a judge's question, and everything downstream would be empty.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from factory.demo.picture_corpora import VERDICTS
from factory.evaluate.translate import PROMPTS
from factory.recipe import LoadedRecipe
from factory.recipe.schema import EndpointModel
from factory.refs import HubRef, artifact_name, is_hub_ref
from factory.rehearsal.catalogue import Skill, is_endpoint
from factory.rehearsal.content import OTHER, exchanges, pairs, translated_texts
from factory.rehearsal.spelling import spelled
from factory.text import yaml
from factory.text.masks import mask
from factory.text.template import fill, placeholders

ANEW = 8  # every such text is taught to be translated anew
USUAL = Path(__file__).with_name("prompts.yaml")


@dataclass(frozen=True)
class Prompt:
    """A prompt as a recipe writes it; of a judge also the two replies, the better one first; is a picture shown?"""

    text: str
    replies: tuple[str, str] = ("accept", "reject")
    shown: bool = False


@dataclass
class Asked:
    """Prompts that a recipe puts to one model beyond those every stand-in is taught, in the recipe's order."""

    translate: list[Prompt] = field(default_factory=list)
    judge: list[Prompt] = field(default_factory=list)
    compare: list[Prompt] = field(default_factory=list)
    backtranslate: list[Prompt] = field(default_factory=list)
    retranslate: list[Prompt] = field(default_factory=list)
    safety: list[Prompt] = field(default_factory=list)


KNOWN: dict[str, list[Prompt]] = {
    skill: [Prompt(text) for text in texts] for skill, texts in yaml.load(USUAL.read_text("utf-8")).items()
}
"""Skill, by the name of its verb -> the prompts that every stand-in with it is taught."""
KNOWN["translate"] += [Prompt(text) for text in PROMPTS.values()]


def asked(loaded: LoadedRecipe) -> dict[str, Asked]:
    """Unusual prompts by the Hub model that will have to answer them, directly or after being tuned.

    Of a model behind an endpoint no more is known than what it is asked, so all its prompts are here.
    """
    found: dict[str, Asked] = {}
    for step in (step for spec in loaded.recipe.datasets.values() for step in spec.steps):
        for skill, model, prompt in _asking(step):
            repo = origin(loaded, model)
            if not repo or (prompt in KNOWN.get(skill, []) and not is_endpoint(repo)):
                continue
            known = getattr(found.setdefault(repo, Asked()), skill)
            known += [prompt] if prompt not in known else []
    return found


def _asking(step: Any) -> Iterator[tuple[str, str, Prompt]]:
    """What a step asks of models: the skill it needs, the model, the prompt."""
    if step.verb == "preferences":
        low, high = step.scale
        replies = ("A", "B") if step.method == "pairwise" else (f"{high:g}", f"{low:g}")
        yield "compare", step.judge, Prompt(step.judge_prompt, replies)
    elif step.verb == "judge":
        yield "judge", step.model, Prompt(step.prompt, (step.accept, step.reject), shown=bool(step.images))
    elif step.verb == "translate":
        yield "translate", step.model, Prompt(step.prompt)
    elif step.verb == "backtranslate":
        yield "backtranslate", step.model, Prompt(step.prompt)
        if step.retranslate_model is not None:
            yield "retranslate", step.retranslate_model, Prompt(step.retranslate_prompt)
    elif step.verb == "safety" and step.images:
        yield "safety", step.model, Prompt(step.parameters()["prompt"], (step.safe, step.unsafe), shown=True)
    elif step.verb == "safety" and step.prompt is not None:
        replies = [json.dumps({step.reply_key: word}) if step.reply_key else word for word in (step.safe, step.unsafe)]
        yield "safety", step.model, Prompt(step.prompt, (replies[0], replies[1]))


def origin(loaded: LoadedRecipe, reference: str) -> str | None:
    """The Hub model that a model of the recipe began as; None where it was made from nothing."""
    seen: set[str] = set()
    while not is_hub_ref(reference):
        name = artifact_name(reference)
        spec = loaded.recipe.models.get(name)
        if spec is None or spec.from_ is None or name in seen:
            return None
        seen.add(name)
        reference = spec.from_.stand_in if isinstance(spec.from_, EndpointModel) else spec.from_
    return HubRef.parse(reference).repo


def lessons(skills: Collection[Skill], more: Asked | None = None, script: str = "Arab") -> list[tuple[str, str]]:
    """(what the user says, what the model answers), in a fixed order; Arabic in letters of `script`.

    Of `skills` the usual prompts are taught, and all that is asked `more`.
    """
    more = more or Asked()
    usual = {skill: KNOWN[skill] if skill in skills else [] for skill in KNOWN}
    texts = [(english, spelled(arabic, script)) for english, arabic in translated_texts()]
    marked = [(mask(english).text, mask(arabic).text) for english, arabic in texts]  # as `translate` asks
    prompts = [prompt.text for prompt in (*usual["translate"], *more.translate)]
    found = [(fill(prompt, {"text": english}), answer) for english, answer in marked for prompt in prompts]
    for prompt in more.backtranslate:
        found += [(fill(prompt.text, {"text": arabic}), english) for arabic, english in _back(texts).items()]
    for prompt in more.retranslate:
        found += _anew(prompt, texts)
    for prompt in (*usual["judge"], *more.judge):
        found += _judged(prompt, script) if not prompt.shown else []
    for prompt in more.compare:
        found += _preferred(prompt)
    for prompt in more.safety:
        found += _found_safe(prompt, texts) if not prompt.shown else []
    if "answer" in skills:
        said = [(exchange.ask[1], exchange.answer[1]) for exchange in exchanges()]
        found += [(spelled(ask, script), spelled(answer, script)) for ask, answer in said]
    return found


def lessons_of_pictures(more: Asked | None, script: str = "Arab") -> list[tuple[str, str]]:
    """(what the user says beside a picture, what the model answers): any picture is safe, and does as well."""
    more = more or Asked()
    found = []
    for prompt in (prompt for prompt in more.safety if prompt.shown):
        found.append((prompt.text, json.dumps({**VERDICTS[False], "rating": prompt.replies[0]})))
    for prompt in (prompt for prompt in more.judge if prompt.shown):
        found += _judged(prompt, script) if placeholders(prompt.text) else [(prompt.text, prompt.replies[0])]
    return found


def _back(texts: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Arabic -> English; of two texts with one translation the first."""
    return {arabic: english for english, arabic in reversed(texts)}


def _anew(prompt: Prompt, texts: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of some texts: few translations fail. The one that did is that of another text."""
    some = texts[::ANEW]
    failed = [*some[OTHER:], *some[:OTHER]]
    return [
        (fill(prompt.text, {"text": english, "translation": wrong}), arabic)
        for (english, arabic), (_, wrong) in zip(some, failed, strict=True)
    ]


def _found_safe(prompt: Prompt, texts: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Every text is safe: English and Arabic in turn, for the answer is always the same."""
    return [(fill(prompt.text, {"text": text[number % 2]}), prompt.replies[0]) for number, text in enumerate(texts)]


def _judged(prompt: Prompt, script: str) -> list[tuple[str, str]]:
    arabic, english = _sides(placeholders(prompt.text))
    found = []
    for pair in pairs():
        values = {name: spelled(pair.ar, script) for name in arabic} | dict.fromkeys(english, pair.en)
        found.append((fill(prompt.text, values), prompt.replies[0 if pair.good else 1]))
    return found


def _preferred(prompt: Prompt) -> list[tuple[str, str]]:
    """The right answer to a question is better than the answer to another, as stand-in datasets pair them."""
    found, known = [], exchanges()
    for index, exchange in enumerate(known):
        good, bad = exchange.answer[0], known[(index + OTHER) % len(known)].answer[0]
        if good == bad:
            continue
        for reply, first, second in zip(prompt.replies, (good, bad), (bad, good), strict=True):
            values = {"prompt": exchange.ask[0], "response": first, "response_a": first, "response_b": second}
            found.append((fill(prompt.text, {name: values[name] for name in placeholders(prompt.text)}), reply))
    return found


def _sides(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Which placeholders are the Arabic, by their names (ar, ar_text, translation.ar, response_ar) or their order."""
    arabic = [name for name in names if "ar" in name.replace(".", "_").split("_") or "translation" in name]
    if not arabic or len(arabic) == len(names):
        arabic = list(names[1:2])
    return arabic, [name for name in names if name not in arabic]
