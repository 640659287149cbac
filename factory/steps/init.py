"""init: a new model from a configuration, with random weights and a tokenizer trained or copied."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from factory.errors import FactoryError, first_line, nearest
from factory.models.models import Dtype, count_parameters, load_tokenizer, size_bytes, write_model
from factory.models.tokens import train_tokenizer
from factory.models.train.templates import ChatTemplate, template_text
from factory.step.base import Columns, DatasetRef, ModelRef, Step, one_or_all
from factory.step.job import Job
from factory.step.outline import Outline
from factory.step.surroundings import seeded


class Init(Step):
    """A model that knows nothing yet, for `pretrain`: any causal language model transformers has, at any size.

    The tokenizer is a byte-level BPE trained on the text and the conversations of `tokenizer_data`, or a copy of
    `tokenizer`'s. Trained on conversations it knows the names of their roles, as the tokenizers of chat models do.

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
    chat_template: ChatTemplate | None = Field("chatml", description="chatml, a .jinja file, or null for none")
    dtype: Dtype = Field("bfloat16", description="type of the saved weights")
    seed: int = Field(0, ge=0, description="of the random weights")

    @field_validator("config")
    @classmethod
    def _has_type(cls, value: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(value.get("model_type"), str):
            raise ValueError("config needs a model_type, e.g. lfm2")
        return value

    @model_validator(mode="after")
    def _one_tokenizer(self) -> Self:
        if (self.tokenizer is None) == (self.tokenizer_data is None):
            raise ValueError("give tokenizer (to copy one) or tokenizer_data (to train one)")
        return self

    def parameters(self) -> dict[str, Any]:
        """With the chat template's text, so that a changed template is a changed model."""
        named = {"text": one_or_all(self.columns), "chat_template": template_text(self.chat_template)}
        return super().parameters() | named

    def check_model(self, model: Outline, named: Mapping[str, Outline]) -> Outline:
        copied = named[self.tokenizer].chat if self.tokenizer is not None else False
        return Outline(self.config, chat=copied if self.chat_template is None else True)

    def run(self, job: Job) -> None:
        with seeded(job.profile, self.seed):
            target = job.out / "model"
            tokenizer = self._tokenizer(job)
            model = self._model(job, tokenizer)
            write_model(model, target, self.dtype, tokenizer=tokenizer)
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
            tokenizer = train_tokenizer([job.inputs[name] for name in names], self.columns, self.vocab_size, job.where)
            if len(tokenizer) < self.vocab_size:
                job.notes.append(f"the text gave {len(tokenizer)} tokens, not {self.vocab_size}")
        if self.chat_template is not None:
            tokenizer.chat_template = template_text(self.chat_template)
        return tokenizer

    def _model(self, job: Job, tokenizer: Any) -> Any:
        import torch
        from transformers import CONFIG_MAPPING, AutoConfig, AutoModelForCausalLM, GenerationConfig

        fields = dict(self.config)
        kind = fields.pop("model_type")
        if kind not in CONFIG_MAPPING:
            hint = nearest(kind, CONFIG_MAPPING)
            raise FactoryError(f"transformers has no model_type {kind!r}{hint}", where=job.where)
        fields.setdefault("vocab_size", len(tokenizer))
        special = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("pad", "bos", "eos")}
        try:
            config = AutoConfig.for_model(kind, **(special | fields))
            if config.get_text_config().vocab_size < len(tokenizer):
                raise ValueError(f"vocab_size is {config.vocab_size}, the tokenizer has {len(tokenizer)}")
            model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
        except (ValueError, TypeError, RuntimeError, AttributeError, ZeroDivisionError) as error:
            raise FactoryError(f"config: {first_line(error)}", where=job.where) from None
        unknown = sorted(set(fields) - set(type(config)().to_dict()) - {"rope_theta"})
        if unknown:
            raise FactoryError(f"{kind} has no config field {', '.join(unknown)}", where=job.where)
        model.generation_config = GenerationConfig(**special)
        return model
