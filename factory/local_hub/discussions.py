"""Discussions and pull requests."""

from __future__ import annotations

import json
import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from factory.local_hub import clock
from factory.local_hub.context import Hub, find_repo, hub_of, logged_in, origin, param, with_body
from factory.local_hub.diff import pull_diff
from factory.local_hub.errors import HubError, bad_request, forbidden, missing
from factory.local_hub.pulls import apply_pull, conflicts, pull_commits
from factory.local_hub.storage import HEADS, PULLS, Repo
from factory.local_hub.users import Identity

PAGE = 50


def open_discussion(
    hub: Hub,
    repo: Repo,
    author: str,
    title: str,
    description: str,
    *,
    pull_request: bool,
    base: str | None = None,
    base_commit: str | None = None,
    draft: bool = True,
) -> int:
    """A new discussion's number; a pull request gets its ref on `base_commit`."""
    with hub.store.db.writing() as connection:
        row = hub.store.db.one("SELECT coalesce(max(num), 0) + 1 AS num FROM discussions WHERE repo = ?", repo.pk)
        assert row is not None
        status = "draft" if pull_request and draft else "open"
        connection.execute(
            "INSERT INTO discussions VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            (repo.pk, row["num"], title, author, status, int(pull_request), clock.now(), base),
        )
        add_event(hub, repo, row["num"], "comment", author, comment(description, author))
        if pull_request:
            assert base_commit is not None
            hub.store.set_ref(repo, f"{PULLS}{row['num']}", base_commit)
    return row["num"]


def comment(text: str, author: str) -> dict[str, Any]:
    from factory.local_hub.rendering import markdown

    return {
        "edited": False,
        "hidden": False,
        "latest": {"raw": text, "html": markdown(text), "updatedAt": clock.now(), "author": {"name": author}},
        "numEdits": 0,
        "history": [],
    }


def add_event(hub: Hub, repo: Repo, num: int, kind: str, author: str, data: dict[str, Any]) -> dict[str, Any]:
    event = uuid.uuid4().hex[:24]
    with hub.store.db.writing() as connection:
        row = hub.store.db.one("SELECT coalesce(max(seq), 0) + 1 AS seq FROM events WHERE repo = ?", repo.pk)
        assert row is not None
        connection.execute(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (event, row["seq"], repo.pk, num, kind, author, clock.now(), json.dumps(data)),
        )
    found = _event(hub, repo, num, event)
    assert found is not None
    return found


def _event(hub: Hub, repo: Repo, num: int, event: str) -> dict[str, Any] | None:
    row = hub.store.db.one("SELECT * FROM events WHERE repo = ? AND num = ? AND id = ?", repo.pk, num, event)
    return _event_json(row) if row else None


def _event_json(row: Any) -> dict[str, Any]:
    return {
        "id": row["id"],
        "type": row["type"],
        "author": {"name": row["author"], "type": "user", "avatarUrl": ""},
        "createdAt": row["created_at"],
        "data": json.loads(row["data"]),
    }


def events_of(hub: Hub, repo: Repo, num: int) -> list[dict[str, Any]]:
    """Comments and changes in order, with the commits of a pull request among them by date."""
    rows = hub.store.db.all("SELECT * FROM events WHERE repo = ? AND num = ? ORDER BY seq", repo.pk, num)
    events = [_event_json(row) for row in rows]
    discussion = find(hub, repo, num)
    if discussion["is_pr"]:
        for commit in pull_commits(hub, repo, discussion):
            events.append(
                {
                    "id": commit.oid[:24],
                    "type": "commit",
                    "author": {"name": commit.author, "type": "user", "avatarUrl": ""},
                    "createdAt": commit.date,
                    "data": {"subject": commit.title, "oid": commit.oid},
                }
            )
    return sorted(events, key=lambda event: event["createdAt"])


def find(hub: Hub, repo: Repo, num: int) -> Any:
    row = hub.store.db.one("SELECT * FROM discussions WHERE repo = ? AND num = ?", repo.pk, num)
    if row is None:
        raise missing("Discussion")
    return row


