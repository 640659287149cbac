"""Repo information and lists: GET /api/models and its like, search, filter, sort, pages, `expand`."""

import logging
from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from factory.local_hub import metadata, spaces
from factory.local_hub.context import Hub, find_repo, flag, hub_of, kind_of, many, paged, revision_of, visible
from factory.local_hub.errors import HubError, bad_request
from factory.local_hub.routing import REPO, Answer, Routes
from factory.local_hub.storage import Commit, Repo

routes = Routes()
last_routes = Routes()
PAGE = 1000
SHOWN_PROBLEMS = 3
logger = logging.getLogger(__name__)
ALWAYS = {"_id", "id", "modelId"}
EXPANDABLE = {
    "model": "author baseModels cardData childrenModelCount config createdAt disabled downloads downloadsAllTime"
    " evalResults gated gguf inference inferenceProviderMapping lastModified library_name likes mask_token model-index"
    " pipeline_tag private resourceGroup safetensors sha siblings spaces tags transformersInfo trendingScore"
    " usedStorage widgetData securityStatus xetEnabled",
    "dataset": "author cardData citation createdAt description disabled downloads downloadsAllTime gated lastModified"
    " likes mainSize paperswithcode_id private resourceGroup sha siblings tags trendingScore usedStorage xetEnabled",
    "space": "author cardData createdAt datasets disabled lastModified likes models private region resourceGroup"
    " runtime sdk sha siblings subdomain tags trendingScore usedStorage xetEnabled",
}
LISTED = {
    "model": "createdAt downloads library_name likes pipeline_tag private tags trendingScore",
    "dataset": "author cardData createdAt description disabled downloads gated lastModified likes private sha tags"
    " trendingScore",
    "space": "createdAt likes private sdk tags trendingScore",
}
FULL = {
    "model": "author gated lastModified sha siblings disabled",
    "dataset": "siblings",
    "space": "author cardData lastModified siblings sha models datasets subdomain disabled",
}


def siblings(hub: Hub, commit: Commit, *, blobs: bool) -> list[dict[str, Any]]:
    entries = list(hub.store.trees.files(commit.tree))
    if not blobs:
        return [{"rfilename": entry.path} for entry in entries]
    files = hub.store.files([entry.oid for entry in entries])
    answer = []
    for entry in entries:
        file = files[entry.oid]
        item: dict[str, Any] = {"rfilename": entry.path, "blobId": file.oid, "size": file.size}
        if file.lfs:
            item["lfs"] = {"sha256": file.sha256, "size": file.size, "pointerSize": file.pointer_size}
        answer.append(item)
    return answer


class Info:
    """The properties of a repo at a commit (the head of main where none is given), each computed when asked for."""

    def __init__(self, hub: Hub, repo: Repo, commit: Commit | None = None, *, blobs: bool = False) -> None:
        self.hub, self.repo, self.blobs = hub, repo, blobs
        self.commit = commit or hub.store.resolve(repo, "main")
        self.about = metadata.summary(hub, self.commit)
        self.card = self.about.card

    def get(self, names: set[str]) -> dict[str, Any]:
        answer: dict[str, Any] = {"_id": f"{self.repo.pk:024x}", "id": self.repo.id}
        if self.repo.kind == "model":
            answer["modelId"] = self.repo.id
        if self.about.problems:
            answer["problems"] = self.about.problems[:SHOWN_PROBLEMS]
        values = {name: self.value(name) for name in names - ALWAYS}
        return answer | {name: value for name, value in values.items() if value is not None}

    def value(self, name: str) -> Any:
        return PROPERTIES[name](self) if name in PROPERTIES else None

    def of_repo(self, sql: str) -> Any:
        """What a query over rows of this repo counts."""
        return self.hub.store.db.value(sql, self.repo.pk) or 0


def _transformers(info: Info) -> dict[str, Any] | None:
    if metadata.library_of(info.about) != "transformers":
        return None
    return {"auto_model": "AutoModel", "pipeline_tag": metadata.task_of(info.about)}


def _size(info: Info) -> int:
    oids = [entry.oid for entry in info.hub.store.trees.files(info.commit.tree)]
    return sum(file.size for file in info.hub.store.files(oids).values())


# `EXPANDABLE` says which kinds of repo have which; what it names and this does not is not kept here
PROPERTIES: dict[str, Callable[[Info], Any]] = {
    "author": lambda info: info.repo.namespace,
    "sha": lambda info: info.commit.oid,
    "lastModified": lambda info: max(info.commit.date, info.repo.updated_at),
    "createdAt": lambda info: info.repo.created_at,
    "private": lambda info: info.repo.private,
    "gated": lambda info: info.repo.gated or False,
    "disabled": lambda _: False,
    "downloads": lambda _: 0,
    "downloadsAllTime": lambda _: 0,
    "trendingScore": lambda _: 0,
    "childrenModelCount": lambda _: 0,
    "likes": lambda info: info.of_repo("SELECT count(*) FROM likes WHERE repo = ?"),
    "tags": lambda info: metadata.tags_of(info.repo.kind, info.about),
    "cardData": lambda info: info.card if info.about.has_card else None,
    "siblings": lambda info: siblings(info.hub, info.commit, blobs=info.blobs),
    "usedStorage": lambda info: info.of_repo(
        "SELECT sum(size) FROM (SELECT DISTINCT sha256, size FROM repo_blobs WHERE repo = ?)"
    ),
    "xetEnabled": lambda _: False,
    "pipeline_tag": lambda info: metadata.task_of(info.about),
    "library_name": lambda info: metadata.library_of(info.about),
    "config": lambda info: info.about.config or None,
    "transformersInfo": _transformers,
    "safetensors": lambda info: info.about.safetensors,
    "model-index": lambda info: info.card.get("model-index"),
    "evalResults": lambda info: info.about.eval_results,
    "baseModels": lambda info: metadata.base_models(info.card) or None,
    "widgetData": lambda info: info.card.get("widget"),
    "spaces": lambda _: [],
    "description": lambda info: " ".join(info.about.text.split())[:200] if info.about.has_card else None,
    "paperswithcode_id": lambda info: info.card.get("paperswithcode_id"),
    "mainSize": _size,
    "sdk": lambda info: info.card.get("sdk"),
    "subdomain": lambda info: info.repo.id.replace("/", "-").replace(".", "-").lower(),
    "runtime": lambda info: spaces.runtime(info.hub, info.repo),
    "models": lambda info: metadata.as_list(info.card.get("models")) or None,
    "datasets": lambda info: metadata.as_list(info.card.get("datasets")) or None,
}
# too dear, or too rarely wanted, for those who do not ask
NOT_UNASKED = {"downloadsAllTime", "baseModels", "childrenModelCount", "trendingScore", "mainSize", "evalResults"}


