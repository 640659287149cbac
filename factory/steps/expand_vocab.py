"""expand_vocab: pieces of another language join a model's tokenizer and embeddings."""

import itertools
import json
import random
import shutil
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from factory.errors import FactoryError
from factory.models.generation import end_answers
from factory.models.models import (
    copy_tokenizer,
    count_parameters,
    load_model,
    save_model,
    size_bytes,
    stored_dtype,
)
from factory.models.outline import require_fit
from factory.models.vocabulary.embeddings import expand_embeddings, padding_of, rows_needed
from factory.models.vocabulary.fertility import Sides, split_texts, tokens_per_word
from factory.models.vocabulary.grow import grown
from factory.models.vocabulary.kinds import Piece, kind_of, next_id, read_document
from factory.models.vocabulary.learn import Texts, learn
from factory.models.vocabulary.letters import Letters
from factory.step.base import Columns, DatasetRef, Step, one_or_all
from factory.step.job import Job
from factory.step.outline import Outline
from factory.step.surroundings import seeded
from factory.store.columns import read_columns, require, texts

STALE = ("tokenizer.model", "vocab.json", "merges.txt")  # the same vocabulary in other formats


class ExpandVocab(Step):
    """Learn pieces of a language on a dataset and add them to the tokenizer, as ALLaM does (arXiv 2407.15390).

    Old ids stay; text in other scripts is cut as before. A new piece's embedding, and its row of the head, is the mean
    of those of the pieces it was cut into. Takes byte-level BPE, SentencePiece BPE with bytes, and unigram tokenizers
    with a tokenizer.json. Tokens per word before and after are measured on held-out rows.

    Example:
        - expand_vocab: {data: arabic-text, columns: [arabic, english], language: ar, size: 20000}
        - expand_vocab: {data: arabic-web, size: 20000, rows: 200000}
    """

    produces: ClassVar[Literal["dataset", "model"]] = "model"
    uses_language: ClassVar[bool] = True

    renamed: ClassVar[Mapping[str, str]] = {"text": "columns"}

    data: DatasetRef = Field(description="text on which the pieces are learnt")
    columns: Columns = Field(["text"], description="columns that hold text; other languages may be in it")
    language: str | None = Field(
        None, description="ISO 639 code, of a script of its own; default: the recipe's target"
    )
    size: int = Field(20_000, ge=1, description="pieces that are added at most")
    fertility: float | None = Field(
        None, gt=1, description="as few pieces as reach so many tokens per word on held-out rows; null: `size` pieces"
    )
    rows: int | None = Field(
        None, ge=1, description="rows drawn at random on which the pieces are learnt; null: all but those held out"
    )
    eval_rows: int = Field(1000, ge=1, description="rows held out for the report; at most a tenth")
    pad_to_multiple_of: int | None = Field(
        None, ge=1, description="of the embedding's rows; default: the power of two, up to 128, that divides them now"
    )
    seed: int = Field(0, ge=0, description="of the choice of rows")

    def parameters(self) -> dict[str, Any]:
        """`rows` says nothing while it is null."""
        found = super().parameters() | {"text": one_or_all(self.columns)}
        return found if self.rows is not None else {name: value for name, value in found.items() if name != "rows"}

    def check_model(self, model: Outline, named: Mapping[str, Outline]) -> Outline:
        model.require_whole()
        model.require_loadable()
        model.require_text("expand_vocab", "expand the vocabulary of its language model, before the two are joined")
        return model

    def run(self, job: Job) -> None:
        with seeded(job.profile, self.seed):
            expand(job, self)


def expand(job: Job, step: ExpandVocab) -> None:
    """Write ``job.out/model`` with the longer vocabulary and fill ``job.metrics``.

    Raises:
        FactoryError: the data or the tokenizer do not allow it.
    """
    source, target = job.input.model, job.out / "model"
    require_fit(job, step)
    shutil.rmtree(target, ignore_errors=True)
    letters = Letters.of(step.language or job.language.get("target", ""), job.where)
    document = read_document(source, job.where)
    kind = kind_of(document, job.where)
    held_out, texts = _texts(job, step)
    sides = split_texts(held_out, letters)
    with job.progress.task(f"{job.name}", total=3, unit="stages"):
        pieces = learn(document, kind, texts, letters, step.size)
        if not pieces:
            raise FactoryError(f"{step.data} gives no new pieces", where=job.where, fix="is it in `language`?")
        pieces = choose(document, pieces, sides, step.fertility)
        if step.fertility is None and len(pieces) < step.size:
            job.notes.append(f"the text gave {len(pieces)} new pieces, not {step.size}")
        job.progress.advance()
        wide = grown(document, pieces)
        report = _report(document, wide, sides, step, job)
        job.progress.advance()
        dtype = stored_dtype(source)
        model = load_model(source, dtype, job.where, job.trust_remote_code)
        present = model.get_input_embeddings().weight.shape[0]
        rows = rows_needed(present, next_id(wide), step.pad_to_multiple_of or padding_of(present))
        expand_embeddings(model, next_id(document), _old_pieces(document, pieces), rows)
        save_model(model, target, dtype)
        _save_tokenizer(source, target, wide, held_out, job)
        end_answers(target, trust_remote_code=job.trust_remote_code)
        job.progress.advance()
    job.metrics |= {
        "tokenizer": kind,
        "added": len(pieces),
        "vocab_size": next_id(wide),
        "embedding_rows": {"before": present, "after": rows},
        "fertility": report,
        "parameters": count_parameters(model),
        "size_bytes": size_bytes(target),
    }


