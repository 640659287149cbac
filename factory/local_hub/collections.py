"""Collections: titled, ordered lists of repos."""

from __future__ import annotations

import re
import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from factory.local_hub import clock
from factory.local_hub.context import (
    Hub,
    hub_of,
    identity,
    logged_in,
    many,
    may_see,
    next_link,
    param,
    whole,
    with_body,
    writer,
)
from factory.local_hub.errors import HubError, bad_request, missing
from factory.local_hub.storage import Repo
from factory.local_hub.users import Identity

PAGE = 100
TYPES = ("model", "dataset", "space", "paper", "collection", "bucket")
THEMES = ("orange", "blue", "green", "purple", "pink", "indigo")
LONGEST_TITLE, LONGEST_DESCRIPTION, LONGEST_NOTE = 60, 150, 500  # characters


def slug_of(owner: str, title: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "collection"
    return f"{owner}/{words}-{uuid.uuid4().hex[:24]}"


def visible(who: Identity | None, row: Any) -> bool:
    return not row["private"] or (who is not None and who.may_read(row["owner"]))


def find(hub: Hub, who: Identity | None, slug: str) -> Any:
    """By slug, or by its id at the end: the words in a slug follow the title and may be old."""
    row = hub.store.db.one("SELECT * FROM collections WHERE slug = ?", slug)
    if row is None and re.search(r"[0-9a-f]{24}$", slug):
        namespace = slug.partition("/")[0]
        row = hub.store.db.one(
            "SELECT * FROM collections WHERE slug LIKE ? AND lower(owner) = ?", f"%-{slug[-24:]}", namespace.lower()
        )
    if row is None or not visible(who, row):
        raise missing("Collection")
    return row


def items_of(hub: Hub, who: Identity | None, slug: str) -> list[dict[str, Any]]:
    answer = []
    rows = hub.store.db.all("SELECT * FROM collection_items WHERE slug = ? ORDER BY position, rowid", slug)
    for row in rows:
        repo: Repo | None = hub.store.repo(row["type"], row["item"]) if row["type"] in TYPES[:3] else None
        if repo and not may_see(who, repo):
            continue
        item: dict[str, Any] = {
            "_id": row["id"],
            "id": row["item"],
            "type": row["type"],
            "position": len(answer),
            "repoType": row["type"],
        }
        if row["note"] is not None:
            item["note"] = {"text": row["note"], "html": None}
        if repo:
            item |= {"author": repo.namespace, "private": repo.private, "lastModified": repo.updated_at, "likes": 0}
        if row["type"] == "collection":
            item["slug"] = row["item"]
        answer.append(item)
    return answer


def describe(hub: Hub, who: Identity | None, row: Any, *, short: bool = False) -> dict[str, Any]:
    items = items_of(hub, who, row["slug"])
    return {
        "slug": row["slug"],
        "title": row["title"],
        "description": row["description"],
        "gating": False,
        "lastUpdated": row["updated_at"],
        "owner": {"name": row["owner"], "fullname": row["owner"], "type": "user", "avatarUrl": ""},
        "items": items[:4] if short else items,
        "theme": row["theme"],
        "private": bool(row["private"]),
        "upvotes": 0,
        "isUpvotedByUser": False,
        "position": row["position"],
    }


def listed(hub: Hub, who: Identity | None, owners: list[str], items: list[str]) -> list[Any]:
    wanted = {owner.lower() for owner in owners}
    rows = [
        row
        for row in hub.store.db.all("SELECT * FROM collections ORDER BY updated_at DESC")
        if visible(who, row) and (not wanted or row["owner"].lower() in wanted)
    ]
    for text in items:  # written models/a/b
        kind, _, item = text.partition("/")
        found = hub.store.db.all(
            "SELECT slug FROM collection_items WHERE type = ? AND item = ?", kind.removesuffix("s"), item
        )
        slugs = {row["slug"] for row in found}
        rows = [row for row in rows if row["slug"] in slugs]
    return rows


def listing(request: Request) -> JSONResponse:
    hub, who, query = hub_of(request), identity(request), request.query_params
    rows = listed(hub, who, many(request, "owner"), many(request, "item"))
    try:
        start, limit = int(query.get("cursor") or 0), min(max(int(query.get("limit") or PAGE), 1), PAGE)
    except ValueError:
        raise bad_request("limit and cursor must be whole numbers") from None
    page = rows[start : start + limit]
    headers = next_link(request, cursor=start + limit) if start + limit < len(rows) else {}
    answer = [describe(hub, who, row, short=True) for row in page]
    for item in answer:
        item.pop("position")  # the client numbers them itself
    return JSONResponse(answer, headers=headers)


def get(request: Request) -> JSONResponse:
    hub, who = hub_of(request), identity(request)
    return JSONResponse(describe(hub, who, find(hub, who, _slug(request))))


def _slug(request: Request) -> str:
    return f"{param(request, 'namespace')}/{param(request, 'slug')}"


def _checked(body: dict[str, Any]) -> dict[str, Any]:
    """The columns that a request sets."""
    changes: dict[str, Any] = {}
    if "title" in body:
        title = str(body["title"]).strip()
        if not title or len(title) > LONGEST_TITLE:
            raise bad_request(f"The title needs 1 to {LONGEST_TITLE} characters")
        changes["title"] = title
    if "description" in body:
        if len(str(body["description"])) > LONGEST_DESCRIPTION:
            raise bad_request(f"The description may have {LONGEST_DESCRIPTION} characters")
        changes["description"] = str(body["description"])
    if "private" in body:
        changes["private"] = int(bool(body["private"]))
    if "theme" in body:
        if body["theme"] not in THEMES:
            raise bad_request(f"The theme must be one of {', '.join(THEMES)}")
        changes["theme"] = body["theme"]
    if "position" in body:
        changes["position"] = whole(body["position"], "position")
    return changes


@with_body
def create(request: Request, body: dict[str, Any]) -> JSONResponse:
    hub, who = hub_of(request), logged_in(request)
    owner = str(body.get("namespace") or who.name)
    writer(request, owner, "a collection")
    if "title" not in body:
        raise bad_request("The collection needs a title")
    changes = {"description": None, "private": 0, "theme": THEMES[0], "position": 0} | _checked(body)
    with hub.store.db.writing() as connection:
        same = hub.store.db.one(
            "SELECT slug FROM collections WHERE lower(owner) = ? AND title = ?", owner.lower(), changes["title"]
        )
        if same:
            raise HubError(409, f"{owner} already has a collection of this title", extra={"slug": same["slug"]})
        slug, moment = slug_of(owner, changes["title"]), clock.now()
        connection.execute(
            "INSERT INTO collections"
            " (slug, owner, created_at, updated_at, title, description, private, theme, position)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                slug,
                owner,
                moment,
                moment,
                *(changes[k] for k in ("title", "description", "private", "theme", "position")),
            ),
        )
        if body.get("item"):
            _add(hub, slug, body["item"], body.get("note"))
    return JSONResponse(describe(hub, who, find(hub, who, slug)))