def _expand(request: Request, kind: str) -> set[str] | None:
    known, wanted = set(EXPANDABLE[kind].split()), many(request, "expand")
    for name in wanted:
        if name not in known:
            raise bad_request(f'"expand" must be one of [{", ".join(sorted(known))}], got {name}')
    return set(wanted) or None


@routes("GET", REPO + "/revision/{rev}")
@last_routes("GET", REPO)
def get_info(request: Request) -> Answer:
    hub, repo, kind = hub_of(request), find_repo(request), kind_of(request)
    names = _expand(request, kind) or set(EXPANDABLE[kind].split()) - NOT_UNASKED
    commit = hub.store.resolve(repo, revision_of(request))
    answer = Info(hub, repo, commit, blobs=flag(request, "blobs")).get(names)
    if flag(request, "securityStatus"):
        answer["securityRepoStatus"] = {"scansDone": False, "filesWithIssues": []}
    return answer


@routes("GET", "/api/{kind:kind}")
def list_repos(request: Request) -> Answer:
    kind = kind_of(request)
    names = _expand(request, kind)
    if names is None:
        names = set(LISTED[kind].split()) | {name for name in ("cardData", "config") if flag(request, name)}
        names |= set(FULL[kind].split()) if flag(request, "full") else set()
    return paged(
        request,
        select(request, kind),
        PAGE,
        lambda page: [described(info, lambda one: one.get(names)) for info in page],
    )


def described(info: Info, describe: Callable[[Info], dict[str, Any]]) -> dict[str, Any]:
    """What `describe` says of a repo, or only its name and why: none may break the list that it stands in."""
    try:
        return describe(info)
    except Exception as error:
        logger.exception("%s %s cannot be described", info.repo.kind, info.repo.id)
        info.about = metadata.Summary(problems=[f"this repo cannot be described: {type(error).__name__}"])
        info.card = {}
        return describe(info)


def select(request: Request, kind: str) -> list[Info]:
    """The repos that the asker may see and the query asks for, in the order it asks for."""
    query = request.query_params
    searches = [text.lower() for value in many(request, "search") for text in value.split()]
    infos = [info for info in filtered(request, kind) if all(text in info.repo.id.lower() for text in searches)]
    order = query.get("sort") or ("lastModified" if "author" in query else "trendingScore")
    if order not in ("lastModified", "createdAt", "likes", "downloads", "trendingScore", "likes7d"):
        raise bad_request(f"Invalid sort: {order}")
    if order in ("downloads", "trendingScore", "likes7d"):  # not counted here: the most recent first
        order = "lastModified"
    return sorted(infos, key=lambda info: info.value(order), reverse=query.get("direction") != "1")


def filtered(request: Request, kind: str) -> list[Info]:
    """The repos that the asker may see and that have the tags and links which the query asks for."""
    hub, query = hub_of(request), request.query_params
    filters = [tag for value in many(request, "filter") for tag in value.split(",") if tag]
    filters += many(request, "pipeline_tag")
    linked = {key: set(many(request, key)) for key in ("models", "datasets") if kind == "space"}
    infos = []
    for repo in visible(request, kind, query.get("author")):
        if "gated" in query and flag(request, "gated") is not bool(repo.gated):
            continue
        try:
            info = Info(hub, repo)
        except HubError:  # deleted between the list and now
            continue
        if filters and not set(filters) <= set(info.value("tags")):
            continue
        if any(ids and not ids & set(info.value(key) or []) for key, ids in linked.items()):
            continue
        infos.append(info)
    return infos


@routes("GET", "/api/spaces/semantic-search")
def search_spaces(request: Request) -> Answer:
    words = request.query_params.get("q", "").lower().split()
    answer = []
    for repo in visible(request, "space"):
        info = Info(hub_of(request), repo)
        text = f"{repo.id} {info.card.get('title', '')} {info.card.get('short_description', '')}".lower()
        if all(word in text for word in words):
            found = info.get({"author", "likes", "private", "tags", "sdk", "runtime", "trendingScore"})
            answer.append(found | {"title": info.card.get("title") or repo.name, "emoji": info.card.get("emoji")})
    return answer


@routes("GET", "/api/{kind:kind}-tags-by-type")
def tags_by_type(request: Request) -> Answer:
    """The tags in use, by what they are."""
    groups: dict[str, set[str]] = {}
    for repo in visible(request, kind_of(request)):
        for tag in Info(hub_of(request), repo).value("tags"):
            groups.setdefault(tag.partition(":")[0] if ":" in tag else "other", set()).add(tag)
    return {
        group: [{"id": tag, "label": tag, "type": group} for tag in sorted(tags)] for group, tags in groups.items()
    }
