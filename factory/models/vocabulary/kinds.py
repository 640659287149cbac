"""A fast tokenizer's file (tokenizer.json): of which kind its model is, and which bytes its pieces stand for."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from factory.errors import FactoryError

Kind = Literal["byte-level BPE", "SentencePiece BPE", "SentencePiece unigram"]
SPACE = "▁"
BYTE = re.compile(r"^<0x([0-9A-F]{2})>$")


class Piece(NamedTuple):
    """`parts` of a BPE merge; none for a single character. `score` of a unigram piece (log probability)."""

    text: str
    parts: tuple[str, str] | None = None
    score: float = 0.0


def read_document(folder: Path, where: str = "") -> dict[str, Any]:
    """tokenizer.json of a model folder.

    Raises:
        FactoryError: there is none.
    """
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise FactoryError(
            "the model has no tokenizer.json", where=where, fix="save its tokenizer in the fast format first"
        )
    return json.loads(path.read_text(encoding="utf-8"))


def kind_of(document: dict[str, Any], where: str = "") -> Kind:
    """Raises FactoryError for a tokenizer that is neither BPE nor unigram."""
    model = document["model"]
    if model["type"] == "Unigram":
        return "SentencePiece unigram"
    if model["type"] == "BPE":
        parts = [document.get("pre_tokenizer") or {}]
        parts += parts[0].get("pretokenizers") or []
        return "byte-level BPE" if any(part.get("type") == "ByteLevel" for part in parts) else "SentencePiece BPE"
    raise FactoryError(f"a {model['type']} tokenizer cannot be expanded", where=where, fix="it must be BPE or unigram")


@cache
def byte_letters() -> dict[str, int]:
    """The letters by which byte-level BPE writes bytes (GPT-2's table): printable ones as Latin-1."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(rest)}


def spelled(piece: str, kind: Kind) -> bytes | None:
    """The UTF-8 bytes of a piece, its space first where it has one; None for a piece that stands for no text."""
    if kind != "byte-level BPE":
        return None if BYTE.match(piece) else piece.replace(SPACE, " ").encode()
    letters = byte_letters()
    return bytes(letters[letter] for letter in piece) if all(letter in letters for letter in piece) else None


def next_id(document: dict[str, Any]) -> int:
    """The first id above all that are taken."""
    vocab = document["model"]["vocab"]
    ids = vocab.values() if isinstance(vocab, dict) else range(len(vocab))
    return 1 + max([*ids, *(token["id"] for token in document["added_tokens"])])
