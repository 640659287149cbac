"""The parameters that `pretrain` and `sft` share, under their usual Hugging Face names."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from factory.steps.base import DatasetRef, Step
from factory.training.models import Dtype

Schedule = Literal["linear", "cosine", "constant", "constant_with_warmup", "inverse_sqrt"]


class Training(Step):
    """Gradient descent on a dataset. `batch_size` is what one optimizer step sees, however the profile splits it."""

    produces: ClassVar[Literal["dataset", "model"]] = "model"

    data: DatasetRef = Field(description="training data: a dataset of the recipe or a Hub ref; name:split for a split")
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
    gradient_checkpointing: bool = Field(False, description="recompute activations: less memory, about 30 % slower")

    @model_validator(mode="after")
    def _epochs_or_steps(self) -> Training:
        if self.epochs is not None and self.max_steps is not None:
            raise ValueError("give epochs or max_steps, not both")
        return self

    def parameters(self) -> dict[str, Any]:
        """Without gradient_checkpointing, which changes memory and time and not the result."""
        return {name: value for name, value in super().parameters().items() if name != "gradient_checkpointing"}
