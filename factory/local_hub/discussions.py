"""Discussions and pull requests."""

import json
import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel, StringConstraints
from starlette.requests import Request

from factory.local_hub import clock
from factory.local_hub.context import (
    Hub,
    check_gate,
    find_repo,
    hub_of,
    identity,
    logged_in,
    origin,
    param,
    whole,
    with_write_token,
)
from factory.local_hub.errors import HubError, bad_request, forbidden, missing
from factory.local_hub.pulls import apply_pull, conflicts, pull_commits, pull_diff
from factory.local_hub.rendering import markdown
from factory.local_hub.routing import REPO, Answer, Routes
from factory.local_hub.storage import HEADS, PULLS, Repo
from factory.local_hub.users import Identity, person

routes = Routes()
_API = REPO + "/discussions"
_ONE = _API + "/{num}"
PAGE = 50
OPEN, CLOSED = ("open", "draft"), ("closed", "merged")
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3)]


class NewDiscussion(BaseModel):
    title: Title
    description: str | None = None
    pullRequest: bool | None = False


class NewComment(BaseModel):
    comment: Annotated[str, StringConstraints(pattern=r"\S")]


class NewTitle(BaseModel):
    title: Title


class Merge(BaseModel):
    comment: str | None = None


class NewStatus(Merge):
    status: Literal["open", "closed"]


class EditedComment(BaseModel):
    content: str | None = None


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
    db, status = hub.store.db, "draft" if pull_request and draft else "open"
    with db.writing():
        num = db.value("SELECT coalesce(max(num), 0) + 1 FROM discussions WHERE repo = ?", repo.pk)
        row = (repo.pk, num, title, author, status, int(pull_request), clock.now(), base)
        db.write("INSERT INTO discussions VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)", *row)
        add_event(hub, repo, num, "comment", author, comment(description, author))
        if pull_request:
            assert base_commit is not None
            hub.store.set_ref(repo, f"{PULLS}{num}", base_commit)
    return num


def comment(text: str, author: str) -> dict[str, Any]:
    return {
        "edited": False,
        "hidden": False,
        "latest": {"raw": text, "html": markdown(text), "updatedAt": clock.now(), "author": {"name": author}},
        "numEdits": 0,
        "history": [],
    }


