"""Licences as the Hub's list spells them, and the card's fields for those that are not on it."""

from __future__ import annotations

import re

from factory.errors import nearest

_TABLE = """apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0
    bigcode-openrail-m afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear c-uda cc cc0-1.0
    cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0
    cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0
    cdla-permissive-1.0 cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 agpl-3.0 gfdl
    gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 isc h-research intel-research lppl-1.3c ms-pl apple-ascl apple-amlr
    mpl-2.0 odc-by odbl openmdw-1.0 openmdw-1.1 openrail++ osl-3.0 postgresql ofl-1.1 ncsa unlicense zlib pddl lgpl-lr
    deepfloyd-if-license fair-noncommercial-research-license llama2 llama3 llama3.1 llama3.2 llama3.3 llama4
    grok2-community gemma unknown other"""
LISTED = frozenset(_TABLE.split())
"""The table of hub-docs, docs/hub/repositories-licenses.md, of 2026-08-22."""

ELSEWHERE = {
    "0bsd": "https://spdx.org/licenses/0BSD.html",
    "lfm1.0": "https://huggingface.co/LiquidAI/LFM2-1.2B/blob/main/LICENSE",
    "qwen": "https://huggingface.co/Qwen/Qwen2.5-72B-Instruct/blob/main/LICENSE",
    "qwen-research": "https://huggingface.co/Qwen/Qwen2.5-3B-Instruct/blob/main/LICENSE",
}
"""Licences in use that the Hub does not list, and where they can be read."""

NAME = re.compile(r"[a-z0-9][a-z0-9.+_-]*")
FILES = ("LICENSE", "LICENSE.md", "LICENSE.txt")
FILLING = re.compile(r"licen[cs]e|version|the |v(?=\d)|(?<=\d)\.0(?!\d)|[^a-z0-9+.]")


def card_license(name: str | None, link: str | None = None) -> dict[str, str]:
    """The fields of a card: a licence that the Hub does not list is ``other`` with its name and link.

    >>> card_license("mit"), card_license("my-license-1.0", "LICENSE")["license"]
    ({'license': 'mit'}, 'other')
    """
    if name is None:
        return {"license": "unknown"}
    if name in LISTED:
        return {"license": name}
    link = link or ELSEWHERE.get(name)
    return {"license": "other", "license_name": name, **({"license_link": link} if link else {})}


def misspelt(name: str) -> str:
    """The listed licence that is meant by a name in other letters; empty where the name is right or of another one.

    >>> misspelt("Apache 2.0"), misspelt("GPLv3"), misspelt("mit"), misspelt("openai")
    ('apache-2.0', 'gpl-3.0', '', '')
    """
    if name in LISTED or name in ELSEWHERE:
        return ""
    return next((known for known in sorted({*LISTED, *ELSEWHERE}) if _key(known) == _key(name)), "")


def license_problem(name: str) -> str:
    """What is wrong with a licence that is to be declared; empty where the Hub lists it or we know where it is."""
    if name in LISTED or name in ELSEWHERE:
        return ""
    meant = misspelt(name)
    hint = f"; did you mean {meant!r}?" if meant else nearest(name, {*LISTED, *ELSEWHERE}, 0)
    own = "" if hint else "; one of your own is `license: other` with its `license_name` and `license_link`"
    return f"the Hub lists no licence {name!r}{hint}{own}"


def name_problem(name: str) -> str:
    """What is wrong with the name of a licence that the Hub does not list: it is an id, like my-license-1.0."""
    if NAME.fullmatch(name):
        return ""
    return f'"license_name" with value "{name}" is not valid. It is an id of small letters, digits, ".", "-" and "_"'


def link_problem(link: str) -> str:
    """What is wrong with the link to a licence: it is an address, or the file of the repo that holds it."""
    if link in FILES or re.fullmatch(r"https?://[^\s/]+\S*", link):
        return ""
    return f'"license_link" with value "{link}" is not valid. It is a URL or one of [{", ".join(FILES)}]'


def _key(name: str) -> str:
    return FILLING.sub("", name.lower())
