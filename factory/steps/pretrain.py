"""pretrain: causal language modelling on plain text, packed into full sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from factory.errors import FactoryError
from factory.training.parameters import Training

if TYPE_CHECKING:
    from factory.job import Job


class Pretrain(Training):
    """Train the model to continue text: from new weights (after `init`) or further, as for another language.

    Documents are joined, each with the tokenizer's first and last tokens around it, and cut into blocks of
    `sequence_length`. Columns in: the `text` column; `language`, where there is one, splits the held-out numbers.

    Example:
        - pretrain: {data: world-text, text: text, sequence_length: 256, epochs: 2, learning_rate: 1.0e-3}
    """

    text: str = Field("text", description="column with one document per row")
    sequence_length: int = Field(1024, ge=8, description="tokens per training sequence")
    weight_decay: float = Field(0.1, ge=0, description="AdamW's decoupled weight decay")
    warmup_ratio: float = Field(0.01, ge=0, lt=1, description="part of all steps in which the rate rises from 0")
    eval_rows: int = Field(0, ge=0, description="rows kept out of training, on which perplexity is measured")

    def run(self, job: Job) -> None:
        from trl import pack_dataset

        from factory.training.data import cache_options, load_rows, map_rows
        from factory.training.evaluate import perplexity
        from factory.training.loop import finish, fit
        from factory.training.models import full_precision, load_model, load_tokenizer
        from factory.training.state import session

        with session(job.profile, self.seed):
            rows = load_rows(job, self.data)
            if self.text not in rows.column_names:
                raise FactoryError(
                    f"no column {self.text!r} in {self.data}",
                    where=job.where,
                    fix=f"text: it has {', '.join(rows.column_names)}",
                )
            if self.eval_rows >= len(rows):
                raise FactoryError(
                    f"eval_rows is {self.eval_rows}, {self.data} has {len(rows)} rows", where=job.where, fix="lower it"
                )
            source = job.before.model
            full_precision(source, job.where)
            tokenizer = load_tokenizer(source, job.where, job.trust_remote_code)
            model = load_model(source, "float32", job.where, job.trust_remote_code)
            # Shuffled before packing, or neighbours in the file would share every block.
            indices = str(job.out / "tokenized" / "order.arrow")
            (job.out / "tokenized").mkdir(parents=True, exist_ok=True)
            rows = rows.shuffle(seed=self.seed, indices_cache_file_name=indices)
            held_out = rows.select(range(self.eval_rows)) if self.eval_rows else None
            rows = rows.select(range(self.eval_rows, len(rows)))
            encoded = map_rows(job, rows, "train", Documents(tokenizer, self.text))
            options = cache_options(job.out / "tokenized", "packed")
            packed = pack_dataset(encoded, self.sequence_length, "wrapped", options)
            before = perplexity(model, tokenizer, held_out, self.text, self.sequence_length, job.profile)
            model = fit(job, self, model, tokenizer, packed, packed=False)
            job.metrics["rows"] = len(rows)
            if held_out is not None:
                after = perplexity(model, tokenizer, held_out, self.text, self.sequence_length, job.profile)
                job.metrics["held_out"] = {"rows": len(held_out), "before": before, "after": after}
            finish(job, model, tokenizer, self, tokenizer_changed=False)


class Documents:
    """A batch of rows -> input_ids and labels of whole documents; empty ones are left out."""

    def __init__(self, tokenizer: Any, column: str) -> None:
        self.tokenizer, self.column = tokenizer, column

    def __call__(self, rows: dict[str, list[Any]], indices: list[int]) -> dict[str, list[list[int]]]:
        texts = [text for text in rows[self.column] if text]
        ids = self.tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []
        begin = [i for i in [self.tokenizer.bos_token_id] if i is not None]
        end = [i for i in [self.tokenizer.eos_token_id] if i is not None]
        ids = [[*begin, *document, *end] for document in ids]
        return {"input_ids": ids, "labels": ids}
