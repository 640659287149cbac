"""How far a converted model's outputs are from those of the model before: logits, KL divergence, perplexity."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from factory.errors import FactoryError
from factory.models.layout import present, texts_by_language
from factory.models.pictures import Shown
from factory.models.train.data import load_rows
from factory.models.train.held_out import perplexity
from factory.step.job import Job
from factory.text import yaml

LOGIT_TOKENS = 128  # per text; all logits of the model before are held in memory
LOSS_TOKENS = 1024  # per text
DRAWN = (84, 84)  # of the picture, which few tokens stand for

TEXTS = Path(__file__).with_name("sentences.yaml")
"""Language -> sentences that both models read where the recipe names no data."""


@dataclass(frozen=True)
class Text:
    """`language` groups perplexities; `text` is what both models read, after the `picture` where there is one."""

    language: str
    text: str
    picture: bytes | None = None


@dataclass(frozen=True)
class Reading:
    """One model on one text.

    Attributes:
        logits: of the first tokens, float32 on the CPU, [tokens, vocabulary].
        loss: sum of the cross-entropies of all tokens, nats.
        tokens: how many were predicted.
    """

    language: str
    logits: Any
    loss: float
    tokens: int


def validation_texts(job: Job, reference: str | None, columns: list[str] | None, rows: int) -> list[Text]:
    """The first texts of those `columns` that the dataset has (default: text), or the built-in ones.

    They are grouped by the rows' `language` where they have one.

    Raises:
        FactoryError: no such column, or no text in it.
    """
    if reference is None:
        built_in = yaml.load(TEXTS.read_text(encoding="utf-8"))
        return [Text(language, text) for language, texts in built_in.items() for text in texts]
    data = load_rows(job, reference)
    columns = present(columns or ["text"], data.column_names, reference, job.where)
    found = (Text(*found) for found in texts_by_language(data, columns))
    if not (texts := list(islice(found, rows))):
        raise FactoryError(f"no text in {', '.join(columns)} of {reference}", where=job.where)
    return texts


def with_picture(texts: Sequence[Text]) -> list[Text]:
    """The texts, and the first of them about a picture that is drawn here: its tower is to be seen working."""
    from PIL import Image

    slope, file = Image.linear_gradient("L"), io.BytesIO()
    Image.merge("RGB", (slope, slope.rotate(90), slope.rotate(180))).resize(DRAWN).save(file, "PNG")
    return [*texts, Text("with a picture", texts[0].text, file.getvalue())]


def read(model: Any, tokenizer: Any, texts: Sequence[Text], shown: Shown | None = None) -> list[Reading]:
    """What the model says of each text, one after another: no padding is seen. `shown` is for those with pictures."""
    context = getattr(model.config.get_text_config(), "max_position_embeddings", None) or LOSS_TOKENS
    return [_read(model, _inputs(tokenizer, text, min(LOSS_TOKENS, context), shown), text.language) for text in texts]


def _inputs(tokenizer: Any, text: Text, length: int, shown: Shown | None) -> Mapping[str, Any]:
    if text.picture is not None and shown is not None:
        return shown.asked(text.text, text.picture)
    return {"input_ids": tokenizer(text.text, return_tensors="pt").input_ids[:, :length]}


def _read(model: Any, inputs: Mapping[str, Any], language: str) -> Reading:
    import torch

    given = {name: value.to(model.device) for name, value in inputs.items()}
    ids = given["input_ids"]
    with torch.inference_mode():
        logits = model(**given, use_cache=False).logits[0].float()
        loss = torch.nn.functional.cross_entropy(logits[:-1], ids[0, 1:], reduction="sum").item()
        return Reading(language, logits[:LOGIT_TOKENS].cpu(), loss, ids.shape[1] - 1)


def compare(before: Sequence[Reading], after: Sequence[Reading]) -> dict[str, Any]:
    """Distances over the tokens of all texts, and perplexity by language.

    max_logit_diff and mean_logit_diff are absolute; kl is KL(before ‖ after) in nats, mean and largest over tokens;
    same_top1 the share of tokens with the same most likely next token; loss the mean cross-entropy in nats per token;
    perplexity {language: {before, after, tokens}}, e to the mean loss.
    """
    import torch

    gaps, divergences, same = [], [], []
    for first, second in zip(before, after, strict=True):
        gaps.append((first.logits - second.logits).abs().flatten())
        p, q = first.logits.log_softmax(-1), second.logits.log_softmax(-1)
        divergences.append((p.exp() * (p - q)).sum(-1))
        same.append(first.logits.argmax(-1) == second.logits.argmax(-1))
    gap, kl = torch.cat(gaps), torch.cat(divergences)
    return {
        "tokens": kl.numel(),
        "max_logit_diff": round(gap.max().item(), 6),
        "mean_logit_diff": round(gap.mean().item(), 6),
        "kl_mean": round(kl.mean().item(), 8),
        "kl_max": round(kl.max().item(), 8),
        "same_top1": round(torch.cat(same).float().mean().item(), 4),
        "loss_before": round(mean_loss(before), 6),
        "loss_after": round(mean_loss(after), 6),
        "perplexity": perplexities(before, after),
    }


def mean_loss(readings: Sequence[Reading]) -> float:
    """Nats per predicted token; 0 where nothing was predicted."""
    return sum(reading.loss for reading in readings) / max(sum(reading.tokens for reading in readings), 1)


def perplexities(before: Sequence[Reading], after: Sequence[Reading]) -> dict[str, dict[str, float]]:
    """{language: {before, after, tokens}}; languages in which no token was predicted are left out."""
    found = {}
    for language in dict.fromkeys(reading.language for reading in before):
        sides = [[one for one in side if one.language == language] for side in (before, after)]
        if tokens := sum(one.tokens for one in sides[0]):
            first, second = (perplexity(mean_loss(side)) for side in sides)
            found[language] = {"before": first, "after": second, "tokens": tokens}
    return found
