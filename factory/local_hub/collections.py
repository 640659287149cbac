"""Collections: titled, ordered lists of repos."""

import re
import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints
from starlette.requests import Request

from factory.local_hub import clock
from factory.local_hub.context import Hub, hub_of, identity, logged_in, many, may_see, paged, param, writer
from factory.local_hub.errors import HubError, missing
from factory.local_hub.records import PREFIXES
from factory.local_hub.routing import Answer, Routes
from factory.local_hub.users import Identity, person

routes = Routes()
_ALL = "/api/collections"
_ONE = _ALL + "/{namespace}/{slug}"
_ITEM = _ONE + "/items/{item}"
PAGE = 100
ItemType = Literal["model", "dataset", "space", "paper", "collection", "bucket"]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Note = Annotated[str, Field(max_length=500)] | None


class Changes(BaseModel):
    """What a request may set of a collection, named as its columns; the defaults are those of a new one."""

    title: Title = ""
    description: Annotated[str, Field(max_length=150)] | None = None
    private: Annotated[bool, BeforeValidator(bool)] = False
    theme: Literal["orange", "blue", "green", "purple", "pink", "indigo"] = "orange"
    position: int = 0


class Item(BaseModel):
    type: ItemType
    id: Annotated[str, Field(min_length=1)]


class NewItem(BaseModel):
    item: Item
    note: Note = None


class NewCollection(Changes):
    title: Title = Field(...)
    namespace: str | None = None
    item: Item | None = None
    note: Note = None


class ItemChanges(BaseModel):
    note: Note = None
    position: int | None = None


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
        repo = hub.store.repo(row["type"], row["item"]) if row["type"] in PREFIXES else None
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


def describe(hub: Hub, who: Identity | None, row: Any) -> dict[str, Any]:
    return {
        "slug": row["slug"],
        "title": row["title"],
        "description": row["description"],
        "gating": False,
        "lastUpdated": row["updated_at"],
        "owner": person(row["owner"]),
        "items": items_of(hub, who, row["slug"]),
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
        sql = "SELECT slug FROM collection_items WHERE type = ? AND item = ?"
        slugs = {row["slug"] for row in hub.store.db.all(sql, kind.removesuffix("s"), item)}
        rows = [row for row in rows if row["slug"] in slugs]
    return rows


@routes("GET", _ALL)
def listing(request: Request) -> Answer:
    hub, who = hub_of(request), identity(request)

    def short(row: Any) -> dict[str, Any]:
        whole = describe(hub, who, row)
        whole.pop("position")  # the client numbers them itself
        return whole | {"items": whole["items"][:4]}

    rows = listed(hub, who, many(request, "owner"), many(request, "item"))
    return paged(request, rows, PAGE, lambda page: [short(row) for row in page])


def of_url(request: Request, who: Identity | None) -> Any:
    return find(hub_of(request), who, f"{param(request, 'namespace')}/{param(request, 'slug')}")


@routes("GET", _ONE)
def get(request: Request) -> Answer:
    who = identity(request)
    return describe(hub_of(request), who, of_url(request, who))


@routes("POST", _ALL)
def create(request: Request, body: NewCollection) -> Answer:
    hub, who = hub_of(request), logged_in(request)
    db, owner, moment = hub.store.db, body.namespace or who.name, clock.now()
    writer(request, owner, "a collection")
    with db.writing():
        same = db.value("SELECT slug FROM collections WHERE lower(owner) = ? AND title = ?", owner.lower(), body.title)
        if same:
            raise HubError(409, f"{owner} already has a collection of this title", extra={"slug": same})
        slug = slug_of(owner, body.title)
        db.write(
            "INSERT INTO collections"
            " (slug, owner, created_at, updated_at, title, description, private, theme, position)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(slug, owner, moment, moment, body.title, body.description, body.private, body.theme, body.position),
        )
        if body.item:
            _add(hub, slug, body.item, body.note)
    return describe(hub, who, find(hub, who, slug))


def _own(request: Request) -> tuple[Hub, Identity, str]:
    """The slug of the collection that the URL names, where the asker may change it."""
    who = logged_in(request)
    row = of_url(request, who)
    writer(request, row["owner"], "this collection")
    return hub_of(request), who, row["slug"]


@routes("PATCH", _ONE)
def update(request: Request, body: Changes) -> Answer:
    hub, who, old = _own(request)
    changes, slug = body.model_dump(exclude_unset=True), old
    if "title" in changes:  # the words follow the title, the id at the end stays
        slug = slug_of(old.partition("/")[0], changes["title"])[:-24] + old[-24:]
    _touch(hub, old, slug=slug, **changes)
    return {"success": True, "data": describe(hub, who, find(hub, who, slug))}


@routes("DELETE", _ONE)
def delete(request: Request) -> Answer:
    hub, _, slug = _own(request)
    hub.store.db.write("DELETE FROM collections WHERE slug = ?", slug)
    return {"success": True}


def _touch(hub: Hub, collection: str, **columns: Any) -> None:
    hub.store.db.update("collections", {"updated_at": clock.now(), **columns}, "slug = ?", collection)


def _add(hub: Hub, slug: str, item: Item, note: str | None) -> None:
    db, name = hub.store.db, item.id
    if item.type in PREFIXES:
        repo = hub.store.repo(item.type, name)
        if repo is None:
            raise HubError(404, f"Repository not found: {item.type} {name}", "RepoNotFound")
        name = repo.id
    with db.writing():
        sql = "SELECT 1 FROM collection_items WHERE slug = ? AND type = ? AND item = ?"
        if db.one(sql, slug, item.type, name):
            raise HubError(409, f"The collection already has {item.type} {name}")
        last = db.value("SELECT coalesce(max(position), -1) + 1 FROM collection_items WHERE slug = ?", slug)
        row = (uuid.uuid4().hex[:24], slug, item.type, name, note, last)
        db.write("INSERT INTO collection_items VALUES (?, ?, ?, ?, ?, ?)", *row)
        _touch(hub, slug)


@routes("POST", _ONE + "/items", _ONE + "/item")
def add_item(request: Request, body: NewItem) -> Answer:
    hub, who, slug = _own(request)
    _add(hub, slug, body.item, body.note)
    return describe(hub, who, find(hub, who, slug))


def _item(request: Request, slug: str) -> str:
    """The id of the item that the URL names."""
    sql = "SELECT id FROM collection_items WHERE slug = ? AND id = ?"
    found = hub_of(request).store.db.value(sql, slug, param(request, "item"))
    if found is None:
        raise missing("Item")
    return found


@routes("PATCH", _ITEM)
def update_item(request: Request, body: ItemChanges) -> Answer:
    hub, _, slug = _own(request)
    db = hub.store.db
    with db.writing():
        item = _item(request, slug)
        if "note" in body.model_fields_set:
            db.write("UPDATE collection_items SET note = ? WHERE id = ?", body.note, item)
        if body.position is not None:
            rows = db.all("SELECT id FROM collection_items WHERE slug = ? ORDER BY position, rowid", slug)
            order = [row["id"] for row in rows if row["id"] != item]
            order.insert(max(body.position, 0), item)
            for position, one in enumerate(order):
                db.write("UPDATE collection_items SET position = ? WHERE id = ?", position, one)
        _touch(hub, slug)
    return {"success": True}


@routes("DELETE", _ITEM)
def delete_item(request: Request) -> Answer:
    hub, _, slug = _own(request)
    with hub.store.db.writing():
        hub.store.db.write("DELETE FROM collection_items WHERE id = ?", _item(request, slug))
        _touch(hub, slug)
    return {"success": True}
