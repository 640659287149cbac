"""expand_vocab: pieces of another language join a model's tokenizer and embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from factory.step.base import DatasetRef, Step

if TYPE_CHECKING:
    from factory.step.job import Job


class ExpandVocab(Step):
    """Learn pieces of a language on a dataset and add them to the tokenizer, as ALLaM does (arXiv 2407.15390).

    Old ids stay; text in other scripts is cut as before. A new piece's embedding, and its row of the head, is the mean
    of those of the pieces it was cut into. Takes byte-level BPE, SentencePiece BPE with bytes, and unigram tokenizers
    with a tokenizer.json. Tokens per word before and after are measured on held-out rows.

    Example:
        - expand_vocab: {data: arabic-text, text: [arabic, english], language: ar, size: 20000}
        - expand_vocab: {data: arabic-web, size: 20000, rows: 200000}
    """

    produces: ClassVar[Literal["dataset", "model"]] = "model"
    uses_language: ClassVar[bool] = True

    data: DatasetRef = Field(description="text on which the pieces are learnt")
    text: str | list[str] = Field("text", description="column or columns that hold text; other languages may be in it")
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
        found = super().parameters()
        return found if self.rows is not None else {name: value for name, value in found.items() if name != "rows"}

    def run(self, job: Job) -> None:
        from factory.models.vocabulary.expand import expand
        from factory.step.state import session

        with session(job.profile, self.seed):
            expand(job, self)
