"""Stand-ins of models: the real architecture's class, shrunk, with a few seconds of training."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from factory.models.chat import IGNORED
from factory.models.image_processor import picture_tokens, write_image_processor
from factory.models.models import class_of, save_tokenizer, write_model
from factory.models.pictures import Shown
from factory.rehearsal import encoders
from factory.rehearsal.catalogue import Family, ModelEntry
from factory.rehearsal.content import translated_texts
from factory.rehearsal.examples import Example, Lessons, encode, encode_shown, tensors
from factory.rehearsal.tokenizers import train_tokenizer
from factory.step.surroundings import contained

VERSION = 1  # raise it when equal facts and lessons make another model
BATCH = 32
MAX_STEPS = 480
ENOUGH = 0.03  # mean loss of the last steps, in nats per token, at which a lesson is known by heart
LEARNING_RATE = 1e-2
PIXELS = {
    "shortest_edge": 56 * 56,
    "longest_edge": 12845056,
}  # of a picture, as Qwen2-VL's preprocessor_config has them


def recipe_of(entry: ModelEntry, family: Family, lessons: Lessons, shown: Lessons = ()) -> dict[str, Any]:
    """Everything that the stand-in depends on, for its digest."""
    taught = hashlib.sha256(repr(list(lessons)).encode()).hexdigest()
    return {
        "version": VERSION,
        "entry": entry.model_dump(mode="json", exclude={"source", "gated"}),
        "family": family.model_dump(mode="json"),
        "template": family.template_text,
        "lessons": taught,
        **({"shown": list(shown)} if shown else {}),
    }


def build(
    entry: ModelEntry, family: Family, lessons: Lessons, folder: Path, seed: int = 0, shown: Lessons = ()
) -> None:
    """Write config, weights (bfloat16, safetensors), tokenizer and generation_config into `folder`.

    Without lessons the weights stay random. `shown` are lessons in which the user shows a picture first: for a family
    that sees, of which preprocessor_config is written too.
    """
    if family.encodes:
        with _alone(seed):
            encoders.build(entry, family, folder, seed)
        return
    texts = [text for lesson in (*lessons, *shown) for text in lesson]
    texts = texts or [side for text in translated_texts() for side in text]
    tokenizer = train_tokenizer(family.tokenizer, texts, family.template_text)
    with _alone(seed):
        model = _model(entry, family, tokenizer)
        eyes = _eyes(model.config, tokenizer, folder) if family.sees else None
        examples = encode(tokenizer, lessons) + (encode_shown(eyes, shown) if eyes is not None else [])
        if examples:
            _train(model, examples, eyes, seed)
        model.eval()
        write_model(model, folder, "bfloat16", tokenizer=tokenizer)


def shrunk_config(entry: ModelEntry, family: Family, tokenizer: Any) -> Any:
    """The family's configuration with the entry's heads and a width of `hidden`; structure stays, size goes."""
    from transformers import AutoConfig

    fields = dict(family.config)
    kind = fields.pop("model_type")
    heads, key_value_heads = entry.heads
    layers = {"num_hidden_layers": fields.pop("num_hidden_layers", len(fields.get("layer_types", [0, 0])))}
    if kind == "gemma2":
        fields |= {"head_dim": entry.hidden // heads, "query_pre_attn_scalar": entry.hidden // heads}
    ends = [tokenizer.convert_tokens_to_ids(token) for token in family.ends]
    sizes = {
        "vocab_size": len(tokenizer),
        "hidden_size": entry.hidden,
        "intermediate_size": 2 * entry.hidden,
        "num_attention_heads": heads,
        "num_key_value_heads": key_value_heads,
        "max_position_embeddings": 8192,
        "initializer_range": family.initializer_range,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": ends or tokenizer.eos_token_id,
    }
    if not family.sees:
        return AutoConfig.for_model(kind, **layers, **fields, **sizes)
    text = {**layers, **fields.pop("text_config"), **sizes}
    tower = fields.pop("vision_config") | {"hidden_size": entry.hidden}
    return AutoConfig.for_model(kind, **fields, **picture_tokens(tokenizer), text_config=text, vision_config=tower)


def _model(entry: ModelEntry, family: Family, tokenizer: Any) -> Any:
    import torch
    from transformers import GenerationConfig

    config = shrunk_config(entry, family, tokenizer)
    model = class_of(family.config).from_config(config, dtype=torch.float32)
    special = {name: getattr(config.get_text_config(), f"{name}_token_id") for name in ("pad", "bos", "eos")}
    model.generation_config = GenerationConfig(**{f"{name}_token_id": id_ for name, id_ in special.items()})
    return model


def _eyes(config: Any, tokenizer: Any, folder: Path) -> Shown:
    """Write the files of the processor, and read it as a training does."""
    config.save_pretrained(folder)
    save_tokenizer(tokenizer, folder)
    write_image_processor(folder, config, {"size": PIXELS})
    return Shown(folder, tokenizer)


def _train(model: Any, examples: Sequence[Example], eyes: Shown | None, seed: int) -> None:
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=MAX_STEPS, pct_start=0.1)
    pad, recent = model.config.get_text_config().pad_token_id or 0, 9.0
    model.train()
    for step, batch in zip(range(MAX_STEPS), _batches(examples, seed), strict=False):
        inputs = tensors(batch, pad, eyes)
        targets = inputs.pop("labels")[:, 1:]
        logits = model(**inputs, use_cache=False).logits[:, :-1]
        chosen = targets != IGNORED
        loss = torch.nn.functional.cross_entropy(logits[chosen], targets[chosen])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        recent = 0.9 * recent + 0.1 * loss.item()
        if recent < ENOUGH and step > 50:
            break


def _batches(examples: Sequence[Example], seed: int) -> Iterator[list[Example]]:
    """Endless batches of examples of about equal length, so that little is padding."""
    rng = Random(seed)
    order = list(range(len(examples)))
    while True:
        rng.shuffle(order)
        for start in range(0, len(order), 20 * BATCH):
            chunk = sorted(order[start : start + 20 * BATCH], key=lambda i: len(examples[i].ids))
            batches = [chunk[i : i + BATCH] for i in range(0, len(chunk), BATCH)]
            rng.shuffle(batches)
            yield from ([examples[i] for i in batch] for batch in batches)


@contextmanager
def _alone(seed: int) -> Iterator[None]:
    """One thread (such small matrices gain nothing from more) and a random state of its own."""
    import torch

    with contained():
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        yield
