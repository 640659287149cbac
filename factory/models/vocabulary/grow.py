"""tokenizer.json with more pieces: old ids, merges and special tokens stay where they are."""

import copy
from collections.abc import Sequence
from typing import Any

from factory.models.vocabulary.kinds import Piece, next_id


def grown(document: dict[str, Any], pieces: Sequence[Piece]) -> dict[str, Any]:
    """A copy of `document` with `pieces` at the ids above all others, in their order.

    Added tokens (special ones and the like) are entered in the model's vocabulary under the ids they have: the
    tokenizers library numbers those it does not find there anew, from the vocabulary's size on.
    """
    if not pieces:
        return document
    document = copy.deepcopy(document)
    model, first = document["model"], next_id(document)
    if model["type"] == "Unigram":
        _grow_unigram(document, pieces, first)
        return document
    for token in document["added_tokens"]:
        model["vocab"].setdefault(token["content"], token["id"])
    joined = bool(model["merges"]) and isinstance(model["merges"][0], str)
    for number, piece in enumerate(pieces):
        model["vocab"][piece.text] = first + number
        if piece.parts:
            model["merges"].append(" ".join(piece.parts) if joined else list(piece.parts))
    return document


def _grow_unigram(document: dict[str, Any], pieces: Sequence[Piece], first: int) -> None:
    vocab = document["model"]["vocab"]
    least = min(score for _, score in vocab)
    contents = {token["id"]: token["content"] for token in document["added_tokens"]}
    for number in range(len(vocab), first):
        vocab.append([contents.get(number, f"<unused_{number}>"), least])
    vocab += [[piece.text, piece.score] for piece in pieces]
