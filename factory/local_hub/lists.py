"""Lists of repos for people: what each holds, full-text search of cards, sorting, filters with their counts."""

import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from factory.local_hub import metadata, viewer
from factory.local_hub.info import Info, described, filtered
from factory.local_hub.rendering import first_words
from factory.local_hub.web import PAGE, Pages, page_number, show
from factory.text.arabic import fold

routes = Pages()
SHOWN_TAGS = 10  # of each group of filters
AROUND = 90  # characters shown on either side of what was searched for
MARKUP = re.compile(r"<[^<>]{0,1000}>|[#*|`>_]+|\]\([^()]{0,1000}\)|!?\[")
PREFIXES = {
    "license:": "licence",
    "language:": "language",
    "task_categories:": "task",
    "size_categories:": "rows",
    "format:": "format",
}
SORTS: dict[str, tuple[str, Callable[[Info], Any]]] = {
    "updated": ("last updated", lambda info: info.value("lastModified")),
    "created": ("newest", lambda info: info.value("createdAt")),
    "likes": ("most liked", lambda info: info.value("likes")),
    "size": ("largest", lambda info: info.value("mainSize")),
    "rows": ("most rows", lambda info: rows_of(info) or 0),
    "name": ("name", lambda info: info.repo.id.lower()),
}


def rows_of(info: Info) -> int | None:
    """Rows of a dataset's first config: as its card says, or as its Parquet files do; None where neither tells."""
    declared = metadata.mappings(info.card.get("dataset_info"))
    splits = metadata.mappings((declared or [{}])[0].get("splits"))
    if counts := [count for split in splits if isinstance(count := split.get("num_examples"), int)]:
        return sum(counts)
    first = next(iter(viewer.configs(info.about).values()), [])
    return viewer.total(info.hub, [file for split in first for file in viewer.files_of(info.hub, info.commit, split)])


def facts(info: Info, excerpt: str = "") -> dict[str, Any]:
    """What a list shows of a repo; `excerpt` takes the place of its description."""
    kind, card = info.repo.kind, info.card
    return {
        "repo": info.repo,
        "task": metadata.task_of(info.about) if kind == "model" else None,
        "title": card.get("title") if kind == "space" else None,
        "emoji": card.get("emoji") if kind == "space" else None,
        "licence": ", ".join(metadata.as_list(card.get("license_name") or card.get("license"))),
        "rows": rows_of(info) if kind == "dataset" else None,
        "bytes": info.value("mainSize"),
        "parameters": info.about.safetensors["total"] if info.about.safetensors else None,
        "updated": info.value("lastModified"),
        "likes": info.value("likes"),
        "stand_in": info.about.stand_in,
        "problem": next(iter(info.about.problems), None),
        "description": excerpt or first_words(info.about.text),
    }


def found(infos: list[Info], search: str) -> list[tuple[Info, str]]:
    """(repo, excerpt) of those that have every word in their name, then of those that have it in title, tags or card.

    Case, and what Arabic writers leave out or write either way, do not matter.
    """
    words = _folded(search).split()
    named = [info for info in infos if all(word in info.repo.id.lower() for word in words)]
    hits = [(info, "") for info in named]
    for info in (info for info in infos if info not in named):
        text = " ".join(MARKUP.sub(" ", info.about.text).split())
        about = [info.repo.id, str(info.card.get("title", "")), *map(str, info.value("tags")), text]
        if all(word in _folded(" ".join(about)) for word in words):
            hits.append((info, _excerpt(text, words)))
    return hits


def _folded(text: str) -> str:
    return fold(text.casefold())


def _excerpt(text: str, words: list[str]) -> str:
    """The text around the first word that stands in it, looked for word by word since folding changes lengths."""
    pieces = text.split(" ")
    at = next((n for n, piece in enumerate(pieces) if any(word in _folded(piece) for word in words)), None)
    if at is None:
        return ""
    before, after = " ".join(pieces[:at])[-AROUND:], " ".join(pieces[at:])[:AROUND]
    return f"… {before.partition(' ')[2] or before} {after} …"


def facets(infos: list[Info]) -> dict[str, list[tuple[str, str, int]]]:
    """{group: (tag, its name, repos with it)}, the most frequent first."""
    counts: dict[str, Counter[tuple[str, str]]] = {}
    for info in infos:
        own = {metadata.task_of(info.about): "task", metadata.library_of(info.about): "library"}
        own |= dict.fromkeys(metadata.as_list(info.card.get("language")), "language")
        own |= dict.fromkeys(metadata.as_list(info.card.get("tags")), "tag")
        for tag in info.value("tags"):
            prefix = next((prefix for prefix in PREFIXES if tag.startswith(prefix)), "")
            if group := PREFIXES.get(prefix) or own.get(tag):
                counts.setdefault(group, Counter())[tag, tag.removeprefix(prefix)] += 1
    return {
        group: [(tag, name, count) for (tag, name), count in tags.most_common(SHOWN_TAGS)]
        for group, tags in sorted(counts.items())
    }


@routes.page("/models", "/datasets", "/spaces")
def repo_list(request: Request) -> Response:
    plural, query = request.scope["path"].strip("/"), request.query_params
    kind = plural.removesuffix("s")
    sorts = {name: label for name, (label, _) in SORTS.items() if name != "rows" or kind == "dataset"}
    sort = query.get("sort") if query.get("sort") in sorts else "updated"
    infos = sorted(filtered(request, kind), key=SORTS[sort or ""][1], reverse=sort != "name")
    search, filters = query.get("search", ""), query.getlist("filter")
    hits = found(infos, search)
    number, rest = page_number(request)
    base = [("search", search)] * bool(search) + [("sort", sort)] * (sort != "updated")

    def toggled(tag: str) -> str:
        """The address with one more filter, or without it."""
        kept = [one for one in filters if one != tag] if tag in filters else [*filters, tag]
        return "?" + urlencode([*base, *(("filter", one) for one in kept)])

    return show(
        request,
        "list.html",
        plural=plural,
        items=[
            described(info, partial(facts, excerpt=excerpt))
            for info, excerpt in hits[number * PAGE : (number + 1) * PAGE]
        ],
        total=len(hits),
        search=search,
        filters=filters,
        sorts=sorts,
        sort=sort,
        facets=facets([info for info, _ in hits]),
        toggled=toggled,
        number=number,
        rest=rest,
        more=(number + 1) * PAGE < len(hits),
    )
