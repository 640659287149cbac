"""init: a new model from a configuration, with random weights and a tokenizer trained or copied."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from factory.engines.vision import sees
from factory.errors import FactoryError, first_line, nearest
from factory.models.image_processor import picture_tokens, write_image_processor
from factory.models.models import Dtype, class_of, count_parameters, load_tokenizer, size_bytes, write_model
from factory.models.tokens import template_tokens, train_tokenizer
from factory.models.train.templates import ChatTemplate, template_text
from factory.step.base import Columns, DatasetRef, ModelRef, Step, one_or_all
from factory.step.job import Job
from factory.step.outline import Outline
from factory.step.surroundings import seeded


class Init(Step):
    """A model that knows nothing yet: any causal language model transformers has, or Qwen2-VL and its kin; any size.

    The tokenizer is a byte-level BPE trained on the text and the conversations of `tokenizer_data`, or a copy of
    `tokenizer`'s. Trained on conversations it knows the names of their roles, as the tokenizers of chat models do.
    A configuration with a `vision_config` makes a model that sees pictures; it takes `chat_template: qwen-vl`, and
    `image_processor` says how large it sees them.

    Example:
        - init:
            config: {model_type: lfm2, hidden_size: 128, num_hidden_layers: 6, num_attention_heads: 4, ...}
            tokenizer_data: [world-text, chats]
            columns: [text, messages]
            vocab_size: 4096
    """

    produces: ClassVar[Literal["dataset", "model"]] = "model"
    starts: ClassVar[bool] = True

    renamed: ClassVar[Mapping[str, str]] = {"text": "columns"}

    config: dict[str, Any] = Field(description="model_type and any of that configuration's fields")
    tokenizer: ModelRef | None = Field(None, description="model whose tokenizer is copied")
    tokenizer_data: DatasetRef | Annotated[list[DatasetRef], Field(min_length=1)] | None = Field(
        None, description="one or more datasets on which a byte-level BPE is trained"
    )
    columns: Columns = Field(
        ["text"],
        description="columns of tokenizer_data with text or conversations; each dataset has one or more of them",
    )
    vocab_size: int = Field(8192, ge=300, description="entries of a trained tokenizer, special tokens included")
    chat_template: ChatTemplate | None = Field(
        "chatml", description="chatml, qwen-vl, a .jinja file, or null for none"
    )
    image_processor: dict[str, Any] = Field(
        {}, description="of a model that sees: fields of preprocessor_config.json, e.g. size"
    )
    dtype: Dtype = Field("bfloat16", description="type of the saved weights")
    seed: int = Field(0, ge=0, description="of the random weights")

    @field_validator("config")
    @classmethod
    def _has_type(cls, value: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(value.get("model_type"), str):
            raise ValueError("config needs a model_type, e.g. lfm2")
        return value

    @model_validator(mode="after")
    def _sees(self) -> Self:
        if self.image_processor and not sees(self.config):
            raise ValueError("image_processor is for a config with a vision_config")
        return self

    @model_validator(mode="after")
    def _one_tokenizer(self) -> Self:
        if (self.tokenizer is None) == (self.tokenizer_data is None):
            raise ValueError("give tokenizer (to copy one) or tokenizer_data (to train one)")
        return self

    def parameters(self) -> dict[str, Any]:
        """With the chat template's text, so that a changed template is a changed model."""
        named = {"text": one_or_all(self.columns), "chat_template": template_text(self.chat_template)}
        found = super().parameters() | named
        return found if self.image_processor else {k: v for k, v in found.items() if k != "image_processor"}

    def check_model(self, model: Outline, named: Mapping[str, Outline]) -> Outline:
        copied = named[self.tokenizer].chat if self.tokenizer is not None else False
        return Outline(self.config, chat=copied if self.chat_template is None else True)

    def run(self, job: Job) -> None:
        with seeded(job.profile, self.seed):
            target = job.out / "model"
            tokenizer = self._tokenizer(job)
            model = self._model(job, tokenizer)
            write_model(model, target, self.dtype, tokenizer=tokenizer)
            if sees(self.config):
                self._image_processor(job, model)
            job.metrics |= {
                "parameters": count_parameters(model),
                "vocab_size": len(tokenizer),
                "size_bytes": size_bytes(target),
            }

    def _tokenizer(self, job: Job) -> Any:
        if self.tokenizer is not None:
            tokenizer = load_tokenizer(job.inputs[self.tokenizer].model, job.where)
        else:
            assert self.tokenizer_data is not None
            names = [self.tokenizer_data] if isinstance(self.tokenizer_data, str) else self.tokenizer_data
            tokenizer = train_tokenizer(
                [job.inputs[name] for name in names],
                self.columns,
                self.vocab_size,
                job.where,
                more=template_tokens(template_text(self.chat_template) or ""),
            )
            if len(tokenizer) < self.vocab_size:
                job.notes.append(f"the text gave {len(tokenizer)} tokens, not {self.vocab_size}")
        if self.chat_template is not None:
            tokenizer.chat_template = template_text(self.chat_template)
        return tokenizer

    def _model(self, job: Job, tokenizer: Any) -> Any:
        import torch
        from transformers import CONFIG_MAPPING, AutoConfig, GenerationConfig

        fields = dict(self.config)
        kind = fields.pop("model_type")
        if kind not in CONFIG_MAPPING:
            hint = nearest(kind, CONFIG_MAPPING)
            raise FactoryError(f"transformers has no model_type {kind!r}{hint}", where=job.where)
        special = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("pad", "bos", "eos")}
        text = {"vocab_size": len(tokenizer), **special}
        try:
            if sees(fields):
                fields = {**picture_tokens(tokenizer), **fields, "text_config": text | fields.get("text_config", {})}
            else:
                fields = {**text, **fields}
            config = AutoConfig.for_model(kind, **fields)
            rows = config.get_text_config().vocab_size
            if rows < len(tokenizer):
                raise ValueError(f"vocab_size is {rows}, the tokenizer has {len(tokenizer)}")
            model = class_of(fields).from_config(config, dtype=torch.float32)
        except (ValueError, TypeError, RuntimeError, AttributeError, ZeroDivisionError) as error:
            raise FactoryError(f"config: {first_line(error)}", where=job.where) from None
        unknown = sorted(set(self.config) - set(type(config)().to_dict()) - {"rope_theta", "model_type"})
        if unknown:
            raise FactoryError(f"{kind} has no config field {', '.join(unknown)}", where=job.where)
        model.generation_config = GenerationConfig(**special)
        return model

    def _image_processor(self, job: Job, model: Any) -> None:
        try:
            write_image_processor(job.out / "model", model.config, self.image_processor)
        except ValueError as error:
            raise FactoryError(f"image_processor: {first_line(error)}", where=job.where) from None
