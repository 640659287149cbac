"""Read-only web pages: lists, cards, files, dataset rows, history, discussions, collections."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from factory.hub.server import collections, discussions, metadata, viewer
from factory.hub.server.cells import cell
from factory.hub.server.context import (
    COOKIE,
    Hub,
    check_gate,
    find_repo,
    hub_of,
    identity,
    may_see,
    origin,
    param,
)
from factory.hub.server.diff import commit_diff, pull_diff
from factory.hub.server.errors import HubError, entry_not_found
from factory.hub.server.info import Info, select
from factory.hub.server.read import last_commits, split_revision
from factory.hub.server.rendering import markdown
from factory.hub.server.storage import PREFIXES, Commit, Repo

PAGE = 30
SHOWN = 512 << 10  # bytes of a text file that its page shows
POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
PLURALS = {"model": "models", "dataset": "datasets", "space": "spaces"}


@lru_cache(maxsize=1)
def _templates() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "pages"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"bytes": human_bytes, "path": quote, "day": lambda text: text[:10], "count": human_count}
    environment.globals |= {"cell": cell, "query": lambda **values: urlencode(values)}
    return environment


def human_bytes(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} TB"


def human_count(number: float) -> str:
    for unit in ("", "K", "M", "B"):
        if number < 1000:
            return f"{number:.3g}{unit}"
        number /= 1000
    return f"{number:.3g}T"


def show(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    text = (
        _templates()
        .get_template(template)
        .render(who=_who(request), path=request.scope["path"], origin=origin(request), status=status, **values)
    )
    return HTMLResponse(text, status, headers={"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"})


def _who(request: Request) -> Any:
    try:
        return identity(request)
    except HubError:
        return None


def page(handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """Errors of a page are pages."""

    def shown(request: Request) -> Response:
        try:
            return handler(request)
        except HubError as error:
            return show(request, "error.html", error.status, message=error.message)

    return shown


# --- lists


def _cards(hub: Hub, infos: list[Info]) -> list[dict[str, Any]]:
    return [
        {
            "repo": info.repo,
            "task": metadata.task_of(info.about) if info.repo.kind == "model" else None,
            "title": info.about.card.get("title") if info.repo.kind == "space" else None,
            "emoji": info.about.card.get("emoji") if info.repo.kind == "space" else None,
            "updated": info.value("lastModified"),
            "likes": info.value("likes"),
            "stand_in": info.about.stand_in,
            "size": info.about.safetensors["total"] if info.about.safetensors else None,
            "tags": metadata.as_list(info.about.card.get("tags"))[:4],
        }
        for info in infos
    ]


@page
def home(request: Request) -> Response:
    hub = hub_of(request)
    groups = {PLURALS[kind]: select(request, hub, kind) for kind in PREFIXES}
    lists = {name: _cards(hub, infos[:6]) for name, infos in groups.items()}
    shelves = collections.listed(hub, _who(request), [], [])
    counts = {name: len(infos) for name, infos in groups.items()} | {"collections": len(shelves)}
    shown = [collections.describe(hub, _who(request), row) for row in shelves[:6]]
    return show(request, "home.html", lists=lists, counts=counts, collections=shown)


@page
def repo_list(request: Request) -> Response:
    hub, plural = hub_of(request), request.scope["path"].strip("/")
    kind = plural.removesuffix("s")
    infos = select(request, hub, kind)
    number, rest = _number(request)
    shown = infos[number * PAGE : (number + 1) * PAGE]
    return show(
        request,
        "list.html",
        plural=plural,
        items=_cards(hub, shown),
        total=len(infos),
        search=request.query_params.get("search", ""),
        filters=request.query_params.getlist("filter"),
        number=number,
        rest=rest,
        more=(number + 1) * PAGE < len(infos),
    )


def _number(request: Request) -> tuple[int, str]:
    """(page number from 0, the other query parameters)."""
    text = request.query_params.get("p", "0")
    rest = [(key, value) for key, value in request.query_params.multi_items() if key != "p"]
    return (int(text) if text.isdigit() and len(text) < 9 else 0), urlencode(rest)


@page
def collection_list(request: Request) -> Response:
    hub, who = hub_of(request), _who(request)
    shelves = [collections.describe(hub, who, row) for row in collections.listed(hub, who, [], [])]
    return show(request, "collections.html", collections=shelves)


@page
def collection(request: Request) -> Response:
    hub, who = hub_of(request), _who(request)
    row = collections.find(hub, who, f"{param(request, 'namespace')}/{param(request, 'slug')}")
    shelf = collections.describe(hub, who, row)
    items = []
    for item in shelf["items"]:
        repo = hub.store.repo(item["type"], item["id"]) if item["type"] in PREFIXES else None
        info = Info(hub, repo, hub.store.resolve(repo, "main")) if repo else None
        items.append({"item": item, "card": _cards(hub, [info])[0] if info else None})
    return show(request, "collection.html", shelf=shelf, items=items)


@page
def profile(request: Request) -> Response:
    hub, who, name = hub_of(request), _who(request), param(request, "user")
    repos = [repo for repo in hub.store.repos(namespace=name) if may_see(who, repo)]
    user = hub.accounts.user(name)
    known = user or hub.accounts.organisations.get(name.lower())
    shelves = collections.listed(hub, who, [name], [])
    if not repos and not known and not shelves:
        raise HubError(404, "There is nothing of this name here")
    infos = [Info(hub, repo, hub.store.resolve(repo, "main")) for repo in repos]
    groups = {PLURALS[kind]: _cards(hub, [i for i in infos if i.repo.kind == kind]) for kind in PREFIXES}
    return show(
        request,
        "profile.html",
        name=repos[0].namespace if repos else name,
        fullname=user.fullname if user else None,
        lists=groups,
        collections=[collections.describe(hub, who, row) for row in shelves],
    )


# --- one repo


def _frame(request: Request, repo: Repo, commit: Commit, tab: str) -> dict[str, Any]:
    hub = hub_of(request)
    about = metadata.summary(hub, commit)
    row = hub.store.db.one(
        "SELECT count(*) AS n FROM discussions WHERE repo = ? AND status IN ('open', 'draft')", repo.pk
    )
    return {
        "repo": repo,
        "base": "/" + repo.path,
        "plural": PLURALS[repo.kind],
        "commit": commit,
        "revision": param(request, "rev") if "rev" in request.path_params else "main",
        "about": about,
        "tab": tab,
        "tags": metadata.tags_of(repo.kind, about),
        "open_discussions": row["n"] if row else 0,
        "likes": Info(hub, repo, commit).value("likes"),
    }


@page
def card(request: Request) -> Response:
    hub, repo = hub_of(request), find_repo(request)
    commit = hub.store.resolve(repo, "main")
    frame = _frame(request, repo, commit, "card")
    about: metadata.Summary = frame["about"]

    def link(target: str, image: bool) -> str:
        return f"/{repo.path}/{'resolve' if image else 'blob'}/main/{target.removeprefix('./')}"

    info = Info(hub, repo, commit)
    return show(
        request,
        "card.html",
        **frame,
        text=markdown(about.text, link) if about.has_card else None,
        scores=scores(about),
        used=info.value("usedStorage"),
        base_models=metadata.base_models(about.card) if repo.kind == "model" else [],
        datasets=metadata.as_list(about.card.get("datasets")),
        collections=_collections_with(hub, _who(request), repo),
        configs=viewer.configs(about) if repo.kind == "dataset" else {},
    )


def _collections_with(hub: Hub, who: Any, repo: Repo) -> list[dict[str, Any]]:
    rows = collections.listed(hub, who, [], [f"{repo.kind}s/{repo.id}"])
    return [{"slug": row["slug"], "title": row["title"]} for row in rows]


def scores(about: metadata.Summary) -> list[dict[str, Any]]:
    """{dataset, task, value} of the evaluation files and of the card's model-index."""
    found = []
    for entry in about.eval_results:
        data = entry["data"]
        found.append(
            {"dataset": data["dataset"].get("id"), "task": data["dataset"].get("task_id"), "value": data.get("value")}
        )
    for model in about.card.get("model-index") or []:
        for result in (model.get("results") or []) if isinstance(model, dict) else []:
            for metric in result.get("metrics") or []:
                name = (result.get("dataset") or {}).get("name") or (result.get("dataset") or {}).get("type")
                found.append(
                    {"dataset": name, "task": metric.get("name") or metric.get("type"), "value": metric.get("value")}
                )
    unique = {(str(row["dataset"]), str(row["task"]), str(row["value"])): row for row in found}
    return list(unique.values())


