"""Names as a Hub takes them: of repos, their owners, collections, tags and licences. Asked before any work.

Those for repos are the rules of `huggingface_hub.utils.validate_repo_id` and of the server's answer to
``/api/repos/create`` ("Only regular characters and '-', '_', '.' are accepted. '--' and '..' are forbidden. '-' and
'.' cannot start or end the name. The name cannot end with ".git" or ".ipynb". Max length is 96.").
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from factory.errors import UsageError

LONGEST_NAME = 96  # characters of a repo's name, and of its owner's
LONGEST_TITLE = 60  # of a collection
LONGEST_TAG = 100  # the Hub states no limit; longer ones are sentences
ENDINGS = (".git", ".ipynb")
RESERVED = {"api", "collections", "datasets", "docs", "models", "organizations", "papers", "settings", "spaces"}
OTHER = re.compile(r"[^A-Za-z0-9._-]")
OTHER_IN_TAG = re.compile(r"[^A-Za-z0-9._:+/-]")
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
    "falcon-llm-license": "https://falconllm.tii.ae/falcon-terms-and-conditions.html",
    "lfm1.0": "https://huggingface.co/LiquidAI/LFM2-1.2B/blob/main/LICENSE",
    "nvidia-open-model-license": "https://www.nvidia.com/en-us/agreements/enterprise-software/nvidia-open-model-license",
    "qwen": "https://huggingface.co/Qwen/Qwen2.5-72B-Instruct/blob/main/LICENSE",
    "qwen-research": "https://huggingface.co/Qwen/Qwen2.5-3B-Instruct/blob/main/LICENSE",
    "tencent-hunyuan-community": "https://huggingface.co/tencent/Hunyuan-MT-7B/blob/main/License.txt",
    "tencent-hy-community": "https://github.com/Tencent-Hunyuan/HY-MT/blob/main/License.txt",
}
"""Licences in use that the Hub does not list, and where they can be read."""

LICENSE_NAME = re.compile(r"[a-z0-9][a-z0-9.+_-]*")
LICENSE_FILES = ("LICENSE", "LICENSE.md", "LICENSE.txt")
LICENSE_FILLING = re.compile(
    r"licen[cs]e|version|international|unported|the |gnu |v(?=\d)|(?<=\d)\.0(?!\d)|[^a-z0-9+.]"
)
IN_FULL = {
    "open data commons attribution": "odc-by",
    "creative commons zero": "cc0-1.0",
    "creative commons": "cc",
    "attribution": "by",
    "non-?commercial": "nc",
    "share-?alike": "sa",
    "no-?deriv(ative|ativework)?s": "nd",
    "affero general public": "agpl",
    "(lesser|library) general public": "lgpl",
    "general public": "gpl",
    "mozilla public": "mpl",
    "eclipse public": "epl",
    "boost software": "bsl",
    "apache software": "apache",
    "sil open font": "ofl",
}
"""Words that licences' names shorten."""


def repo_problem(repo: str) -> str:
    """What a Hub refuses in ``owner/name``; empty where it takes it.

    >>> repo_problem("me/small-pairs"), repo_problem("me/small--pairs")
    ('', "the repo name 'small--pairs' has '--' in it")
    """
    owner, slash, name = repo.partition("/")
    if not slash:
        return f"{repo!r} is no name of a repo: it is owner/name"
    if "/" in name:
        return f"{repo!r} is no name of a repo: it is owner/name, with one slash"
    return owner_problem(owner) or _problem(name, "repo name")


def require_repo(repo: str, where: str) -> None:
    """
    Raises:
        UsageError: `where` (an option, a profile) names a repo that no Hub takes.
    """
    if problem := repo_problem(repo):
        raise UsageError(problem, where=where, fix="write owner/name")


def owner_problem(owner: str) -> str:
    """What a Hub refuses in the name of a user or an organisation; empty where it takes it."""
    if owner.lower() in RESERVED:
        return f"the namespace {owner!r} is a part of the Hub's own addresses, and nobody's name"
    return _problem(owner, "namespace")


def title_problem(title: str) -> str:
    """What a Hub refuses in the title of a collection, which may be in any language; empty where it takes it."""
    if not title.strip():
        return "the title of a collection is empty"
    if not title.isprintable():
        return f"the title {title!r} of a collection is more than one line"
    if len(title.strip()) > LONGEST_TITLE:
        return f"the title of a collection has {len(title.strip())} characters, {LONGEST_TITLE} at most"
    return ""


