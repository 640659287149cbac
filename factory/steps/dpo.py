"""dpo: direct preference optimization on pairs of answers, with TRL (Rafailov et al. 2023, arXiv 2305.18290)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from factory.errors import FactoryError
from factory.models.models import load_tokenizer
from factory.models.outline import require_fit
from factory.models.train.data import encode_rows, load_rows
from factory.models.train.history import held_out_loss
from factory.models.train.loop import finish, fit, starting_model
from factory.models.train.parameters import EarlyStopping, Lora
from factory.models.train.preference_pairs import make_pair_encoder
from factory.models.train.templates import ChatTemplate, template_text
from factory.step.base import DatasetRef
from factory.step.job import Job
from factory.step.outline import Outline
from factory.step.surroundings import seeded

Loss = Literal["sigmoid", "hinge", "ipo", "robust", "exo_pair", "apo_zero", "apo_down", "sigmoid_norm"]
NEEDS_SMOOTHING = ("robust", "exo_pair")


class Dpo(EarlyStopping):
    """Make preferred answers more likely than dispreferred ones, measured against the model before this step.

    Columns in: `chosen` and `rejected`, and `prompt` unless both hold whole conversations that begin alike: texts, or
    conversations as `sft` reads them. Rows that teach nothing are left out and counted (``rows_left_out``). The
    reference's log-probabilities are computed once, before training, so that only one model is in memory; under FSDP
    and DeepSpeed a second one is loaded for as long as that takes.

    Example:
        - dpo: {data: pairs, learning_rate: 5.0e-7, beta: 0.1, eval_split: test}
        - dpo: {data: pairs, learning_rate: 5.0e-6, lora: {r: 16}, loss_type: ipo}
    """

    version: ClassVar[int] = 2

    data: DatasetRef = Field(description="preference pairs: a dataset of the recipe or a Hub ref; name:split")
    beta: float = Field(0.1, gt=0, description="how strongly the model is held to the one before; of ipo: its tau")
    loss_type: Loss = Field("sigmoid", description="sigmoid is the paper's; the others as TRL names them")
    label_smoothing: float = Field(0.0, ge=0, lt=0.5, description="of robust and exo_pair: share of flipped labels")
    chat: bool = Field(True, description="texts become turns of the chat template; false: they go on as they stand")
    chat_template: ChatTemplate | None = Field(None, description="chatml, a .jinja file, or null for the model's own")
    max_length: int | None = Field(2048, ge=2, description="prompt and answer are cut at so many tokens; null: never")
    lora: Lora | None = Field(None, description="train low-rank adapters and merge them; null: all weights")

    @model_validator(mode="after")
    def _smoothing(self) -> Self:
        if self.label_smoothing and self.loss_type not in NEEDS_SMOOTHING:
            raise ValueError(f"label_smoothing is for loss_type {' and '.join(NEEDS_SMOOTHING)}")
        if self.loss_type == "exo_pair" and not self.label_smoothing:
            raise ValueError("loss_type exo_pair needs label_smoothing above 0; its paper takes 1.0e-3")
        return self

    def parameters(self) -> dict[str, Any]:
        return super().parameters() | {"chat_template": template_text(self.chat_template)}

    def check_model(self, model: Outline, named: Mapping[str, Outline]) -> Outline:
        model = super().check_model(model, named)
        model.require_text("dpo", "use sft on the preferred answers")
        if self.chat and self.chat_template is None:
            model.require_chat("set `chat_template: chatml`, or `chat: false` for texts")
        return replace(model, chat=True, template=None) if self.chat_template is not None else model

    def run(self, job: Job) -> None:
        with seeded(job.profile, self.seed):
            rows = load_rows(job, self.data)
            require_fit(job, self)
            tokenizer = load_tokenizer(job.input.model, job.where, job.trust_remote_code)
            start = starting_model(job, tokenizer, template_text(self.chat_template))
            encoder = make_pair_encoder(tokenizer, rows.column_names, self.max_length, self.chat, job.where)
            encoded, held_out = encode_rows(job, self.data, rows, self.eval_split, encoder)
            trained = fit(
                job,
                self,
                start,
                encoded,
                trainer="dpo",
                held_out=held_out,
                lora=self.lora,
                beta=self.beta,
                loss_type=[self.loss_type],
                label_smoothing=self.label_smoothing,
                precompute_ref_log_probs=True,
            )
            changed, history = self.chat_template is not None, trained.outcome.history
            if saved := finish(job, trained, tokenizer, self, tokenizer_changed=changed, turns=self.chat):
                job.metrics["preference"] = preference_metrics([*history, saved])
                job.metrics["eval_loss"] = held_out_loss(history, saved["eval_loss"], self.patience is not None)


def preference_metrics(history: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """{before, after} of the first and the last measurement on held-out pairs, each the mean over pairs.

    `reward_margin` is beta times the difference of the answers' log-probability ratios to the reference, 0 before
    training by definition; `reward_accuracy` is the share of pairs where it is positive. `log_probability_margin` is
    log p(chosen) - log p(rejected) in nats under the model itself, which depends on the answers' lengths.
    """
    entries = [entry for entry in history if "eval_rewards/margins" in entry]
    if not entries:
        raise FactoryError("nothing was measured on the held-out pairs")

    def said(entry: Mapping[str, Any]) -> dict[str, float]:
        return {
            "reward_margin": round(entry["eval_rewards/margins"], 6) + 0.0,  # not -0.0
            "reward_accuracy": round(entry["eval_rewards/accuracies"], 6),
            "log_probability_margin": round(entry["eval_logps/chosen"] - entry["eval_logps/rejected"], 6),
        }

    return {"before": said(entries[0]), "after": said(entries[-1])}