def add_event(hub: Hub, repo: Repo, num: int, kind: str, author: str, data: dict[str, Any]) -> dict[str, Any]:
    db, event = hub.store.db, uuid.uuid4().hex[:24]
    with db.writing():
        seq = db.value("SELECT coalesce(max(seq), 0) + 1 FROM events WHERE repo = ?", repo.pk)
        row = (event, seq, repo.pk, num, kind, author, clock.now(), json.dumps(data))
        db.write("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *row)
    return _event_json(db.one("SELECT * FROM events WHERE id = ?", event))


def _event_json(row: Any) -> dict[str, Any]:
    return {
        "id": row["id"],
        "type": row["type"],
        "author": person(row["author"]),
        "createdAt": row["created_at"],
        "data": json.loads(row["data"]),
    }


def events_of(hub: Hub, repo: Repo, row: Any) -> list[dict[str, Any]]:
    """Comments and changes in order, with the commits of a pull request among them by date."""
    rows = hub.store.db.all("SELECT * FROM events WHERE repo = ? AND num = ? ORDER BY seq", repo.pk, row["num"])
    commits = [
        {
            "id": commit.oid[:24],
            "type": "commit",
            "author": person(commit.author),
            "createdAt": commit.date,
            "data": {"subject": commit.title, "oid": commit.oid},
        }
        for commit in (pull_commits(hub, repo, row) if row["is_pr"] else [])
    ]
    return sorted([_event_json(event) for event in rows] + commits, key=lambda event: event["createdAt"])


def asked_for(request: Request) -> tuple[Hub, Repo, Any]:
    """The discussion that the URL names, as its row, with its repo. Raises 404."""
    hub, repo, num = hub_of(request), find_repo(request), param(request, "num")
    known = num.isdecimal() and len(num) < 10
    row = hub.store.db.one("SELECT * FROM discussions WHERE repo = ? AND num = ?", repo.pk, num) if known else None
    if row is None:
        raise missing("Discussion")
    return hub, repo, row


def _json(repo: Repo, row: Any) -> dict[str, Any]:
    return {
        "num": row["num"],
        "title": row["title"],
        "author": person(row["author"]),
        "createdAt": row["created_at"],
        "status": row["status"],
        "isPullRequest": bool(row["is_pr"]),
        "repo": {"name": repo.id, "type": repo.kind},
        "pinned": False,
    }


@routes("GET", _API)
def listing(request: Request) -> Answer:
    hub, repo, query = hub_of(request), find_repo(request), request.query_params
    rows = hub.store.db.all("SELECT * FROM discussions WHERE repo = ? ORDER BY num DESC", repo.pk)
    kind, status, author = query.get("type", "all"), query.get("status", "all"), query.get("author")
    if kind != "all":
        rows = [row for row in rows if bool(row["is_pr"]) is (kind == "pull_request")]
    if status != "all":
        rows = [row for row in rows if row["status"] in (OPEN if status == "open" else CLOSED)]
    if author:
        rows = [row for row in rows if row["author"] == author]
    start = max(whole(query.get("p") or 0, "p"), 0) * PAGE
    return {
        "discussions": [_json(repo, row) for row in rows[start : start + PAGE]],
        "count": len(rows),
        "start": start,
        "numClosedDiscussions": sum(row["status"] in CLOSED for row in rows),
    }


@routes("GET", _ONE)
def details(request: Request) -> Answer:
    hub, repo, row = asked_for(request)
    answer = _json(repo, row) | {"events": events_of(hub, repo, row)}
    if row["is_pr"]:
        answer["changes"] = {"base": row["base"], "mergeCommitId": row["merge_commit"]}
        answer["filesWithConflicts"] = conflicts(hub, repo, row) if row["status"] in OPEN else []
        if request.query_params.get("diff"):
            check_gate(hub, identity(request), repo)
            answer["diff"] = pull_diff(hub, repo, row)
    return answer


def _speaker(request: Request) -> Identity:
    return with_write_token(request, "for discussions")


@routes("POST", _API)
def create(request: Request, body: NewDiscussion) -> Answer:
    hub, repo, who = hub_of(request), find_repo(request), _speaker(request)
    pull_request, main = bool(body.pullRequest), hub.store.resolve(repo, "main").oid
    num = open_discussion(
        hub,
        repo,
        who.name,
        body.title,
        body.description or "",
        pull_request=pull_request,
        base=HEADS + "main",
        base_commit=main,
    )
    return {"num": num, "url": f"{origin(request)}/{repo.path}/discussions/{num}", "pullRequest": pull_request}


def _own(request: Request) -> tuple[Hub, Repo, Any, Identity]:
    """The discussion of the URL, where the asker may change it."""
    hub, repo, row = asked_for(request)
    who = _speaker(request)
    if row["author"] != who.name and not who.may_write(repo.namespace):
        raise forbidden("Only its author and those who may write to the repo can change a discussion")
    return hub, repo, row, who


def _update(hub: Hub, repo: Repo, num: int, **columns: Any) -> None:
    hub.store.db.update("discussions", columns, "repo = ? AND num = ?", repo.pk, num)


def _say(hub: Hub, repo: Repo, num: int, who: Identity, text: str | None) -> None:
    if text and text.strip():
        add_event(hub, repo, num, "comment", who.name, comment(text, who.name))


@routes("POST", _ONE + "/comment")
def add_comment(request: Request, body: NewComment) -> Answer:
    hub, repo, row = asked_for(request)
    who = _speaker(request)
    return {"newMessage": add_event(hub, repo, row["num"], "comment", who.name, comment(body.comment, who.name))}


@routes("POST", _ONE + "/title")
def rename(request: Request, body: NewTitle) -> Answer:
    hub, repo, row, who = _own(request)
    with hub.store.db.writing():
        _update(hub, repo, row["num"], title=body.title)
        change = {"from": row["title"], "to": body.title}
        return {"newTitle": add_event(hub, repo, row["num"], "title-change", who.name, change)}


@routes("POST", _ONE + "/status")
def set_status(request: Request, body: NewStatus) -> Answer:
    hub, repo, row, who = _own(request)
    if row["status"] == "merged":
        raise bad_request("A merged pull request cannot be opened or closed")
    with hub.store.db.writing():
        _say(hub, repo, row["num"], who, body.comment)
        _update(hub, repo, row["num"], status=body.status)
        event = add_event(hub, repo, row["num"], "status-change", who.name, {"status": body.status})
    return {"newStatus": event}


@routes("POST", _ONE + "/merge")
def merge(request: Request, body: Merge) -> Answer:
    hub, repo, row, who = _own(request)
    if not row["is_pr"]:
        raise bad_request("This is not a pull request")
    if not who.may_write(repo.namespace):
        raise forbidden(f"You don't have the rights to merge into {repo.id}")
    with hub.store.db.writing():
        _, _, row = asked_for(request)  # as it is now that nobody else can change it
        if row["status"] not in OPEN:
            raise bad_request(f"This pull request is {row['status']}")
        if clashes := conflicts(hub, repo, row):
            raise HubError(409, f"Cannot merge: conflicting files {', '.join(clashes)}")
        made = apply_pull(hub, repo, row, who.name)
        _say(hub, repo, row["num"], who, body.comment)
        _update(hub, repo, row["num"], status="merged", merge_commit=made.oid)
        add_event(hub, repo, row["num"], "status-change", who.name, {"status": "merged"})
    return {"ok": True, "mergeCommitId": made.oid}


@routes("POST", _ONE + "/comment/{comment}/{action:edit}")
def edit_comment(request: Request, body: EditedComment) -> Answer:
    hub, repo, row = asked_for(request)
    who, hiding, db = logged_in(request), param(request, "action") == "hide", hub.store.db
    sql = "SELECT * FROM events WHERE repo = ? AND num = ? AND id = ? AND type = 'comment'"
    with db.writing():
        found = db.one(sql, repo.pk, row["num"], param(request, "comment"))
        if found is None:
            raise missing("Comment")
        if found["author"] != who.name and not (hiding and who.may_write(repo.namespace)):
            raise forbidden("This comment is somebody else's")
        event = _event_json(found)
        old = event["data"]
        if hiding:
            new = comment("This comment has been hidden", who.name) | {"hidden": True}
        else:
            new = comment(body.content or "", who.name)
            new |= {"edited": True, "history": [old["latest"], *old["history"]], "numEdits": old["numEdits"] + 1}
        db.write("UPDATE events SET data = ? WHERE id = ?", json.dumps(new), event["id"])
    return {"updatedComment": event | {"data": new}}
