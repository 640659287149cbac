"""sft: supervised fine-tuning on conversations, with TRL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from factory.errors import FactoryError
from factory.steps.base import Prompt
from factory.training.parameters import Training
from factory.training.templates import ChatTemplate, template_text

if TYPE_CHECKING:
    from factory.job import Job


class Lora(BaseModel):
    """Low-rank adapters instead of all weights; they are merged into the weights at the end."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    r: int = Field(16, ge=1, description="rank")
    lora_alpha: int = Field(32, ge=1, description="scale: the update is multiplied by lora_alpha / r")
    lora_dropout: float = Field(0.0, ge=0, lt=1, description="dropout before the adapters")
    target_modules: str | list[str] = Field(
        "all-linear", description="module names, a regular expression, or all-linear"
    )


class Sft(Training):
    """Fine-tune the model on conversations; the loss is on the assistant's turns alone unless said otherwise.

    Columns in: one of `messages` ([{role, content}]), `conversations` ([{from, value}]), `prompt` and `completion`,
    or those that `prompt` and `response` name. The model needs a chat template, of its own or by `chat_template`.

    Example:
        - sft: {data: hala-sft, epochs: 1, learning_rate: 1.0e-5, batch_size: 64}
        - sft: {data: pairs, learning_rate: 2.0e-5, prompt: "Translate into Arabic: {en}", response: "{ar}"}
    """

    backend: Literal["trl"] = Field("trl", description="who trains")
    messages: str | None = Field(None, description="column of conversations; default: messages or conversations")
    prompt: Prompt | None = Field(None, description="the user's turn: text with {column} placeholders, or a .txt file")
    response: Prompt | None = Field(None, description="the assistant's turn: text with {column} placeholders")
    system: Prompt | None = Field(None, description="a system turn before every conversation")
    chat_template: ChatTemplate | None = Field(None, description="chatml, a .jinja file, or null for the model's own")
    max_length: int | None = Field(
        2048, ge=2, description="longer conversations are cut at this many tokens; null: never"
    )
    packing: bool = Field(False, description="fill sequences of max_length with several conversations")
    assistant_only_loss: bool = Field(True, description="false: learn the user's and system's words too")
    lora: Lora | None = Field(None, description="train low-rank adapters and merge them; null: all weights")
    eval_split: str | None = Field(None, description="split of the data whose loss is measured before and after")

    def parameters(self) -> dict[str, Any]:
        """With the chat template's text, so that a changed template is a changed model."""
        text = template_text(self.chat_template) if self.chat_template else None
        return super().parameters() | {"chat_template": text}

    def run(self, job: Job) -> None:
        from factory.training.chat import find_layout, make_encoder
        from factory.training.data import cache_options, count_true, load_rows, map_rows
        from factory.training.evaluate import mean_loss
        from factory.training.loop import finish, fit
        from factory.training.models import full_precision, load_model, load_tokenizer
        from factory.training.state import session
        from factory.training.tokens import set_chat_template

        if self.packing and self.max_length is None:
            raise FactoryError("packing needs max_length", where=job.where)
        with session(job.profile, self.seed):
            source = job.before.model
            rows = load_rows(job, self.data)
            full_precision(source, job.where)
            layout = find_layout(
                rows.column_names,
                column=self.messages,
                prompt=self.prompt,
                response=self.response,
                system=self.system,
                where=job.where,
            )
            tokenizer = load_tokenizer(source, job.where, job.trust_remote_code)
            model = load_model(source, "float32", job.where, job.trust_remote_code)
            if self.chat_template:
                job.notes += set_chat_template(tokenizer, model, template_text(self.chat_template))
            encoder = make_encoder(tokenizer, layout, self.max_length, self.assistant_only_loss, job.where)
            encoded = map_rows(job, rows, "train", encoder)
            job.metrics |= {
                "rows": len(rows),
                "rows_without_loss": len(rows) - len(encoded),
                "rows_truncated": count_true(encoded, "truncated"),
            }
            held_out = None
            if self.eval_split:
                held_out = map_rows(job, load_rows(job, self.data, self.eval_split), "eval", encoder)
                before = mean_loss(model, held_out, job.profile)
            encoded = encoded.remove_columns("truncated")
            if self.packing:
                from trl import pack_dataset

                if model.config.model_type == "lfm2":
                    job.notes.append(
                        "packed LFM2: without the causal-conv1d kernel, the short convolutions see up to two tokens "
                        "of the conversation before"
                    )
                encoded = pack_dataset(
                    encoded, self.max_length or 0, "bfd", cache_options(job.out / "tokenized", "packed")
                )
            model = fit(job, self, model, tokenizer, encoded, packed=self.packing, peft_config=self._peft())
            if held_out is not None:
                job.metrics["eval_loss"] = {"before": before, "after": mean_loss(model, held_out, job.profile)}
            finish(job, model, tokenizer, self, tokenizer_changed=self.chat_template is not None)

    def _peft(self) -> Any:
        if self.lora is None:
            return None
        from peft import LoraConfig

        return LoraConfig(task_type="CAUSAL_LM", **self.lora.model_dump())
