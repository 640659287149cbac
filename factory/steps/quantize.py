"""quantize: a 16-bit model in 8 bits, with LLM Compressor, and a measured comparison of the two."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from factory.steps.base import DatasetRef, Step

if TYPE_CHECKING:
    from factory.job import Job


class Quantize(Step):
    """Store the linear layers in FP8 and say how far the outputs moved.

    FP8_DYNAMIC is LLM Compressor's recipe without calibration: weights per output channel, activations per token at
    run time. The result is loaded again and compared with the source on `validate_on`, or on a few sentences in
    English and Arabic: logits, KL divergence in nats per token, agreement of the most likely token.

    Example:
        - quantize: {scheme: FP8_DYNAMIC}
    """

    produces: ClassVar[Literal["dataset", "model"]] = "model"

    scheme: Literal["FP8_DYNAMIC"] = Field("FP8_DYNAMIC", description="LLM Compressor's preset")
    ignore: list[str] | None = Field(
        None,
        description="modules left in 16 bits (names, or re: and an expression); null: the architecture's own list",
    )
    validate_on: DatasetRef | None = Field(None, description="texts for the comparison; null: built-in sentences")
    text: str = Field("text", description="column of validate_on")
    validate_rows: int = Field(16, ge=1, description="rows of validate_on that are compared")

    def run(self, job: Job) -> None:
        from factory.training.quantizing import default_ignore, quantize_model, validation_texts
        from factory.training.state import session

        with session(job.profile, 0):
            texts = validation_texts(job, self.validate_on, self.text, self.validate_rows)
            ignore = default_ignore(job.before.model) if self.ignore is None else self.ignore
            quantize_model(job, self.scheme, ignore, texts)
