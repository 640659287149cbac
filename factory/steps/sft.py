"""sft: supervised fine-tuning on conversations, with TRL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from factory.errors import FactoryError
from factory.models.train.autotrain import config as autotrain_config
from factory.models.train.parameters import FineTuning
from factory.models.train.templates import ChatTemplate, template_text
from factory.step.base import Columns, DatasetRef, Prompt, one_or_all

if TYPE_CHECKING:
    from factory.models.layout import Layout
    from factory.step.job import Job


class Sft(FineTuning):
    """Fine-tune the model on conversations; the loss is on the assistant's turns alone unless said otherwise.

    Columns in: the one in `columns`, else `messages`, `conversations`, or `prompt` and `completion`; or those that
    `prompt` and `response` name. A conversation is a list of {role, content} or {from, value}; rows that teach nothing
    are left out and counted (``rows_left_out``), each with its reason. The model needs a chat template, of its own or
    by `chat_template`.

    Example:
        - sft: {data: hala-sft, epochs: 1, learning_rate: 1.0e-5, batch_size: 64}
        - sft: {data: pairs, learning_rate: 2.0e-5, prompt: "Translate into Arabic: {en}", response: "{ar}"}
        - sft: {data: hala-sft, learning_rate: 1.0e-5, eval_split: test, eval_steps: 0.05, patience: 3}
    """

    renamed: ClassVar[Mapping[str, str]] = {"messages": "columns"}

    data: DatasetRef = Field(description="training data: a dataset of the recipe or a Hub ref; name:split for a split")
    backend: Literal["trl", "autotrain"] = Field(
        "trl", description="who trains: TRL, or AutoTrain in its own environment"
    )
    columns: Annotated[Columns, Field(max_length=1)] | None = Field(
        None, description="the column of conversations; default: messages or conversations"
    )
    prompt: Prompt | None = Field(None, description="the user's turn: text with {column} placeholders, or a .txt file")
    response: Prompt | None = Field(None, description="the assistant's turn: text with {column} placeholders")
    system: Prompt | None = Field(None, description="a system turn before every conversation")
    chat_template: ChatTemplate | None = Field(None, description="chatml, a .jinja file, or null for the model's own")

    @model_validator(mode="after")
    def _what_autotrain_does(self) -> Self:
        if self.backend == "autotrain" and (found := autotrain_config.problems(self)):
            raise ValueError(f"AutoTrain cannot do this: {'; '.join(found)}")
        return self

    def parameters(self) -> dict[str, Any]:
        """With the chat template's text, so that a changed template is a changed model."""
        text = template_text(self.chat_template) if self.chat_template else None
        packed = {"packed": 2} if self.packing else {}  # raise it when packing gives another model
        return super().parameters() | {"messages": one_or_all(self.columns), "chat_template": text} | packed

    def run(self, job: Job) -> None:
        from factory.models.chat import make_encoder
        from factory.models.models import full_precision, load_tokenizer
        from factory.models.train.data import cache_options, encode_rows, load_rows
        from factory.models.train.loop import finish, fit, starting_model
        from factory.models.train.trainer import held_out_loss
        from factory.step.surroundings import seeded

        if self.backend == "autotrain":
            self._by_autotrain(job)
            return
        if self.packing and self.max_length is None:
            raise FactoryError("packing needs max_length", where=job.where)
        with seeded(job.profile, self.seed):
            rows = load_rows(job, self.data)
            full_precision(job.input.model, job.where)
            layout = self._layout(job, rows)
            tokenizer = load_tokenizer(job.input.model, job.where, job.trust_remote_code)
            start = starting_model(job, tokenizer, template_text(self.chat_template) if self.chat_template else None)
            encoder = make_encoder(tokenizer, layout, self.max_length, self.assistant_only_loss, job.where)
            encoded, held_out = encode_rows(job, self.data, rows, self.eval_split, encoder)
            if self.packing:
                from trl import pack_dataset

                encoded = pack_dataset(
                    encoded, self.max_length or 0, "bfd", cache_options(job.out / "tokenized", "packed")
                )
            special = {"packing": self.packing, "dataset_kwargs": {"skip_prepare_dataset": True}}
            model, history = fit(job, self, start, encoded, held_out=held_out, lora=self.lora, **special)
            if measured := held_out_loss(history, self.patience is not None):
                job.metrics["eval_loss"] = measured
            finish(job, model, tokenizer, self, tokenizer_changed=self.chat_template is not None, turns=True)

    def _layout(self, job: Job, rows: Any) -> Layout:
        from factory.models.layout import find_layout

        return find_layout(
            rows.column_names,
            column=self.columns[0] if self.columns else None,
            prompt=self.prompt,
            response=self.response,
            system=self.system,
            where=job.where,
        )

    def _by_autotrain(self, job: Job) -> None:
        from factory.models.models import full_precision, load_tokenizer
        from factory.models.train.autotrain import training as autotrain
        from factory.models.train.data import load_rows
        from factory.models.train.loop import finish, starting_model
        from factory.step.surroundings import seeded

        with seeded(job.profile, autotrain_config.SEED):
            rows = load_rows(job, self.data)
            full_precision(job.input.model, job.where)
            autotrain.check(job)
            layout = self._layout(job, rows)
            tokenizer = load_tokenizer(job.input.model, job.where, job.trust_remote_code)
            start = starting_model(job, tokenizer, template_text(self.chat_template) if self.chat_template else None)
            if not tokenizer.chat_template:
                raise FactoryError(
                    "the model has no chat template", where=job.where, fix="set `chat_template: chatml`"
                )
            model = autotrain.train(job, self, start, tokenizer, rows, layout)
            finish(job, model, tokenizer, self, tokenizer_changed=self.chat_template is not None, turns=True)
