"""pretrain: causal language modelling on plain text, packed into full sequences, of one dataset or a mix."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from factory.arrays import Table, np
from factory.errors import FactoryError
from factory.models.models import load_tokenizer
from factory.models.outline import require_fit
from factory.models.train.data import cache_options, load_rows, map_rows
from factory.models.train.held_out import Group, by_language, encode_group, held_out_metrics
from factory.models.train.loop import finish, fit
from factory.models.train.mixing import Weight, check_weights, passes, stream
from factory.models.train.parameters import Training
from factory.step.base import Columns, DatasetRef, one_or_all
from factory.step.job import Job
from factory.step.surroundings import seeded
from factory.store.columns import documents, require


class Pretrain(Training):
    """Train the model to continue text: from new weights (after `init`) or further, as for another language.

    Documents are joined, each with the tokenizer's first and last tokens around it, and cut into blocks of
    `sequence_length`. Columns in: `columns`, each cell a document. Held-out perplexity is measured for each dataset of
    a mix, or else for each value of a `language` column.

    In a mix every batch holds the datasets' blocks by their weights. A weight may be a list: its value at evenly
    spaced points of training, on straight lines in between. An epoch is then as many blocks as all datasets have,
    and a dataset that is used up before begins again.

    Example:
        - pretrain: {data: world-text, columns: [text], sequence_length: 256, epochs: 2, learning_rate: 1.0e-3}
        - pretrain: {data: {ar-text: [0.2, 0.6], en-text: [0.8, 0.4]}, max_steps: 5000, learning_rate: 3.0e-5}
    """

    renamed: ClassVar[Mapping[str, str]] = {"text": "columns"}

    data: DatasetRef | dict[DatasetRef, Weight] = Field(
        description="training text: a dataset of the recipe or a Hub ref, or several with their shares of the tokens"
    )
    columns: Columns = Field(["text"], description="columns with a document in each row")
    sequence_length: int = Field(1024, ge=8, description="tokens per training sequence")
    weight_decay: float = Field(0.1, ge=0, description="AdamW's decoupled weight decay")
    warmup_ratio: float = Field(0.01, ge=0, lt=1, description="part of all steps in which the rate rises from 0")
    eval_rows: int = Field(
        0, ge=0, description="rows of each dataset kept out of training, on which perplexity is measured"
    )

    @model_validator(mode="after")
    def _mix(self) -> Self:
        if isinstance(self.data, dict):
            if not self.data:
                raise ValueError("data: name at least one dataset")
            check_weights(self.data)
            if self.train_sampling_strategy != "random":
                raise ValueError("train_sampling_strategy: a mix has an order of its own")
        if self.eval_steps is not None and not self.eval_rows:
            raise ValueError("eval_steps needs eval_rows, the rows to measure on")
        return self

    def parameters(self) -> dict[str, Any]:
        mix = {"weights": list(self.data.values())} if isinstance(self.data, dict) else {}
        return super().parameters() | {"text": one_or_all(self.columns)} | mix

    def run(self, job: Job) -> None:
        require_fit(job, self)
        with seeded(job.profile, self.seed):
            references = list(self.data) if isinstance(self.data, dict) else [self.data]
            texts = {reference: self._rows(job, reference) for reference in references}
            source = job.input.model
            tokenizer = load_tokenizer(source, job.where, job.trust_remote_code)
            blocks, measured = {}, {}
            for number, (reference, rows) in enumerate(texts.items()):
                # Shuffled before packing, or neighbours in the file would share every block.
                part = str(number) if isinstance(self.data, dict) else ""
                folder = job.out / "tokenized"
                folder.mkdir(parents=True, exist_ok=True)
                rows = rows.shuffle(seed=self.seed, indices_cache_file_name=str(folder / f"order{part}.arrow"))
                if self.eval_rows:
                    measured |= self._measured(tokenizer, reference, rows.select(range(self.eval_rows)))
                rows = rows.select(range(self.eval_rows, len(rows)))
                blocks[reference] = self._packed(job, tokenizer, rows, part)
                job.metrics["rows"] = job.metrics.get("rows", 0) + len(rows)
            order: dict[str, Any] = {}
            packed = next(iter(blocks.values()))
            if isinstance(self.data, dict):
                packed = self._mixed(job, self.data, blocks)
                order = {"train_sampling_strategy": "sequential", "steps": len(packed) // self.batch_size}
            held_out = {name: rows for name, (rows, _) in measured.items()} or None
            trained = fit(job, self, source, packed, held_out=held_out, **PLAIN, **order)
            if saved := finish(job, trained, tokenizer, self, tokenizer_changed=False):
                groups: dict[str, Group] = {name: facts for name, (_, facts) in measured.items()}
                job.metrics["held_out"] = held_out_metrics(groups, trained.outcome.history, saved)

    def _rows(self, job: Job, reference: str) -> Any:
        rows = load_rows(job, reference)
        require(self.columns, rows.column_names, of=reference, where=job.where)
        if self.eval_rows >= len(rows):
            raise FactoryError(
                f"eval_rows is {self.eval_rows}, {reference} has {len(rows)} rows", where=job.where, fix="lower it"
            )
        return rows

    def _measured(self, tokenizer: Any, reference: str, rows: Any) -> dict[str, Any]:
        """Held-out groups by name: the dataset in a mix, else the languages of its rows."""
        texts = by_language(rows, self.columns)
        if isinstance(self.data, dict):
            texts = {reference: [text for group in texts.values() for text in group]}
        found = {name: encode_group(tokenizer, group, self.sequence_length) for name, group in texts.items()}
        return {name: group for name, group in found.items() if group is not None}

    def _packed(self, job: Job, tokenizer: Any, rows: Any, part: str) -> Any:
        """Blocks of `sequence_length` tokens; the last one is shorter."""
        from trl import pack_dataset

        encoded = map_rows(job, rows, f"train{part}", Documents(tokenizer, self.columns))
        if empty := len(rows) * len(self.columns) - len(encoded):
            left_out = job.metrics.setdefault("rows_left_out", {"no text": 0})
            left_out["no text"] += empty
        options = cache_options(job.out / "tokenized", f"packed{part}")
        return pack_dataset(encoded, self.sequence_length, "wrapped", options)

    def _mixed(self, job: Job, weights: dict[str, Weight], blocks: dict[str, Any]) -> Any:
        """The whole training as one sequence of blocks. The short last block of a dataset is left out."""
        from datasets import concatenate_datasets

        whole = {name: rows.select(range(max(1, len(rows) - 1))) for name, rows in blocks.items()}
        sizes = {name: len(rows) for name, rows in whole.items()}
        steps = self.max_steps or math.ceil((self.epochs or 1) * sum(sizes.values()) / self.batch_size)
        numbers = stream(weights, sizes, steps * self.batch_size, self.seed)
        edges = np.cumsum(list(sizes.values()))
        taken = np.bincount(np.searchsorted(edges, numbers, side="right"), minlength=len(sizes)) / len(numbers)
        job.metrics["mix"] = {
            name: {"share": round(float(share), 4), "passes": times}
            for (name, times), share in zip(passes(numbers, sizes).items(), taken, strict=True)
        }
        path = str(job.out / "tokenized" / "mix.arrow")
        return concatenate_datasets(list(whole.values())).select(numbers, indices_cache_file_name=path)


PLAIN = {"packing": False, "dataset_kwargs": {"skip_prepare_dataset": True}}


class Documents:
    """A batch of rows -> input_ids and labels of whole documents; empty ones are left out."""

    def __init__(self, tokenizer: Any, columns: list[str]) -> None:
        self.tokenizer, self.columns = tokenizer, columns

    def __call__(self, table: Table) -> dict[str, list[list[int]]]:
        texts = documents(table, self.columns)
        ids = self.tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []
        begin = [i for i in [self.tokenizer.bos_token_id] if i is not None]
        end = [i for i in [self.tokenizer.eos_token_id] if i is not None]
        ids = [[*begin, *document, *end] for document in ids]
        return {"input_ids": ids, "labels": ids}
