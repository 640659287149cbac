"""Names that a translation may leave as they are."""

from __future__ import annotations

import re

_NAME = re.compile(r"\b[^\W\d_a-z]\w+")  # begins with no small ASCII letter


def without_names(text: str, source: str) -> str:
    """The text without the words that begin with a capital and are in the source, too.

    >>> without_names("Tom wohnt in Berlin", "Tom lives in Berlin").split()
    ['wohnt', 'in']
    """
    names = {*_NAME.findall(source)}
    return _NAME.sub(lambda name: " " if name[0] in names else name[0], text) if names else text
