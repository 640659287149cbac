"""Webhooks: kept and listed for their owner. None is called: this Hub sends nothing to other machines."""

import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, field_validator
from starlette.requests import Request

from factory.local_hub.context import hub_of, logged_in, param, with_write_token
from factory.local_hub.db import Documents
from factory.local_hub.errors import missing
from factory.local_hub.routing import Answer, Routes, checked
from factory.local_hub.users import Identity

routes = Routes()
_API = "/api/settings/webhooks"
Domain = Literal["repo", "discussion"]


class Watched(BaseModel):
    type: Literal["user", "org", "model", "dataset", "space"]
    name: str


class Webhook(BaseModel):
    """What a request says of a webhook; no domains mean all."""

    watched: list[Watched] = Field(min_length=1)
    domains: Annotated[list[Domain], BeforeValidator(lambda given: given or ["repo", "discussion"])] = Field(
        None, validate_default=True
    )
    url: str
    secret: Any = None

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError("must be an http or https address; webhooks that start jobs are not kept here")
        return url


def _webhooks(request: Request) -> Documents:
    return Documents(hub_of(request).store.db, "webhook")


def _owner(request: Request) -> Identity:
    return with_write_token(request, "for webhooks")


def _named(request: Request, who: Identity) -> dict[str, Any]:
    found = _webhooks(request).get(param(request, "webhook"), who.name)
    if found is None:
        raise missing("Webhook")
    return found


@routes("GET", _API)
def listing(request: Request) -> Answer:
    return _webhooks(request).all(logged_in(request).name)


@routes("GET", _API + "/{webhook}")
def get(request: Request) -> Answer:
    return {"webhook": _named(request, logged_in(request))}


@routes("POST", _API)
def create(request: Request, body: dict[str, Any]) -> Answer:
    who = _owner(request)
    new = {"id": uuid.uuid4().hex[:24], "disabled": False, **checked(Webhook, body).model_dump()}
    return {"webhook": _webhooks(request).save(new, who.name)}


@routes("POST", _API + "/{webhook}")
def update(request: Request, body: dict[str, Any]) -> Answer:
    who = _owner(request)
    old = _named(request, who)
    return {"webhook": _webhooks(request).save({**old, **checked(Webhook, old | body).model_dump()}, who.name)}


@routes("POST", _API + "/{webhook}/{action:switch}")
def switch(request: Request) -> Answer:
    who = _owner(request)
    disabled = param(request, "action") == "disable"
    return {"webhook": _webhooks(request).save(_named(request, who) | {"disabled": disabled}, who.name)}


@routes("DELETE", _API + "/{webhook}")
def delete(request: Request) -> Answer:
    _webhooks(request).delete(_named(request, _owner(request))["id"])
    return {"success": True}
