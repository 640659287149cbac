"""Gated repos: who asked, who got in."""

from __future__ import annotations

import json
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from factory.local_hub import clock
from factory.local_hub.context import find_repo, hub_of, logged_in, param, with_body
from factory.local_hub.errors import HubError, bad_request
from factory.local_hub.users import User

STATUSES = ("pending", "accepted", "rejected")


def listing(request: Request) -> JSONResponse:
    hub, repo, status = hub_of(request), find_repo(request, write=True), param(request, "status")
    if status not in STATUSES:
        raise bad_request(f"The status must be one of {', '.join(STATUSES)}")
    if not repo.gated:
        raise bad_request("This repo is not gated")
    rows = hub.store.db.all(
        "SELECT * FROM access_requests WHERE repo = ? AND status = ? ORDER BY created_at", repo.pk, status
    )
    answer = []
    for row in rows:
        user = hub.accounts.user(row["user"]) or User(row["user"])
        answer.append(
            {
                "user": {"_id": user.name, "user": user.name, "fullname": user.fullname, "email": user.email},
                "status": row["status"],
                "timestamp": row["created_at"],
                "fields": json.loads(row["fields"]) if row["fields"] else None,
            }
        )
    return JSONResponse(answer)


@with_body
def handle(request: Request, body: dict[str, Any]) -> JSONResponse:
    hub, repo = hub_of(request), find_repo(request, write=True)
    granting = request.url.path.endswith("/grant")
    status, name = "accepted" if granting else body.get("status"), str(body.get("user") or "")
    if not repo.gated:
        raise bad_request("This repo is not gated")
    if status not in STATUSES:
        raise bad_request(f"The status must be one of {', '.join(STATUSES)}")
    user = hub.accounts.user(name)
    if user is None:
        raise HubError(404, f"There is no user {name}")
    with hub.store.db.writing() as connection:
        old = hub.store.db.one("SELECT status FROM access_requests WHERE repo = ? AND user = ?", repo.pk, user.name)
        if granting and old and old["status"] == "accepted":
            raise bad_request(f"{user.name} already has access")
        if not granting and old is None:
            raise HubError(404, f"{user.name} has not asked for access")
        if not granting and old and old["status"] == status:
            raise HubError(404, f"The request of {user.name} is already {status}")
        connection.execute(
            "INSERT INTO access_requests VALUES (?, ?, ?, ?, NULL)"
            " ON CONFLICT (repo, user) DO UPDATE SET status = excluded.status",
            (repo.pk, user.name, status, clock.now()),
        )
    return JSONResponse({"success": True})


async def ask(request: Request) -> JSONResponse:
    """What the button on a gated repo's page sends; automatic gates open at once."""
    form = await request.body()
    return await run_in_threadpool(_ask, request, form)


def _ask(request: Request, form: bytes) -> JSONResponse:
    hub, repo, who = hub_of(request), find_repo(request), logged_in(request)
    if not repo.gated:
        raise bad_request("This repo is not gated")
    from urllib.parse import parse_qsl

    fields = dict(parse_qsl(form.decode("utf-8", "replace")))
    with hub.store.db.writing() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO access_requests VALUES (?, ?, ?, ?, ?)",
            (
                repo.pk,
                who.name,
                "accepted" if repo.gated == "auto" else "pending",
                clock.now(),
                json.dumps(fields) if fields else None,
            ),
        )
    return JSONResponse({"success": True})


_API = "/api/{kind:kind}/{namespace}/{name}/user-access-request"
routes = [
    Route(_API + "/handle", handle, methods=["POST"]),
    Route(_API + "/grant", handle, methods=["POST"]),
    Route(_API + "/{status}", listing),
    Route("/{kind:other}/{namespace}/{name}/ask-access", ask, methods=["POST"]),
    Route("/{namespace}/{name}/ask-access", ask, methods=["POST"]),
]
