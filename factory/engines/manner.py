"""How a model is asked, beside the words: what its chat template is told, what stands around the text, its choice."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Sampling(BaseModel):
    """Tokens are drawn from the model's distribution, cut and sharpened as its card asks for.

    Every prompt has a seed of its own, made of `seed` and the prompt: an answer depends on neither its neighbours in a
    batch nor on what was answered before an interruption.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: float = Field(1.0, gt=0, le=10, description="logits are divided by it")
    top_p: float = Field(1.0, gt=0, le=1, description="least share of probability that the likeliest tokens kept have")
    top_k: int = Field(0, ge=0, description="likeliest tokens kept; 0: all")
    repetition_penalty: float = Field(1.0, gt=0, le=10, description="of tokens that prompt or answer has already")
    seed: int = Field(0, ge=0, description="another one gives other answers")


class Manner(BaseModel):
    """How a model's card says that it is asked; by default in a turn of its chat template, with greedy decoding."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    template: dict[str, Any] | Literal["plain"] = Field(
        {}, description="arguments of the chat template, e.g. {enable_thinking: false}; plain: the prompt without one"
    )
    content: dict[str, str] = Field(
        {}, description="keys beside the text of the message, e.g. {source_lang_code: en, target_lang_code: ar}"
    )
    sampling: Sampling | None = Field(None, description="temperature, top_p, top_k, ...; default: greedy decoding")

    @property
    def plain(self) -> bool:
        return self.template == "plain"

    @property
    def arguments(self) -> dict[str, Any]:
        """Of the chat template."""
        return {} if isinstance(self.template, str) else self.template


AS_IT_IS = Manner.model_validate({})
