"""The parameters that `pretrain`, `sft` and `dpo` share, under their usual Hugging Face names."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from factory.errors import FactoryError
from factory.models.models import Dtype
from factory.models.outline import is_tied
from factory.profile import Profile
from factory.step.base import Columns, Step
from factory.step.outline import Outline

Schedule = Literal["linear", "cosine", "constant", "constant_with_warmup", "inverse_sqrt"]
HEADS = ("lm_head", "embed_out")
TABLES = (
    "model.embed_tokens",
    "model.language_model.embed_tokens",
    "model.decoder.embed_tokens",
    "transformer.wte",
    "transformer.word_embeddings",
    "gpt_neox.embed_in",
    *HEADS,
)
"""Embeddings and heads as transformers calls them: tied heads are not stored, so that no file names them."""
PLACE = ("gradient_checkpointing",)  # parameters that change memory and time, not the result


class Lora(BaseModel):
    """Low-rank adapters instead of all weights; they are merged into the weights at the end.

    Where the head is tied to the embedding neither can have one: merged, it would change both. `modules_to_save`
    trains the embedding whole, and the head with it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    r: int = Field(16, ge=1, description="rank")
    lora_alpha: int = Field(32, ge=1, description="scale: the update is multiplied by lora_alpha / r")
    lora_dropout: float = Field(0.0, ge=0, lt=1, description="dropout before the adapters")
    target_modules: str | list[str] = Field(
        "all-linear", description="module names, a regular expression, or all-linear"
    )
    modules_to_save: list[str] | None = Field(
        None,
        min_length=1,
        exclude_if=lambda value: value is None,  # it came later: what was made without it stays what it was
        description="names of modules that are trained whole beside the adapters, as embed_tokens or lm_head",
    )

    @field_validator("target_modules")
    @classmethod
    def _is_pattern(cls, value: str | list[str]) -> str | list[str]:
        if isinstance(value, str):
            try:
                re.compile(value)
            except re.error as error:
                raise ValueError(f"not a regular expression: {error}") from error
        return value

    def reaches(self, module: str) -> bool:
        """Whether the module of this name gets an adapter, as PEFT decides it; all-linear leaves out the head."""
        if isinstance(self.target_modules, str):
            every = self.target_modules.lower() == "all-linear"
            return not every and re.fullmatch(self.target_modules, module) is not None
        return any(module == name or module.endswith(f".{name}") for name in self.target_modules)

    def require_apart(self, model: Outline, trl: bool = True) -> None:
        """
        Raises:
            FactoryError: an adapter reaches the embedding or the head, and the two share their weights; or, where
                `trl` trains, the head.
        """
        reached = [name for name in dict.fromkeys([*model.tables, *TABLES]) if self.reaches(name)]
        if reached and model.config and is_tied(model.config):
            raise tied_error(reached[0])
        if trl and (heads := [name for name in HEADS if self.reaches(name)]):
            raise FactoryError(
                f"lora reaches {heads[0]}: TRL takes the head's own weights for the loss, so that an adapter there "
                "learns nothing",
                fix=f"take it out of target_modules, or train it whole: modules_to_save: [{heads[0]}]",
            )


def tied_error(module: str, where: str | None = None) -> FactoryError:
    return FactoryError(
        f"lora reaches {module}, whose weights the embedding and the head share: merged, an adapter changes both",
        where=where,
        fix="take it out of target_modules, or train it whole: modules_to_save: [embed_tokens]",
    )


