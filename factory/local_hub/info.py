"""Repo information and lists: GET /api/models and its like, search, filter, sort, pages, `expand`."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from factory.local_hub import metadata, spaces
from factory.local_hub.context import (
    Hub,
    find_repo,
    flag,
    hub_of,
    identity,
    kind_of,
    many,
    may_see,
    next_link,
    param,
)
from factory.local_hub.errors import HubError, bad_request
from factory.local_hub.storage import Commit, Repo

PAGE = 1000
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
    """The properties of a repo at a commit, each computed when asked for."""

    def __init__(self, hub: Hub, repo: Repo, commit: Commit, *, blobs: bool = False) -> None:
        self.hub, self.repo, self.commit, self.blobs = hub, repo, commit, blobs
        self.about = metadata.summary(hub, commit)

    def get(self, names: set[str]) -> dict[str, Any]:
        answer: dict[str, Any] = {"_id": f"{self.repo.pk:024x}", "id": self.repo.id}
        if self.repo.kind == "model":
            answer["modelId"] = self.repo.id
        for name in names - ALWAYS:
            value = self.value(name)
            if value is not None:
                answer[name] = value
        return answer

    def value(self, name: str) -> Any:
        repo, about, card = self.repo, self.about, self.about.card
        match name:
            case "author":
                return repo.namespace
            case "sha":
                return self.commit.oid
            case "lastModified":
                return self.commit.date if self.commit.date > repo.updated_at else repo.updated_at
            case "createdAt":
                return repo.created_at
            case "private":
                return repo.private
            case "gated":
                return repo.gated or False
            case "disabled":
                return False
            case "downloads" | "downloadsAllTime" | "trendingScore" | "childrenModelCount":
                return 0
            case "likes":
                row = self.hub.store.db.one("SELECT count(*) AS n FROM likes WHERE repo = ?", repo.pk)
                return row["n"] if row else 0
            case "tags":
                return metadata.tags_of(repo.kind, about)
            case "cardData":
                return card if about.has_card else None
            case "siblings":
                return siblings(self.hub, self.commit, blobs=self.blobs)
            case "usedStorage":
                row = self.hub.store.db.one(
                    "SELECT sum(size) AS n FROM (SELECT DISTINCT sha256, size FROM repo_blobs WHERE repo = ?)", repo.pk
                )
                return (row["n"] if row else 0) or 0
            case "xetEnabled":
                return False
        return getattr(self, f"_{repo.kind}")(name)

    def _model(self, name: str) -> Any:
        about, card = self.about, self.about.card
        match name:
            case "pipeline_tag":
                return metadata.task_of(about)
            case "library_name":
                return metadata.library_of(about)
            case "config":
                return about.config or None
            case "transformersInfo":
                if metadata.library_of(about) != "transformers":
                    return None
                return {"auto_model": "AutoModel", "pipeline_tag": metadata.task_of(about)}
            case "safetensors":
                return about.safetensors
            case "model-index":
                return card.get("model-index")
            case "evalResults":
                return about.eval_results
            case "baseModels":
                return metadata.base_models(card) or None
            case "widgetData":
                return card.get("widget")
            case "spaces":
                return []
        return None

    def _dataset(self, name: str) -> Any:
        match name:
            case "description":
                text = " ".join(self.about.text.split())
                return text[:200] if self.about.has_card else None
            case "paperswithcode_id":
                return self.about.card.get("paperswithcode_id")
            case "mainSize":
                files = self.hub.store.files([e.oid for e in self.hub.store.trees.files(self.commit.tree)])
                return sum(file.size for file in files.values())
        return None

    def _space(self, name: str) -> Any:
        card = self.about.card
        match name:
            case "sdk":
                return card.get("sdk")
            case "subdomain":
                return self.repo.id.replace("/", "-").replace(".", "-").lower()
            case "runtime":
                return spaces.runtime(self.hub, self.repo)
            case "models" | "datasets":
                return metadata.as_list(card.get(name)) or None
        return None


def _expand(request: Request, kind: str) -> set[str] | None:
    wanted = many(request, "expand")
    if not wanted:
        return None
    known = set(EXPANDABLE[kind].split())
    for name in wanted:
        if name not in known:
            raise bad_request(f'"expand" must be one of [{", ".join(sorted(known))}], got {name}')
    return set(wanted)


def get_info(request: Request) -> JSONResponse:
    hub, repo, kind = hub_of(request), find_repo(request), kind_of(request)
    revision = param(request, "rev") if "rev" in request.path_params else "main"
    commit = hub.store.resolve(repo, revision)
    names = _expand(request, kind)
    if names is None:
        names = set(EXPANDABLE[kind].split()) - {
            "downloadsAllTime",
            "baseModels",
            "childrenModelCount",
            "trendingScore",
            "mainSize",
            "evalResults",
        }
    answer = Info(hub, repo, commit, blobs=flag(request, "blobs")).get(names)
    if flag(request, "securityStatus"):
        answer["securityRepoStatus"] = {"scansDone": False, "filesWithIssues": []}
    return JSONResponse(answer)


def list_repos(request: Request) -> JSONResponse:
    hub, kind = hub_of(request), kind_of(request)
    names = _expand(request, kind)
    if names is None:
        names = set(LISTED[kind].split())
        if flag(request, "full"):
            names |= set(FULL[kind].split())
        names |= {"cardData"} if flag(request, "cardData") else set()
        names |= {"config"} if flag(request, "config") else set()
    found = [info for info in select(request, hub, kind) if info]
    start, limit = _page(request)
    page = found[start : start + limit]
    headers = next_link(request, cursor=start + limit) if start + limit < len(found) else {}
    return JSONResponse([info.get(names) for info in page], headers=headers)


def _page(request: Request) -> tuple[int, int]:
    try:
        start = int(request.query_params.get("cursor") or 0)
        limit = int(request.query_params.get("limit") or PAGE)
    except ValueError:
        raise bad_request("limit and cursor must be whole numbers") from None
    return max(start, 0), min(max(limit, 1), PAGE)


def select(request: Request, hub: Hub, kind: str) -> list[Info]:
    """The repos that the asker may see and the query asks for, in the order it asks for."""
    who, query = identity(request), request.query_params
    searches = [text.lower() for value in many(request, "search") for text in value.split()]
    filters = [tag for value in many(request, "filter") for tag in value.split(",") if tag]
    filters += many(request, "pipeline_tag")
    linked = {f"{key}": set(many(request, key)) for key in ("models", "datasets") if kind == "space"}
    infos = []
    for repo in hub.store.repos(kind, query.get("author")):
        if not may_see(who, repo) or not all(text in repo.id.lower() for text in searches):
            continue
        if "gated" in query and flag(request, "gated") is not bool(repo.gated):
            continue
        try:
            info = Info(hub, repo, hub.store.resolve(repo, "main"))
        except HubError:  # deleted between the list and now
            continue
        if filters and not set(filters) <= set(info.value("tags")):
            continue
        if any(ids and not ids & set(info.value(key) or []) for key, ids in linked.items()):
            continue
        infos.append(info)
    order = query.get("sort") or ("lastModified" if "author" in query else "trendingScore")
    if order not in ("lastModified", "createdAt", "likes", "downloads", "trendingScore", "likes7d"):
        raise bad_request(f"Invalid sort: {order}")
    if order in ("downloads", "trendingScore", "likes7d"):  # not counted here: the most recent first
        order = "lastModified"
    return sorted(infos, key=lambda info: info.value(order), reverse=query.get("direction") != "1")


def search_spaces(request: Request) -> JSONResponse:
    hub, who = hub_of(request), identity(request)
    words = request.query_params.get("q", "").lower().split()
    answer = []
    for repo in hub.store.repos("space"):
        info = Info(hub, repo, hub.store.resolve(repo, "main"))
        text = f"{repo.id} {info.about.card.get('title', '')} {info.about.card.get('short_description', '')}".lower()
        if may_see(who, repo) and all(word in text for word in words):
            found = info.get({"author", "likes", "private", "tags", "sdk", "runtime", "trendingScore"})
            card = info.about.card
            answer.append(found | {"title": card.get("title") or repo.name, "emoji": card.get("emoji")})
    return JSONResponse(answer)


def tags_by_type(request: Request) -> JSONResponse:
    """The tags in use, by what they are."""
    hub, who = hub_of(request), identity(request)
    kind = "model" if "models-" in request.url.path else "dataset"
    groups: dict[str, set[str]] = {}
    for repo in hub.store.repos(kind):
        if may_see(who, repo):
            for tag in Info(hub, repo, hub.store.resolve(repo, "main")).value("tags"):
                groups.setdefault(tag.partition(":")[0] if ":" in tag else "other", set()).add(tag)
    return JSONResponse(
        {group: [{"id": tag, "label": tag, "type": group} for tag in sorted(tags)] for group, tags in groups.items()}
    )


routes = [
    Route("/api/models-tags-by-type", tags_by_type),
    Route("/api/datasets-tags-by-type", tags_by_type),
    Route("/api/spaces/semantic-search", search_spaces),
    Route("/api/{kind:kind}", list_repos),
    Route("/api/{kind:kind}/{namespace}/{name}/revision/{rev}", get_info),
]
last_routes = [Route("/api/{kind:kind}/{namespace}/{name}", get_info)]