def choose(document: dict[str, Any], pieces: list[Piece], sides: Sides, fertility: float | None) -> list[Piece]:
    """The fewest pieces with which the held-out text has at most `fertility` tokens per word; all where none do."""
    if fertility is None or not sides.language:
        return pieces

    def reached(count: int) -> bool:
        found = tokens_per_word(_tokenizer(grown(document, pieces[:count])), sides.language)
        return found is not None and found <= fertility

    return pieces[: 1 + bisect_left(range(1, len(pieces)), True, key=reached)]


def _tokenizer(document: dict[str, Any]) -> Any:
    from tokenizers import Tokenizer

    return Tokenizer.from_str(json.dumps(document))


def _texts(job: Job, step: ExpandVocab) -> tuple[list[str], Texts]:
    """Held-out texts, and a way to go through those that pieces are learnt on, shard by shard."""
    artifact = job.inputs[step.data]
    if artifact.split not in artifact.dataset.splits or not artifact.dataset.num_rows(artifact.split):
        raise FactoryError(f"{step.data} has no rows", where=job.where)
    has = artifact.dataset.schema(artifact.split).names
    require(step.columns, has, of=step.data, where=job.where)
    count = artifact.dataset.num_rows(artifact.split)
    kept = min(step.eval_rows, count // 10)
    rng = random.Random(step.seed)
    held_out = set(rng.sample(range(count), kept))
    drawn = rng.sample(range(count), min(count, step.rows + kept)) if step.rows is not None else []
    learnt = set([index for index in drawn if index not in held_out][: step.rows])

    def those(wanted: Callable[[int], bool]) -> Iterator[str]:
        numbers = itertools.count()
        for path in artifact.dataset.shards(artifact.split):
            table = read_columns(path, step.columns)
            for row in zip(*(texts(table, name) for name in step.columns), strict=True):
                if wanted(next(numbers)):
                    yield from (text for text in row if isinstance(text, str))

    is_learnt = learnt.__contains__ if step.rows is not None else lambda index: index not in held_out
    return list(those(held_out.__contains__)), lambda: those(is_learnt)


def _report(old: dict[str, Any], new: dict[str, Any], sides: Sides, step: ExpandVocab, job: Job) -> dict[str, Any]:
    """Tokens per word before and after; texts in other scripts must be cut as before.

    Raises:
        FactoryError: one is not.
    """
    before, after = _tokenizer(old), _tokenizer(new)
    for text in sides.others:
        if before.encode(text).ids != after.encode(text).ids:
            raise FactoryError(f"the new pieces change how other text is cut: {text[:80]!r}", where=job.where)
    return {
        name: {
            "texts": len(texts),
            "words": sum(len(text.split()) for text in texts),
            "before": _rounded(tokens_per_word(before, texts)),
            "after": _rounded(tokens_per_word(after, texts)),
        }
        for name, texts in ((step.language or job.language["target"], sides.language), ("others", sides.others))
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _old_pieces(document: dict[str, Any], pieces: list[Piece]) -> list[list[int]]:
    """What the old model cuts each new piece into."""
    model = _tokenizer(document).model
    return [[token.id for token in model.tokenize(piece.text)] for piece in pieces]


def _save_tokenizer(source: Path, target: Path, document: dict[str, Any], texts: list[str], job: Job) -> None:
    """Files as they were but for tokenizer.json; loaded again, it must cut the held-out texts as it did here.

    Raises:
        FactoryError: it does not.
    """
    copy_tokenizer(source, target)
    for name in STALE:
        if (target / name).is_file():
            (target / name).unlink()
            job.notes.append(f"{name} is left out: it has the old vocabulary; tokenizer.json has the new one")
    text = json.dumps(document, ensure_ascii=False)
    (target / "tokenizer.json").write_text(text, encoding="utf-8")
    wanted = [found.ids for found in _tokenizer(document).encode_batch(texts, add_special_tokens=False)]
    if _again(target, texts) == wanted:
        return
    path = target / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    job.notes.append(f"tokenizer_class was {config.get('tokenizer_class')}, which does not take new pieces")
    config["tokenizer_class"] = "PreTrainedTokenizerFast"
    path.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if _again(target, texts) != wanted:
        raise FactoryError("transformers loads the new tokenizer otherwise than it was written", where=job.where)


def _again(folder: Path, texts: list[str]) -> list[list[int]]:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
