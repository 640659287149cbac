"""Pages of one repo: card, files, rows, history, discussions."""

import mimetypes
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from factory.errors import first_line
from factory.local_hub import collections, discussions, metadata, viewer
from factory.local_hub.context import Hub, check_gate, find_repo, hub_of, param, revision_of
from factory.local_hub.errors import HubError, entry_not_found
from factory.local_hub.info import Info
from factory.local_hub.leaderboard import boards
from factory.local_hub.pulls import commit_diff, pull_diff
from factory.local_hub.read import last_commits, split_revision
from factory.local_hub.rendering import markdown
from factory.local_hub.storage import Commit, Repo
from factory.local_hub.web import PAGE, PLURALS, Pages, page_number, show, who_looks

routes = Pages()
DATASET, CHOICES = "/{kind:dataset}/{namespace}/{name}", ("", "/{config}", "/{config}/{split}")
SHOWN = 512 << 10  # bytes of a text file that its page shows


def frame_of(request: Request, repo: Repo, commit: Commit, tab: str, revision: str = "") -> dict[str, Any]:
    """What the head of every page of a repo shows."""
    info = Info(hub_of(request), repo, commit)
    return {
        "repo": repo,
        "base": "/" + repo.path,
        "plural": PLURALS[repo.kind],
        "commit": commit,
        "revision": revision or revision_of(request),
        "about": info.about,
        "tab": tab,
        "tags": info.value("tags"),
        "open_discussions": info.of_repo(
            "SELECT count(*) FROM discussions WHERE repo = ? AND status IN ('open', 'draft')"
        ),
        "likes": info.value("likes"),
    }


@routes.page_of_repo("")
def card(request: Request) -> Response:
    hub, repo = hub_of(request), find_repo(request)
    commit = hub.store.resolve(repo, "main")
    frame = frame_of(request, repo, commit, "card")
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
        boards=boards(request, repo, about) if repo.kind == "dataset" else {},
        used=info.value("usedStorage"),
        base_models=metadata.base_models(about.card) if repo.kind == "model" else [],
        datasets=metadata.as_list(about.card.get("datasets")),
        collections=_collections_with(hub, who_looks(request), repo),
        configs=viewer.configs(about) if repo.kind == "dataset" else {},
    )


def _collections_with(hub: Hub, who: Any, repo: Repo) -> list[dict[str, Any]]:
    rows = collections.listed(hub, who, [], [f"{repo.kind}s/{repo.id}"])
    return [{"slug": row["slug"], "title": row["title"]} for row in rows]