def _parents(path: str) -> list[tuple[str, str]]:
    parts = path.split("/") if path else []
    return [(part, "/".join(parts[: i + 1])) for i, part in enumerate(parts)]


@page
def files(request: Request) -> Response:
    hub, repo = hub_of(request), find_repo(request)
    revision, path = split_revision(request) if "path" in request.path_params else (_revision(request), "")
    commit = hub.store.resolve(repo, revision)
    folder = hub.store.entry(commit, path.strip("/"))
    if folder is None:
        raise entry_not_found(path)
    if not folder.is_folder:
        return RedirectResponse(f"/{repo.path}/blob/{quote(revision, safe='')}/{quote(path)}")
    entries = list(hub.store.trees.walk(folder.oid, folder.path, recursive=False))
    entries.sort(key=lambda entry: (not entry.is_folder, entry.path))
    stored = hub.store.files([entry.oid for entry in entries if not entry.is_folder])
    commits = last_commits(hub, repo, commit, entries[:500])
    rows = [
        {"entry": e, "name": e.path.rsplit("/", 1)[-1], "file": stored.get(e.oid), "last": commits.get(e.path)}
        for e in entries
    ]
    frame = _frame(request, repo, commit, "files") | {"revision": revision}
    return show(request, "files.html", **frame, rows=rows, parents=_parents(folder.path), refs=_refs(hub, repo))


