"""Webhooks: kept and listed for their owner. None is called: this Hub sends nothing to other machines."""

from __future__ import annotations

import json
import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from factory.local_hub import clock
from factory.local_hub.context import Hub, hub_of, logged_in, param, with_body
from factory.local_hub.errors import bad_request, forbidden, missing
from factory.local_hub.users import Identity

DOMAINS = ("repo", "discussion")
WATCHED = ("user", "org", "model", "dataset", "space")


def _owner(request: Request, *, write: bool = True) -> Identity:
    who = logged_in(request)
    if write and who.role == "read":
        raise forbidden("Your token has the role `read`; a write token is needed for webhooks.")
    return who


def _load(hub: Hub, who: Identity, webhook: str) -> dict[str, Any]:
    row = hub.store.db.one(
        "SELECT body FROM documents WHERE kind = 'webhook' AND id = ? AND owner = ?", webhook, who.name
    )
    if row is None:
        raise missing("Webhook")
    return json.loads(row["body"])


def _save(hub: Hub, who: Identity, body: dict[str, Any]) -> JSONResponse:
    with hub.store.db.writing() as connection:
        connection.execute(
            "INSERT INTO documents VALUES ('webhook', ?, ?, ?, ?)"
            " ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
            (body["id"], who.name, clock.now(), json.dumps(body)),
        )
    return JSONResponse({"webhook": body})


def _checked(body: dict[str, Any]) -> dict[str, Any]:
    """What a request says of a webhook, or 400."""
    watched = body.get("watched")
    if not isinstance(watched, list) or not watched:
        raise bad_request('"watched" must be a list of {type, name}')
    for item in watched:
        if not isinstance(item, dict) or item.get("type") not in WATCHED or not isinstance(item.get("name"), str):
            raise bad_request(f'each of "watched" needs a name and a type among {", ".join(WATCHED)}')
    domains = body.get("domains") or list(DOMAINS)
    if not isinstance(domains, list) or not set(domains) <= set(DOMAINS):
        raise bad_request(f'"domains" must be among {", ".join(DOMAINS)}')
    url = body.get("url")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise bad_request('"url" must be an http or https address; webhooks that start jobs are not kept here')
    watched = [{"type": item["type"], "name": item["name"]} for item in watched]
    return {"watched": watched, "domains": domains, "url": url, "secret": body.get("secret")}


def listing(request: Request) -> JSONResponse:
    hub, who = hub_of(request), _owner(request, write=False)
    rows = hub.store.db.all(
        "SELECT body FROM documents WHERE kind = 'webhook' AND owner = ? ORDER BY created_at", who.name
    )
    return JSONResponse([json.loads(row["body"]) for row in rows])


def get(request: Request) -> JSONResponse:
    hub, who = hub_of(request), _owner(request, write=False)
    return JSONResponse({"webhook": _load(hub, who, param(request, "webhook"))})


@with_body
def create(request: Request, body: dict[str, Any]) -> JSONResponse:
    hub, who = hub_of(request), _owner(request)
    return _save(hub, who, {"id": uuid.uuid4().hex[:24], "disabled": False, **_checked(body)})


@with_body
def update(request: Request, body: dict[str, Any]) -> JSONResponse:
    hub, who = hub_of(request), _owner(request)
    old = _load(hub, who, param(request, "webhook"))
    return _save(hub, who, {**old, **_checked({**old, **body})})


def switch(request: Request) -> JSONResponse:
    hub, who = hub_of(request), _owner(request)
    old = _load(hub, who, param(request, "webhook"))
    return _save(hub, who, {**old, "disabled": param(request, "action") == "disable"})


def delete(request: Request) -> Response:
    hub, who = hub_of(request), _owner(request)
    body = _load(hub, who, param(request, "webhook"))
    with hub.store.db.writing() as connection:
        connection.execute("DELETE FROM documents WHERE kind = 'webhook' AND id = ?", (body["id"],))
    return JSONResponse({"success": True})


_API = "/api/settings/webhooks"
routes = [
    Route(_API, listing),
    Route(_API, create, methods=["POST"]),
    Route(_API + "/{webhook}", get),
    Route(_API + "/{webhook}", update, methods=["POST"]),
    Route(_API + "/{webhook}", delete, methods=["DELETE"]),
    Route(_API + "/{webhook}/{action:switch}", switch, methods=["POST"]),
]
