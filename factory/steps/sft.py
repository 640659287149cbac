"""sft: supervised fine-tuning on conversations, with TRL."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from factory.errors import FactoryError
from factory.models.chat import Encoder, make_encoder
from factory.models.layout import Layout, find_layout
from factory.models.models import load_tokenizer
from factory.models.outline import require_fit
from factory.models.train.autotrain import config as autotrain_config
from factory.models.train.autotrain import training as autotrain
from factory.models.train.data import cache_options, encode_rows, load_rows
from factory.models.train.history import held_out_loss
from factory.models.train.loop import Trained, finish, fit, starting_model
from factory.models.train.parameters import FineTuning
from factory.models.train.pictures import LIMITS, PictureEncoder, Sight, columns_of_pictures, decoding_processes
from factory.models.train.templates import ChatTemplate, template_text
from factory.step.base import Columns, DatasetRef, Prompt, one_or_all
from factory.step.job import Job
from factory.step.outline import Outline
from factory.step.surroundings import seeded

UNTOUCHED = {"skip_prepare_dataset": True}  # TRL takes the rows as they are


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

    def engines(self) -> tuple[str, ...]:
        return ("autotrain",) if self.backend == "autotrain" else ()

    def parameters(self) -> dict[str, Any]:
        """With the chat template's text, so that a changed template is a changed model."""
        packed = {"packed": 2} if self.packing else {}  # raise it when packing gives another model
        named = {"messages": one_or_all(self.columns), "chat_template": template_text(self.chat_template)}
        return super().parameters() | named | packed

    def check_model(self, model: Outline, named: Mapping[str, Outline]) -> Outline:
        model = super().check_model(model, named)
        if self.chat_template is None:
            model.require_chat("set `chat_template: chatml`")
        return replace(model, chat=True, template=None)

    def run(self, job: Job) -> None:
        if self.packing and self.max_length is None:
            raise FactoryError("packing needs max_length", where=job.where)
        by_autotrain = self.backend == "autotrain"
        with seeded(job.profile, autotrain_config.SEED if by_autotrain else self.seed):
            rows = load_rows(job, self.data)
            require_fit(job, self)
            if by_autotrain:
                autotrain.check(job)
            layout = find_layout(
                rows.column_names,
                column=self.columns[0] if self.columns else None,
                prompt=self.prompt,
                response=self.response,
                system=self.system,
                where=job.where,
            )
            tokenizer = load_tokenizer(job.input.model, job.where, job.trust_remote_code)
            start = starting_model(job, tokenizer, template_text(self.chat_template))
            train = autotrain.train if by_autotrain else by_trl
            trained = train(job, self, start, tokenizer, rows, layout)
            changed = self.chat_template is not None
            if saved := finish(job, trained, tokenizer, self, tokenizer_changed=changed, turns=True):
                stops = self.patience is not None
                job.metrics["eval_loss"] = held_out_loss(trained.outcome.history, saved["eval_loss"], stops)


def by_trl(job: Job, step: Sft, start: Path, tokenizer: Any, rows: Any, layout: Layout) -> Trained:
    """Train the model in `start` on the rows' conversations; fills ``job.metrics``.

    Raises:
        FactoryError: the model has no chat template, or no row teaches anything.
    """
    encoder = make_encoder(tokenizer, layout, step.max_length, step.assistant_only_loss, job.where)
    if columns := columns_of_pictures(step.images, start, rows, job.where):
        return _about_pictures(job, step, start, encoder, rows, columns)
    encoded, held_out = encode_rows(job, step.data, rows, step.eval_split, encoder)
    if step.packing:
        from trl import pack_dataset

        options = cache_options(job.out / "tokenized", "packed")
        encoded = pack_dataset(encoded, step.max_length or 0, "bfd", options)
    special = {"packing": step.packing, "dataset_kwargs": UNTOUCHED, "freeze_vision_tower": step.freeze_vision_tower}
    return fit(job, step, start, encoded, held_out=held_out, lora=step.lora, **special)


def _about_pictures(job: Job, step: Sft, start: Path, encoder: Encoder, rows: Any, columns: Sequence[str]) -> Trained:
    """The same of conversations about pictures, which are decoded batch by batch."""
    if step.packing:
        fix = f"take packing away, or the pictures: images: [] leaves {', '.join(columns)} aside"
        raise FactoryError("packing is for texts, and the data has pictures", where=job.where, fix=fix)
    sight = Sight(columns=tuple(columns), min_pixels=step.min_pixels, max_pixels=step.max_pixels)
    shown = sight.of(start, job.where, job.trust_remote_code)
    encoded, held_out = encode_rows(job, step.data, rows, step.eval_split, PictureEncoder(encoder, sight, shown))
    job.metrics["rows_shrunk"] = sum(any(limits) for limits in encoded[LIMITS])
    return fit(
        job,
        step,
        start,
        encoded,
        held_out=held_out,
        lora=step.lora,
        sight=sight,
        freeze_vision_tower=step.freeze_vision_tower,
        remove_unused_columns=False,
        dataloader_num_workers=decoding_processes(job.profile),
        ddp_find_unused_parameters=True,  # a batch without pictures leaves the tower without gradients
        dataset_kwargs=UNTOUCHED,
    )
