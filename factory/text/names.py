"""Names that a translation may leave as they are."""

from __future__ import annotations

import re

_NAME = re.compile(r"\b[^\W\d_a-z]\w*")  # begins with no small ASCII letter
# A species (Homo erectus), and what stands in quotation marks or brackets.
_GLOSS = re.compile(r"\s*[(（]([^()（）\n]{2,60})[)）]")
_AS_IT_IS = re.compile(
    r"\b[A-Z][a-z]+ [a-z]{2,}(?:us|is|um|a|i|ae|ns)\b|[\"'“«„(\[]([^\"'“”«»„()\[\]\n]{2,40})[\"'”»)\]]"
)


def without_names(text: str, source: str) -> str:
    """The text without the words that begin with a capital and are in the source, too, nor such in quotation marks.

    >>> without_names("Tom wohnt in Berlin", "Tom lives in Berlin").split()
    ['wohnt', 'in']
    """
    text = _AS_IT_IS.sub(lambda found: " " if (found[1] or found[0]).strip("_ ") in source else found[0], text)
    names = {*_NAME.findall(source)}
    return _NAME.sub(lambda name: " " if name[0] in names else name[0], text) if names else text


def without_glosses(text: str, source: str) -> str:
    """The text without what stands in brackets and is in the source: the original name behind its translation.

    >>> without_glosses("尼古拉斯 (Nicholas) 说", "Nicholas said")
    '尼古拉斯 说'
    """
    if "(" not in text and "（" not in text:
        return text
    return _GLOSS.sub(lambda gloss: "" if gloss[1] in source else gloss[0], text)