def _revision(request: Request) -> str:
    return param(request, "rev") if "rev" in request.path_params else "main"


def _refs(hub: Hub, repo: Repo) -> list[str]:
    return [name.removeprefix("refs/heads/").removeprefix("refs/tags/") for name, _ in hub.store.refs(repo, "refs/")]


@page
def blob(request: Request) -> Response:
    hub, repo = hub_of(request), find_repo(request)
    revision, path = split_revision(request)
    if path != "README.md":
        check_gate(hub, _who(request), repo)
    commit = hub.store.resolve(repo, revision)
    entry = hub.store.entry(commit, path)
    if entry is None or entry.is_folder:
        raise entry_not_found(path)
    file = hub.store.file(entry.oid)
    media = mimetypes.guess_type(path)[0] or ""
    text = None
    if not media.startswith("image/") and hub.store.blobs.has(file.sha256):
        content = hub.store.blobs.read(file.sha256, SHOWN)
        if b"\0" not in content:
            text = content.decode("utf-8", "replace")
    frame = _frame(request, repo, commit, "files") | {"revision": revision}
    return show(
        request,
        "blob.html",
        **frame,
        file=file,
        path_in_repo=path,
        parents=_parents(path),
        lines=text.splitlines() if text is not None else None,
        cut=file.size > SHOWN,
        is_image=media.startswith("image/"),
        last=last_commits(hub, repo, commit, [entry])[entry.path],
    )


@page
def rows(request: Request) -> Response:
    hub, repo = hub_of(request), find_repo(request, files=True)
    commit = hub.store.resolve(repo, "main")
    frame = _frame(request, repo, commit, "viewer")
    configs = viewer.configs(frame["about"])
    if not configs:
        return show(
            request, "viewer.html", **frame, configs={}, config="", split="", problem="There are no data files."
        )
    name = param(request, "config") if "config" in request.path_params else next(iter(configs))
    splits = configs.get(name)
    if splits is None:
        raise HubError(404, f"There is no config {name}")
    wanted = param(request, "split") if "split" in request.path_params else splits[0].name
    split = next((s for s in splits if s.name == wanted), None)
    if split is None:
        raise HubError(404, f"The config {name} has no split {wanted}")
    number, _ = _number(request)
    values: dict[str, Any] = {"configs": configs, "config": name, "split": split.name, "number": number}
    try:
        found = viewer.page(hub, commit, split, number * viewer.ROWS)
        values |= {"page": found, "first": number * viewer.ROWS}
    except viewer.CannotShow as problem:
        values["problem"] = f"These rows cannot be shown: {problem}"
    return show(request, "viewer.html", **frame, **values)


@page
def history(request: Request) -> Response:
    hub, repo = hub_of(request), find_repo(request)
    head = hub.store.resolve(repo, _revision(request))
    number, _ = _number(request)
    commits = list(hub.store.history(repo, head.oid))
    shown = commits[number * PAGE : (number + 1) * PAGE]
    more = (number + 1) * PAGE < len(commits)
    frame = _frame(request, repo, head, "history")
    return show(request, "history.html", **frame, commits=shown, total=len(commits), number=number, more=more)