def _own(request: Request) -> tuple[Hub, Identity, Any]:
    hub, who = hub_of(request), logged_in(request)
    row = find(hub, who, _slug(request))
    writer(request, row["owner"], "this collection")
    return hub, who, row


@with_body
def update(request: Request, body: dict[str, Any]) -> JSONResponse:
    hub, who, row = _own(request)
    changes = _checked(body) | {"updated_at": clock.now()}
    slug = row["slug"]
    if "title" in changes:  # the words follow the title, the id at the end stays
        slug = slug_of(row["owner"], changes["title"])[:-24] + row["slug"][-24:]
        changes["slug"] = slug
    names = ", ".join(f"{name} = ?" for name in changes)
    with hub.store.db.writing() as connection:
        connection.execute(f"UPDATE collections SET {names} WHERE slug = ?", (*changes.values(), row["slug"]))
    return JSONResponse({"success": True, "data": describe(hub, who, find(hub, who, slug))})


def delete(request: Request) -> Response:
    hub, _, row = _own(request)
    with hub.store.db.writing() as connection:
        connection.execute("DELETE FROM collections WHERE slug = ?", (row["slug"],))
    return JSONResponse({"success": True})


def _add(hub: Hub, slug: str, item: Any, note: Any) -> None:
    kind, name = (item or {}).get("type"), str((item or {}).get("id") or "")
    if kind not in TYPES or not name:
        raise bad_request(f"An item needs an id and a type among {', '.join(TYPES)}")
    if kind in TYPES[:3]:
        repo = hub.store.repo(kind, name)
        if repo is None:
            raise HubError(404, f"Repository not found: {kind} {name}", "RepoNotFound")
        name = repo.id
    if note is not None and len(str(note)) > LONGEST_NOTE:
        raise bad_request(f"A note may have {LONGEST_NOTE} characters")
    with hub.store.db.writing() as connection:
        if hub.store.db.one(
            "SELECT 1 FROM collection_items WHERE slug = ? AND type = ? AND item = ?", slug, kind, name
        ):
            raise HubError(409, f"The collection already has {kind} {name}")
        row = hub.store.db.one(
            "SELECT coalesce(max(position), -1) + 1 AS n FROM collection_items WHERE slug = ?", slug
        )
        assert row is not None
        connection.execute(
            "INSERT INTO collection_items VALUES (?, ?, ?, ?, ?, ?)",
            (uuid.uuid4().hex[:24], slug, kind, name, note, row["n"]),
        )
        connection.execute("UPDATE collections SET updated_at = ? WHERE slug = ?", (clock.now(), slug))