def scores(about: metadata.Summary) -> list[dict[str, Any]]:
    """{dataset, task, value} of the evaluation files and of the card's model-index; what both say is there once."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for data in (entry["data"] for entry in about.eval_results):
        dataset, task, value = data["dataset"].get("id"), data["dataset"].get("task_id"), data.get("value")
        found[str(dataset), str(task), _rounded(value)] = {"dataset": dataset, "task": task, "value": value}
    for model in metadata.mappings(about.card.get("model-index")):
        for result in metadata.mappings(model.get("results")):
            task = next(iter(metadata.mappings(result.get("task"))), {})
            data = next(iter(metadata.mappings(result.get("dataset"))), {})
            dataset = data.get("name") or data.get("type")
            for metric in metadata.mappings(result.get("metrics")):
                name, value = metric.get("name") or metric.get("type"), metric.get("value")
                row = {"dataset": dataset, "task": name, "value": value}
                if (str(data.get("type")), str(task.get("name")), _rounded(value)) not in found:
                    found.setdefault((str(dataset), str(name), _rounded(value)), row)
    return list(found.values())


def _rounded(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, int | float) else str(value)


def _parents(path: str) -> list[tuple[str, str]]:
    parts = path.split("/") if path else []
    return [(part, "/".join(parts[: i + 1])) for i, part in enumerate(parts)]


@routes.page_of_repo("/tree/{rev}/{path:path}")
@routes.page_of_repo("/tree/{rev}")
def files(request: Request) -> Response:
    hub, repo = hub_of(request), find_repo(request)
    revision, path = split_revision(request) if "path" in request.path_params else (revision_of(request), "")
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
    frame = frame_of(request, repo, commit, "files", revision)
    refs = [name.removeprefix("refs/heads/").removeprefix("refs/tags/") for name, _ in hub.store.refs(repo, "refs/")]
    return show(request, "files.html", **frame, rows=rows, parents=_parents(folder.path), refs=refs)


@routes.page_of_repo("/blob/{rev}/{path:path}")
def blob(request: Request) -> Response:
    hub, repo = hub_of(request), find_repo(request)
    revision, path = split_revision(request)
    if path != "README.md":
        check_gate(hub, who_looks(request), repo)
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
    frame = frame_of(request, repo, commit, "files", revision)
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


def chosen(request: Request, configs: dict[str, list[viewer.DataSplit]]) -> tuple[str, viewer.DataSplit]:
    """The config and split that the URL names, the first where it names none. Raises 404."""
    config = param(request, "config") if "config" in request.path_params else next(iter(configs))
    splits = {split.name: split for split in configs.get(config, [])}
    if not splits:
        raise HubError(404, f"There is no config {config}")
    wanted = param(request, "split") if "split" in request.path_params else next(iter(splits))
    if wanted not in splits:
        raise HubError(404, f"The config {config} has no split {wanted}")
    return config, splits[wanted]


def page_of_rows(
    request: Request, tab: str, template: str, read: Callable[[viewer.Files, int], dict[str, Any]]
) -> Response:
    """A page of the rows of one split: `read(files, number of the page)`, called aside, gives what it shows."""
    hub, repo = hub_of(request), find_repo(request, files=True)
    commit = hub.store.resolve(repo, "main")
    frame = frame_of(request, repo, commit, tab)
    configs, (number, _) = viewer.configs(frame["about"]), page_number(request)
    values: dict[str, Any] = {"configs": configs, "number": number}
    if not configs:
        return show(request, template, **frame, **values, problem="There are no data files.")
    values["config"], split = chosen(request, configs)
    values["split"] = split.name
    try:
        values |= hub.aside.call(read, viewer.files_of(hub, commit, split), number)
    except viewer.UNREADABLE as error:
        values["problem"] = f"These rows cannot be shown: {first_line(error)}"
    return show(request, template, **frame, **values)


@routes.page(*(DATASET + "/viewer" + choice for choice in CHOICES))
def rows(request: Request) -> Response:
    return page_of_rows(request, "viewer", "viewer.html", viewer.page)


@routes.page_of_repo("/commits/{rev}")
def history(request: Request) -> Response:
    hub, repo = hub_of(request), find_repo(request)
    head = hub.store.resolve(repo, revision_of(request))
    number, _ = page_number(request)
    commits = list(hub.store.history(repo, head.oid))
    shown = commits[number * PAGE : (number + 1) * PAGE]
    more = (number + 1) * PAGE < len(commits)
    frame = frame_of(request, repo, head, "history")
    return show(request, "history.html", **frame, commits=shown, total=len(commits), number=number, more=more)


@routes.page_of_repo("/commit/{oid}")
def one_commit(request: Request) -> Response:
    hub, repo = hub_of(request), find_repo(request, files=True)
    commit = hub.store.resolve(repo, param(request, "oid"))
    frame = frame_of(request, repo, commit, "history")
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


@routes.page_of_repo("/discussions")
def discussion_list(request: Request) -> Response:
    hub, repo = hub_of(request), find_repo(request)
    found = hub.store.db.all("SELECT * FROM discussions WHERE repo = ? ORDER BY num DESC", repo.pk)
    frame = frame_of(request, repo, hub.store.resolve(repo, "main"), "discussions")
    return show(request, "discussions.html", **frame, discussions=found)


@routes.page_of_repo("/discussions/{num}")
def discussion(request: Request) -> Response:
    hub, repo, row = discussions.asked_for(request)
    events = discussions.events_of(hub, repo, row)
    for event in events:
        if event["type"] == "comment":
            event["html"] = markdown(event["data"]["latest"]["raw"])
    frame = frame_of(request, repo, hub.store.resolve(repo, "main"), "discussions")
    if row["is_pr"]:
        check_gate(hub, who_looks(request), repo)  # its diff is made of the repo's files
    diff = _diff_lines(pull_diff(hub, repo, row)) if row["is_pr"] else []
    return show(request, "discussion.html", **frame, discussion=row, events=events, diff=diff)