def _json(repo: Repo, row: Any) -> dict[str, Any]:
    return {
        "num": row["num"],
        "title": row["title"],
        "author": {"name": row["author"], "type": "user", "avatarUrl": ""},
        "createdAt": row["created_at"],
        "status": row["status"],
        "isPullRequest": bool(row["is_pr"]),
        "repo": {"name": repo.id, "type": repo.kind},
        "pinned": False,
    }


def listing(request: Request) -> JSONResponse:
    hub, repo, query = hub_of(request), find_repo(request), request.query_params
    rows = hub.store.db.all("SELECT * FROM discussions WHERE repo = ? ORDER BY num DESC", repo.pk)
    kind, status, author = query.get("type", "all"), query.get("status", "all"), query.get("author")
    if kind != "all":
        rows = [row for row in rows if bool(row["is_pr"]) is (kind == "pull_request")]
    if status != "all":
        wanted = ("open", "draft") if status == "open" else ("closed", "merged")
        rows = [row for row in rows if row["status"] in wanted]
    if author:
        rows = [row for row in rows if row["author"] == author]
    try:
        start = max(int(query.get("p") or 0), 0) * PAGE
    except ValueError:
        raise bad_request("p must be a whole number") from None
    return JSONResponse(
        {
            "discussions": [_json(repo, row) for row in rows[start : start + PAGE]],
            "count": len(rows),
            "start": start,
            "numClosedDiscussions": sum(row["status"] in ("closed", "merged") for row in rows),
        }
    )


def _num(request: Request) -> int:
    text = param(request, "num")
    if not text.isdecimal() or len(text) > 9:
        raise missing("Discussion")
    return int(text)


def details(request: Request) -> JSONResponse:
    hub, repo = hub_of(request), find_repo(request)
    row = find(hub, repo, _num(request))
    answer = _json(repo, row) | {"events": events_of(hub, repo, row["num"])}
    if row["is_pr"]:
        answer["changes"] = {"base": row["base"], "mergeCommitId": row["merge_commit"]}
        answer["filesWithConflicts"] = conflicts(hub, repo, row) if row["status"] in ("open", "draft") else []
        if request.query_params.get("diff"):
            answer["diff"] = pull_diff(hub, repo, row)
    return JSONResponse(answer)


@with_body
def create(request: Request, body: dict[str, Any]) -> JSONResponse:
    hub, repo, who = hub_of(request), find_repo(request), logged_in(request)
    _may_talk(who)
    title = str(body.get("title") or "").strip()
    if len(title) < 3:
        raise bad_request("The title needs at least 3 characters")
    pull_request = bool(body.get("pullRequest"))
    num = open_discussion(
        hub,
        repo,
        who.name,
        title,
        str(body.get("description") or ""),
        pull_request=pull_request,
        base=HEADS + "main",
        base_commit=hub.store.resolve(repo, "main").oid,
    )
    url = f"{origin(request)}/{repo.path}/discussions/{num}"
    return JSONResponse({"num": num, "url": url, "pullRequest": pull_request})


def _may_talk(who: Identity) -> None:
    if who.role == "read":
        raise forbidden("Your token has the role `read`; a write token is needed for discussions.")


@with_body
def change(request: Request, body: dict[str, Any]) -> JSONResponse:
    hub, repo, who = hub_of(request), find_repo(request), logged_in(request)
    _may_talk(who)
    num, action = _num(request), request.path_params["action"]
    row = find(hub, repo, num)
    if action != "comment" and row["author"] != who.name and not who.may_write(repo.namespace):
        raise forbidden("Only its author and those who may write to the repo can change a discussion")
    with hub.store.db.writing() as connection:
        match action:
            case "comment":
                if not str(body.get("comment") or "").strip():
                    raise bad_request("The comment is empty")
                event = add_event(hub, repo, num, "comment", who.name, comment(body["comment"], who.name))
                return JSONResponse({"newMessage": event})
            case "title":
                title = str(body.get("title") or "").strip()
                if len(title) < 3:
                    raise bad_request("The title needs at least 3 characters")
                connection.execute(
                    "UPDATE discussions SET title = ? WHERE repo = ? AND num = ?", (title, repo.pk, num)
                )
                event = add_event(hub, repo, num, "title-change", who.name, {"from": row["title"], "to": title})
                return JSONResponse({"newTitle": event})
            case "status":
                return _status(hub, repo, row, who, body)
            case "merge":
                return _merge(hub, repo, row, who, body)
    raise missing("Action")