@with_body
def add_item(request: Request, body: dict[str, Any]) -> JSONResponse:
    hub, who, row = _own(request)
    _add(hub, row["slug"], body.get("item"), body.get("note"))
    return JSONResponse(describe(hub, who, find(hub, who, row["slug"])))


def _item(hub: Hub, slug: str, item: str) -> Any:
    found = hub.store.db.one("SELECT * FROM collection_items WHERE slug = ? AND id = ?", slug, item)
    if found is None:
        raise missing("Item")
    return found


@with_body
def update_item(request: Request, body: dict[str, Any]) -> JSONResponse:
    hub, _, row = _own(request)
    with hub.store.db.writing() as connection:
        item = _item(hub, row["slug"], param(request, "item"))
        if "note" in body:
            if len(str(body["note"])) > LONGEST_NOTE:
                raise bad_request(f"A note may have {LONGEST_NOTE} characters")
            connection.execute("UPDATE collection_items SET note = ? WHERE id = ?", (body["note"], item["id"]))
        if "position" in body:
            rows = hub.store.db.all(
                "SELECT id FROM collection_items WHERE slug = ? ORDER BY position, rowid", row["slug"]
            )
            order = [r["id"] for r in rows if r["id"] != item["id"]]
            order.insert(max(whole(body["position"], "position"), 0), item["id"])
            for position, one in enumerate(order):
                connection.execute("UPDATE collection_items SET position = ? WHERE id = ?", (position, one))
        connection.execute("UPDATE collections SET updated_at = ? WHERE slug = ?", (clock.now(), row["slug"]))
    return JSONResponse({"success": True})


def delete_item(request: Request) -> JSONResponse:
    hub, _, row = _own(request)
    with hub.store.db.writing() as connection:
        item = _item(hub, row["slug"], param(request, "item"))
        connection.execute("DELETE FROM collection_items WHERE id = ?", (item["id"],))
        connection.execute("UPDATE collections SET updated_at = ? WHERE slug = ?", (clock.now(), row["slug"]))
    return JSONResponse({"success": True})


_ONE = "/api/collections/{namespace}/{slug}"
routes = [
    Route("/api/collections", listing),
    Route("/api/collections", create, methods=["POST"]),
    Route(_ONE, get),
    Route(_ONE, update, methods=["PATCH"]),
    Route(_ONE, delete, methods=["DELETE"]),
    Route(_ONE + "/items", add_item, methods=["POST"]),
    Route(_ONE + "/item", add_item, methods=["POST"]),
    Route(_ONE + "/items/{item}", update_item, methods=["PATCH"]),
    Route(_ONE + "/items/{item}", delete_item, methods=["DELETE"]),
]
