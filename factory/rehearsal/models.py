"""Stand-ins of models: the real architecture's class, shrunk, with a few seconds of training."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from factory.models.models import write_model
from factory.rehearsal import encoders
from factory.rehearsal.catalogue import Family, ModelEntry
from factory.rehearsal.content import translated_texts
from factory.rehearsal.tokenizers import train_tokenizer
from factory.step.surroundings import contained

VERSION = 1  # raise it when equal facts and lessons make another model
BATCH = 32
MAX_STEPS = 480
ENOUGH = 0.03  # mean loss of the last steps, in nats per token, at which a lesson is known by heart
LEARNING_RATE = 1e-2
IGNORED = -100


def recipe_of(entry: ModelEntry, family: Family, lessons: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Everything that the stand-in depends on, for its digest."""
    taught = hashlib.sha256(repr(list(lessons)).encode()).hexdigest()
    return {
        "version": VERSION,
        "entry": entry.model_dump(mode="json", exclude={"source", "gated"}),
        "family": family.model_dump(mode="json"),
        "template": family.template_text,
        "lessons": taught,
    }


def build(entry: ModelEntry, family: Family, lessons: Sequence[tuple[str, str]], folder: Path, seed: int = 0) -> None:
    """Write config, weights (bfloat16, safetensors), tokenizer and generation_config into `folder`.

    Without lessons the weights stay random.
    """
    if family.encodes:
        with _alone(seed):
            encoders.build(entry, family, folder, seed)
        return
    texts = [text for lesson in lessons for text in lesson]
    texts = texts or [side for text in translated_texts() for side in text]
    tokenizer = train_tokenizer(family.tokenizer, texts, family.template_text)
    with _alone(seed):
        model = _model(entry, family, tokenizer)
        if lessons:
            _train(model, encode(tokenizer, lessons), seed)
        model.eval()
        write_model(model, folder, "bfloat16", tokenizer=tokenizer)


def shrunk_config(entry: ModelEntry, family: Family, tokenizer: Any) -> Any:
    """The family's configuration with the entry's heads and a width of `hidden`; structure stays, size goes."""
    from transformers import AutoConfig

    fields = dict(family.config)
    kind = fields.pop("model_type")
    heads, key_value_heads = entry.heads
    fields.setdefault("num_hidden_layers", len(fields.get("layer_types", [0, 0])))
    if kind == "gemma2":
        fields |= {"head_dim": entry.hidden // heads, "query_pre_attn_scalar": entry.hidden // heads}
    ends = [tokenizer.convert_tokens_to_ids(token) for token in family.ends]
    return AutoConfig.for_model(
        kind,
        **fields,
        vocab_size=len(tokenizer),
        hidden_size=entry.hidden,
        intermediate_size=2 * entry.hidden,
        num_attention_heads=heads,
        num_key_value_heads=key_value_heads,
        max_position_embeddings=8192,
        initializer_range=family.initializer_range,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=ends or tokenizer.eos_token_id,
    )


def encode(tokenizer: Any, lessons: Sequence[tuple[str, str]]) -> list[tuple[list[int], int]]:
    """(token ids, where the answer begins) of each lesson, through the chat template."""
    found = []
    for ask, answer in lessons:
        turns = [{"role": "user", "content": ask}]
        prompt = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
        whole = tokenizer.apply_chat_template([*turns, {"role": "assistant", "content": answer}], tokenize=False)
        begin = tokenizer(prompt, add_special_tokens=False)["input_ids"]
        rest = tokenizer(whole[len(prompt) :].rstrip("\n"), add_special_tokens=False)["input_ids"]
        found.append((begin + rest, len(begin)))
    return found


def _model(entry: ModelEntry, family: Family, tokenizer: Any) -> Any:
    import torch
    from transformers import AutoModelForCausalLM, GenerationConfig

    config = shrunk_config(entry, family, tokenizer)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.generation_config = GenerationConfig(
        pad_token_id=config.pad_token_id, bos_token_id=config.bos_token_id, eos_token_id=config.eos_token_id
    )
    return model


def _train(model: Any, examples: Sequence[tuple[list[int], int]], seed: int) -> None:
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=MAX_STEPS, pct_start=0.1)
    recent = 9.0
    model.train()
    for step, batch in zip(range(MAX_STEPS), _batches(examples, seed), strict=False):
        ids, mask, labels = _tensors(batch, model.config.pad_token_id or 0)
        logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits[:, :-1]
        targets = labels[:, 1:]
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


def _batches(examples: Sequence[tuple[list[int], int]], seed: int) -> Iterator[list[tuple[list[int], int]]]:
    """Endless batches of examples of about equal length, so that little is padding."""
    rng = Random(seed)
    order = list(range(len(examples)))
    while True:
        rng.shuffle(order)
        for start in range(0, len(order), 20 * BATCH):
            chunk = sorted(order[start : start + 20 * BATCH], key=lambda i: len(examples[i][0]))
            batches = [chunk[i : i + BATCH] for i in range(0, len(chunk), BATCH)]
            rng.shuffle(batches)
            yield from ([examples[i] for i in batch] for batch in batches)


def _tensors(batch: list[tuple[list[int], int]], pad: int) -> tuple[Any, Any, Any]:
    """Padded token ids, their mask, and the ids of the answers alone as labels."""
    import torch
    from torch.nn.utils.rnn import pad_sequence

    ids = pad_sequence([torch.tensor(tokens) for tokens, _ in batch], batch_first=True, padding_value=pad)
    mask = pad_sequence([torch.ones(len(tokens), dtype=torch.long) for tokens, _ in batch], batch_first=True)
    answers = [torch.tensor([IGNORED] * begin + tokens[begin:]) for tokens, begin in batch]
    labels = pad_sequence(answers, batch_first=True, padding_value=IGNORED)
    return ids, mask, labels


@contextmanager
def _alone(seed: int) -> Iterator[None]:
    """One thread (such small matrices gain nothing from more) and a random state of its own."""
    import torch

    with contained():
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        yield