@page
def one_commit(request: Request) -> Response:
    hub, repo = hub_of(request), find_repo(request, files=True)
    commit = hub.store.resolve(repo, param(request, "oid"))
    frame = _frame(request, repo, commit, "history")
    return show(request, "commit.html", **frame, made=commit, diff=_diff_lines(commit_diff(hub, repo, commit)))


def _diff_lines(text: str) -> list[tuple[str, str]]:
    """(class, line); long ones are cut."""
    kinds = {"+": "added", "-": "removed", "@": "place", "d": "file", "B": "file"}
    lines = text.splitlines()
    answer = [
        ("file" if line.startswith(("--- ", "+++ ", "index ")) else kinds.get(line[:1], ""), line[:500])
        for line in lines[:3000]
    ]
    return answer if len(lines) <= 3000 else [*answer, ("file", f"… {len(lines) - 3000} more lines")]


@page
def discussion_list(request: Request) -> Response:
    hub, repo = hub_of(request), find_repo(request)
    found = hub.store.db.all("SELECT * FROM discussions WHERE repo = ? ORDER BY num DESC", repo.pk)
    frame = _frame(request, repo, hub.store.resolve(repo, "main"), "discussions")
    return show(request, "discussions.html", **frame, discussions=found)


@page
def discussion(request: Request) -> Response:
    hub, repo = hub_of(request), find_repo(request)
    number = param(request, "num")
    row = discussions.find(hub, repo, int(number) if number.isdigit() else 0)
    events = discussions.events_of(hub, repo, row["num"])
    for event in events:
        if event["type"] == "comment":
            event["html"] = markdown(event["data"]["latest"]["raw"])
    frame = _frame(request, repo, hub.store.resolve(repo, "main"), "discussions")
    diff = _diff_lines(pull_diff(hub, repo, row)) if row["is_pr"] else []
    return show(request, "discussion.html", **frame, discussion=row, events=events, diff=diff)


# --- signing in, for private repos


@page
def login(request: Request) -> Response:
    return show(request, "login.html", wrong=False)


async def login_sent(request: Request) -> Response:
    token = dict(parse_qsl((await request.body()).decode("utf-8", "replace"))).get("token", "").strip()
    if hub_of(request).accounts.by_token(token) is None:
        return show(request, "login.html", 401, wrong=True)
    answer = RedirectResponse("/", 303)
    # strict: no other site's link or form can act with it; and only pages and downloads read it
    answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", max_age=7 * 24 * 3600)
    return answer


def logout(_request: Request) -> Response:
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(COOKIE)
    return answer


def style(_request: Request) -> Response:
    text = (Path(__file__).parent / "pages" / "style.css").read_text("utf-8")
    return Response(text, media_type="text/css", headers={"Cache-Control": "max-age=300"})


def nothing(request: Request) -> Response:
    """Every other address: a page for people, JSON for clients."""
    if request.scope["path"].startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
        return HubError(404, "Not Found").response()
    return show(request, "error.html", 404, message="There is nothing at this address")


def _of_repo(rest: str, handler: Any) -> list[Route]:
    return [
        Route("/{kind:other}/{namespace}/{name}" + rest, handler),
        Route("/{namespace}/{name}" + rest, handler),
    ]


routes = [
    Route("/api/{rest:path}", nothing, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    Route("/", home),
    Route("/style.css", style),
    Route("/login", login),
    Route("/login", login_sent, methods=["POST"]),
    Route("/logout", logout, methods=["POST"]),
    Route("/models", repo_list),
    Route("/datasets", repo_list),
    Route("/spaces", repo_list),
    Route("/collections", collection_list),
    Route("/collections/{namespace}/{slug}", collection),
    Route("/{kind:dataset}/{namespace}/{name}/viewer", rows),
    Route("/{kind:dataset}/{namespace}/{name}/viewer/{config}", rows),
    Route("/{kind:dataset}/{namespace}/{name}/viewer/{config}/{split}", rows),
    *_of_repo("/tree/{rev}", files),
    *_of_repo("/tree/{rev}/{path:path}", files),
    *_of_repo("/blob/{rev}/{path:path}", blob),
    *_of_repo("/commits/{rev}", history),
    *_of_repo("/commit/{oid}", one_commit),
    *_of_repo("/discussions", discussion_list),
    *_of_repo("/discussions/{num}", discussion),
    *_of_repo("", card),
    Route("/{user}", profile),
    Route("/{rest:path}", nothing, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
]