class Training(Step):
    """Gradient descent on a dataset. `batch_size` is what one optimizer step sees, however the profile splits it.

    Attributes:
        left_out: parameters that came after the first artifacts and that say nothing while they are null: they are
            no part of the identity then, so that those artifacts stay what they were.
    """

    produces: ClassVar[Literal["dataset", "model", "evaluation"]] = "model"
    left_out: ClassVar[tuple[str, ...]] = ("eval_steps", "patience")

    epochs: float | None = Field(None, gt=0, description="passes over the data; default 1 unless max_steps is given")
    max_steps: int | None = Field(None, ge=1, description="optimizer steps, instead of epochs")
    batch_size: int = Field(8, ge=1, description="sequences per optimizer step (packed ones count as one)")
    learning_rate: float = Field(gt=0, description="peak learning rate of AdamW")
    lr_scheduler_type: Schedule = Field("cosine", description="shape of the learning rate after warmup")
    warmup_ratio: float = Field(0.0, ge=0, lt=1, description="part of all steps in which the rate rises from 0")
    weight_decay: float = Field(0.0, ge=0, description="AdamW's decoupled weight decay")
    max_grad_norm: float = Field(1.0, gt=0, description="gradients are clipped to this norm")
    seed: int = Field(0, ge=0, description="order of the rows, dropout and new weights")
    train_sampling_strategy: Literal["random", "group_by_length"] = Field(
        "random", description="group_by_length: batches of rows of like length, less padding, a less random order"
    )
    dtype: Dtype | None = Field(None, description="type of the saved weights; default: that of the source model")
    gradient_checkpointing: bool | None = Field(
        None, description="recompute activations: less memory, about 30 % slower; null: as the profile says"
    )
    eval_steps: float | None = Field(
        None,
        gt=0,
        description="optimizer steps between measurements on held-out rows; below 1: share of all steps; null: none",
    )

    @model_validator(mode="after")
    def _epochs_or_steps(self) -> Self:
        if self.epochs is not None and self.max_steps is not None:
            raise ValueError("give epochs or max_steps, not both")
        return self

    def check_model(self, model: Outline, named: Mapping[str, Outline]) -> Outline:
        model.require_whole()
        model.require_loadable()
        if isinstance(lora := getattr(self, "lora", None), Lora):
            lora.require_apart(model, trl=getattr(self, "backend", "trl") == "trl")
        return model

    def recomputes(self, profile: Profile) -> bool:
        """Whether activations are recomputed: as the step says, else as the profile does."""
        return profile.gradient_checkpointing if self.gradient_checkpointing is None else self.gradient_checkpointing

    def parameters(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in super().parameters().items()
            if name not in PLACE and not (name in self.left_out and value in (None, False))
        }


class EarlyStopping(Training):
    """Training that measures its loss on a split of the data, and may stop when that no longer falls."""

    eval_split: str | None = Field(
        None, description="split of the data whose loss is measured at the start, at the end and every eval_steps"
    )
    patience: int | None = Field(
        None,
        ge=1,
        description="measurements without a lower loss after which training stops; the weights of the lowest are kept",
    )

    @model_validator(mode="after")
    def _held_out(self) -> Self:
        if self.patience is not None and self.eval_steps is None:
            raise ValueError("patience counts measurements: give eval_steps")
        if self.eval_steps is not None and self.eval_split is None:
            raise ValueError("eval_steps needs eval_split, the rows to measure on")
        return self


class FineTuning(EarlyStopping):
    """Supervised fine-tuning: what TRL and AutoTrain are told alike."""

    max_length: int | None = Field(
        2048, ge=2, description="longer conversations are cut at this many tokens; null: never"
    )
    packing: bool = Field(False, description="fill sequences of max_length with several conversations")
    assistant_only_loss: bool = Field(True, description="false: learn the user's and system's words too")
    lora: Lora | None = Field(None, description="train low-rank adapters and merge them; null: all weights")
    images: Columns | None = Field(
        None, description="columns of pictures; null: all that the data has, where the model sees"
    )
    min_pixels: int | None = Field(
        None, ge=1, description="smaller pictures are scaled up to this area; null: the model's own"
    )
    max_pixels: int | None = Field(
        None, ge=1, description="larger pictures are scaled down to this area; null: the model's own"
    )
    freeze_vision_tower: bool = Field(False, description="train the language model alone, not what reads pictures")

    left_out: ClassVar[tuple[str, ...]] = (
        *EarlyStopping.left_out,
        "images",
        "min_pixels",
        "max_pixels",
        "freeze_vision_tower",
    )

    @model_validator(mode="after")
    def _pictures(self) -> Self:
        if self.min_pixels and self.max_pixels and self.min_pixels > self.max_pixels:
            raise ValueError("min_pixels is more than max_pixels")
        if self.packing and self.shows:
            raise ValueError(
                "packing is for texts: take it away, or images, min_pixels, max_pixels and freeze_vision_tower"
            )
        return self

    @property
    def shows(self) -> bool:
        """Whether the step itself says that there are pictures."""
        return bool(self.images or self.min_pixels or self.max_pixels or self.freeze_vision_tower)

    def check_model(self, model: Outline, named: Mapping[str, Outline]) -> Outline:
        model = super().check_model(model, named)
        if self.shows:
            model.require_sight(
                "name a vision-language model, or take images, min_pixels, max_pixels, freeze_vision_tower away"
            )
        return model
