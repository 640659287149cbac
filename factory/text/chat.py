"""Traces of chat templates in text that should hold none."""

from __future__ import annotations

import re
from collections import Counter

TOKEN = re.compile(
    r"<\|[^|<>\s]{1,40}\|>"  # <|im_end|>, <|endoftext|>, <|START_OF_TURNTOKEN|>
    r"|</?(?:start|end)_of_(?:turn|text|image)>"
    r"|\[/?INST\]|<</?SYS>>|<(?:bos|eos|pad|unk|s|/s|BOSTOKEN|EOSTOKEN|PAD|EOS)>"
    r"|<｜[^｜<>]{1,40}｜>|<(?:EOD|mask|extra_id_\d+|unused\d+)>|</?tool_call>|<0x[0-9A-F]{2}>"
    r"|\[(?:BOS|EOS|PAD|UNK|SEP|CLS|MASK)\]"
)


_NOTHING: Counter[str] = Counter()


def chat_tokens(text: str) -> Counter[str]:
    """Special tokens of the usual chat formats, spelled out in the text.

    >>> sorted(chat_tokens("Hi<|im_end|> <end_of_turn>"))
    ['<end_of_turn>', '<|im_end|>']
    """
    if "<" not in text and "[" not in text:
        return _NOTHING
    return Counter(TOKEN.findall(text))


def leaked_tokens(source: str, output: str) -> list[str]:
    """Special tokens that the output has and its source has not (a text about chat formats may quote them)."""
    found = chat_tokens(output)
    return sorted(found - chat_tokens(source)) if found else []