def tag_problem(tag: str) -> str:
    """What does not work as a tag, by which people filter on a Hub; empty where it does."""
    if not tag:
        return "a tag is empty"
    if len(tag) > LONGEST_TAG:
        return f"a tag has {len(tag)} characters, {LONGEST_TAG} at most"
    return _letters(tag, "tag", OTHER_IN_TAG, "'-', '_', '.', ':', '+' and '/'")


def _problem(name: str, what: str) -> str:
    return next(_problems(name, what), "")


def _problems(name: str, what: str) -> Iterator[str]:
    if not name:
        yield f"the {what} is empty"
        return
    if said := _letters(name, what, OTHER, "'-', '_' and '.'"):
        yield said
    if len(name) > LONGEST_NAME:
        yield f"the {what} {name[:20]!r}… has {len(name)} characters, {LONGEST_NAME} at most"
    for pair in ("--", ".."):
        if pair in name:
            yield f"the {what} {name!r} has {pair!r} in it"
    if name[0] in "-." or name[-1] in "-.":
        yield f"the {what} {name!r} begins or ends with '-' or '.'"
    if name.lower().endswith(ENDINGS):
        yield f"the {what} {name!r} ends in {name[name.rindex('.') :]!r}"


def _letters(name: str, what: str, other: re.Pattern[str], marks: str) -> str:
    if (found := other.search(name)) is None:
        return ""
    wrong = "a blank" if found[0].isspace() else repr(found[0])
    return f"the {what} {name!r} has {wrong} in it: it is written in letters from a to z, digits, {marks}"


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
    return next((known for known in sorted({*LISTED, *ELSEWHERE}) if _license_key(known) == _license_key(name)), "")


def license_problem(name: str) -> str:
    """What is wrong with a licence that is to be declared; empty where the Hub lists it or we know where it is."""
    if name in LISTED or name in ELSEWHERE:
        return ""
    meant = misspelt(name) or _akin(name)
    hint = f"; did you mean {meant!r}?" if meant else ""
    own = "" if hint else "; one of your own is `license: other` with its `license_name` and `license_link`"
    return f"the Hub lists no licence {name!r}{hint}{own}"


def source_license_problem(name: str) -> str:
    """What is wrong with the licence of a source: it need not be listed, but cards of what is made repeat its name.

    >>> source_license_problem("OpenAI-terms"), source_license_problem("GPLv3")
    ('', "the Hub lists no licence 'GPLv3'; did you mean 'gpl-3.0'?")
    """
    if misspelt(name):
        return license_problem(name)
    if LICENSE_NAME.fullmatch(name.lower()):
        return ""
    return f"the licence {name!r} is no id such as my-license-1.0, which cards name; without one it is `unknown`"


def license_name_problem(name: str) -> str:
    """What is wrong with the name of a licence that the Hub does not list: it is an id, like my-license-1.0."""
    if LICENSE_NAME.fullmatch(name):
        return ""
    return f'"license_name" with value "{name}" is not valid. It is an id of small letters, digits, ".", "-" and "_"'


def license_link_problem(link: str) -> str:
    """What is wrong with the link to a licence: it is an address, or the file of the repo that holds it."""
    if link in LICENSE_FILES or re.fullmatch(r"https?://[^\s/]+\S*", link):
        return ""
    return f'"license_link" with value "{link}" is not valid. It is a URL or one of [{", ".join(LICENSE_FILES)}]'


def _license_key(name: str) -> str:
    name = name.lower()
    for words, short in IN_FULL.items():
        name = re.sub(words, short, name)
    return LICENSE_FILLING.sub("", name)


def _akin(name: str) -> str:
    """The listed licence that a name comes nearest to: the last version of what it begins, what it goes on from, or
    one in like letters; empty where none is near."""
    asked, keys = _license_key(name), {_license_key(known): known for known in sorted({*LISTED, *ELSEWHERE})}
    longer = [key for key in keys if asked and key.startswith(asked)]
    shorter = [key for key in keys if asked.startswith(key)]
    if longer:
        shortest = min(map(len, longer))
        return keys[max(key for key in longer if len(key) == shortest)]
    if shorter:
        return keys[max(shorter, key=len)]
    close = difflib.get_close_matches(asked, keys, n=1, cutoff=0.8)
    return keys[close[0]] if close else ""