def _set_status(hub: Hub, repo: Repo, num: int, status: str) -> None:
    with hub.store.db.writing() as connection:
        connection.execute("UPDATE discussions SET status = ? WHERE repo = ? AND num = ?", (status, repo.pk, num))


def _say(hub: Hub, repo: Repo, num: int, who: Identity, text: Any) -> None:
    if text and str(text).strip():
        add_event(hub, repo, num, "comment", who.name, comment(str(text), who.name))


def _status(hub: Hub, repo: Repo, row: Any, who: Identity, body: dict[str, Any]) -> JSONResponse:
    status = body.get("status")
    if status not in ("open", "closed"):
        raise bad_request('"status" must be "open" or "closed"')
    if row["status"] == "merged":
        raise bad_request("A merged pull request cannot be opened or closed")
    _say(hub, repo, row["num"], who, body.get("comment"))
    _set_status(hub, repo, row["num"], status)
    event = add_event(hub, repo, row["num"], "status-change", who.name, {"status": status})
    return JSONResponse({"newStatus": event})


def _merge(hub: Hub, repo: Repo, row: Any, who: Identity, body: dict[str, Any]) -> JSONResponse:
    if not row["is_pr"]:
        raise bad_request("This is not a pull request")
    if not who.may_write(repo.namespace):
        raise forbidden(f"You don't have the rights to merge into {repo.id}")
    if row["status"] not in ("open", "draft"):
        raise bad_request(f"This pull request is {row['status']}")
    clashes = conflicts(hub, repo, row)
    if clashes:
        raise HubError(409, f"Cannot merge: conflicting files {', '.join(clashes)}")
    made = apply_pull(hub, repo, row, who.name)
    _say(hub, repo, row["num"], who, body.get("comment"))
    with hub.store.db.writing() as connection:
        connection.execute(
            "UPDATE discussions SET status = 'merged', merge_commit = ? WHERE repo = ? AND num = ?",
            (made.oid, repo.pk, row["num"]),
        )
    add_event(hub, repo, row["num"], "status-change", who.name, {"status": "merged"})
    return JSONResponse({"ok": True, "mergeCommitId": made.oid})


@with_body
def edit_comment(request: Request, body: dict[str, Any]) -> JSONResponse:
    hub, repo, who = hub_of(request), find_repo(request), logged_in(request)
    num, action = _num(request), request.path_params["action"]
    with hub.store.db.writing() as connection:
        event = _event(hub, repo, num, param(request, "comment"))
        if event is None or event["type"] != "comment":
            raise missing("Comment")
        own = event["author"]["name"] == who.name
        if not own and not (action == "hide" and who.may_write(repo.namespace)):
            raise forbidden("This comment is somebody else's")
        data = event["data"]
        if action == "hide":
            new = comment("This comment has been hidden", who.name) | {"hidden": True, "history": []}
        else:
            new = comment(str(body.get("content") or ""), who.name)
            new |= {"edited": True, "history": [data["latest"], *data["history"]], "numEdits": data["numEdits"] + 1}
        connection.execute("UPDATE events SET data = ? WHERE id = ?", (json.dumps(new), event["id"]))
    return JSONResponse({"updatedComment": event | {"data": new}})


_API = "/api/{kind:kind}/{namespace}/{name}/discussions"
routes = [
    Route(_API, listing),
    Route(_API, create, methods=["POST"]),
    Route(_API + "/{num}", details),
    Route(_API + "/{num}/{action}", change, methods=["POST"]),
    Route(_API + "/{num}/comment/{comment}/{action:edit}", edit_comment, methods=["POST"]),
]
