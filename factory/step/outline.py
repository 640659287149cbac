"""What is known of a model before any work with it, and what can be refused by that alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from factory.engines.vision import TEXT_ONLY, sees
from factory.errors import FactoryError

SHOWN = 3  # tokens that an error names


@dataclass(frozen=True)
class Outline:
    """A model by its small files, or by what the steps before it say.

    Attributes:
        config: its configuration; empty where it is not known.
        chat: whether its tokenizer has a chat template; None: not known.
        beyond: tokens that its tokenizer can give and its embeddings have no row for.
        tables: stored modules with a row for every token: the embedding, and the head where it is stored.
        lacks: why it cannot be loaded as it is, or shown pictures.
        template: why its chat template cannot be read; None: it can, as far as is known.
    """

    config: Mapping[str, Any]
    chat: bool | None = None
    beyond: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    template: str | None = None

    def require_loadable(self) -> None:
        """What transformers needs beside the weights.

        Raises:
            FactoryError: there is no tokenizer, no processor of a model that sees, or no known architecture.
        """
        if self.lacks:
            raise FactoryError("; ".join(self.lacks), fix="take a whole copy of a model that transformers knows")

    def require_whole(self) -> None:
        """Weights that can be changed, and a row of the embedding for each token.

        Raises:
            FactoryError: the model is quantized, or its tokenizer has tokens beyond the embeddings.
        """
        if "quantization_config" in self.config:
            raise FactoryError("the model is quantized", fix="start from its 16-bit version")
        if self.beyond:
            more = ", …" if len(self.beyond) > SHOWN else ""
            raise FactoryError(
                f"the tokenizer has {len(self.beyond)} tokens beyond the embeddings: "
                f"{', '.join(self.beyond[:SHOWN])}{more}",
                fix="take the tokenizer that belongs to the weights, or give each token a row: "
                "model.resize_token_embeddings(len(tokenizer))",
            )

    def require_chat(self, fix: str) -> None:
        """
        Raises:
            FactoryError: the tokenizer has no chat template, or one that cannot be read.
        """
        if self.chat is False:
            raise FactoryError("the model has no chat template", fix=fix)
        if self.template is not None:
            raise FactoryError(self.template, fix=fix)

    def require_sight(self, fix: str) -> None:
        """
        Raises:
            FactoryError: the model reads text only.
        """
        if self.config and not sees(self.config):
            raise FactoryError(f"the model {TEXT_ONLY}", fix=fix)

    def require_text(self, verb: str, fix: str) -> None:
        """
        Raises:
            FactoryError: the model reads pictures too, which the verb does not know.
        """
        if sees(self.config):
            raise FactoryError(f"{verb} is for models of text, and this one reads pictures too", fix=fix)


UNKNOWN = Outline({})
