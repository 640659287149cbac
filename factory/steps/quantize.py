"""quantize: a 16-bit model in 8 or 4 bits, with LLM Compressor, and a measured comparison of the two."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from factory.models.models import load_tokenizer
from factory.models.outline import require_fit
from factory.models.quantize.calibration import calibration_data
from factory.models.quantize.fidelity import validation_texts
from factory.models.quantize.quantizing import CALIBRATED, Scheme, default_ignore, quantize_model
from factory.step.base import Columns, DatasetRef, Step, one_or_all
from factory.step.job import Job
from factory.step.outline import Outline
from factory.step.surroundings import seeded

CALIBRATION = ("calibrate_on", "calibration_rows", "max_length")


class Quantize(Step):
    """Store the linear layers in fewer bits and say how far the outputs moved.

    FP8_DYNAMIC: 8-bit floats without calibration, weights scaled per output channel, activations per token at run
    time. INT8 (W8A8): 8-bit integers, scaled alike; W4A16: 4-bit integers, scaled per 128 inputs, activations in 16
    bits. Both have their rounding chosen by GPTQ (arXiv 2210.17323) on rows of `calibrate_on`. Presets, rows and
    length are those of LLM Compressor's examples.

    The result is loaded again and compared with the source on `validate_on`, or on a few sentences in English and
    Arabic: logits, KL divergence in nats per token, agreement of the most likely token, perplexity by language.

    Example:
        - quantize: {scheme: FP8_DYNAMIC}
        - quantize: {scheme: W4A16, calibrate_on: hala-sft, validate_on: arabic-text:test}
    """

    produces: ClassVar[Literal["dataset", "model"]] = "model"

    renamed: ClassVar[Mapping[str, str]] = {"calibration_text": "columns", "text": "columns"}

    scheme: Literal["FP8_DYNAMIC", "INT8", "W4A16"] = Field("FP8_DYNAMIC", description="LLM Compressor's preset")
    ignore: list[str] | None = Field(
        None,
        description="modules left in 16 bits (names, or re: and an expression); null: the architecture's own list",
    )
    columns: Columns | None = Field(
        None,
        description="plain text in calibrate_on and validate_on, each with one or more of them; default: text, and "
        "conversations to calibrate on",
    )
    calibrate_on: DatasetRef | None = Field(
        None, description="rows of the kind the model is for, from which INT8 and W4A16 choose their rounding"
    )
    calibration_rows: int = Field(512, ge=1, description="rows of calibrate_on, drawn at random")
    max_length: int = Field(2048, ge=2, description="calibration rows are cut at this many tokens")
    validate_on: DatasetRef | None = Field(None, description="texts for the comparison; null: built-in sentences")
    validate_rows: int = Field(16, ge=1, description="rows of validate_on that are compared")

    @model_validator(mode="after")
    def _calibration(self) -> Self:
        if self.scheme in CALIBRATED:
            if self.calibrate_on is None:
                raise ValueError(f"{self.scheme} needs calibration data: calibrate_on names a dataset")
        elif given := [name for name in CALIBRATION if name in self.model_fields_set]:
            raise ValueError(f"{self.scheme} needs no calibration: take {', '.join(given)} away")
        return self

    def parameters(self) -> dict[str, Any]:
        """What calibration is told is no part of a model that needs none."""
        columns = one_or_all(self.columns)
        found = {**super().parameters(), "calibration_text": columns, "text": columns or "text"}
        no_part = () if self.scheme in CALIBRATED else ("calibration_text", *CALIBRATION)
        return {name: value for name, value in found.items() if name not in no_part}

    def check_model(self, model: Outline, named: Mapping[str, Outline]) -> Outline:
        model.require_whole()
        model.require_loadable()
        return replace(model, config={**model.config, "quantization_config": {}})

    def run(self, job: Job) -> None:
        require_fit(job, self)
        with seeded(job.profile, 0):
            texts = validation_texts(job, self.validate_on, self.columns, self.validate_rows)
            ignore = default_ignore(job.input.model) if self.ignore is None else self.ignore
            quantize_model(job, Scheme(self.scheme, ignore, self._calibration_data(job)), texts)

    def _calibration_data(self, job: Job) -> Any:
        if self.calibrate_on is None:
            return None
        tokenizer = load_tokenizer(job.input.model, job.where, job.trust_remote_code)
        rows = calibration_data(
            job, self.calibrate_on, self.columns, self.calibration_rows, self.max_length, tokenizer
        )
        tokens = sum(len(ids) for ids in rows["input_ids"])
        job.metrics["calibration"] = {"data": self.calibrate_on, "rows": len(rows), "tokens": tokens}
        return rows
