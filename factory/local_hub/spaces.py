"""Spaces: what the Hub remembers of them. Nothing is run here; `factory space` runs the app itself."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import StreamingResponse

from factory.local_hub import clock
from factory.local_hub.context import find_repo, hub_of, param
from factory.local_hub.routing import Answer, Routes, checked
from factory.local_hub.storage import Repo

routes = Routes()
_SPACE = "/api/{kind:space}/{namespace}/{name}"
# flavours a client may name; they cost nothing here because nothing is rented
HARDWARE = json.loads(Path(__file__).with_name("hardware.json").read_text("utf-8"))


class Hardware(BaseModel):
    flavor: str
    sleepTimeSeconds: Any = None

    def changes(self) -> dict[str, Any]:
        sleep = {} if self.sleepTimeSeconds is None else {"sleep": self.sleepTimeSeconds}
        return {"hardware": self.flavor, **sleep}


class SleepTime(BaseModel):
    seconds: int


# what the last word of a path changes, given the body of the request; without a body (DELETE) a setting is none
SETTINGS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "hardware": lambda body: checked(Hardware, body).changes(),
    "sleeptime": lambda body: {"sleep": checked(SleepTime, body).seconds},
    "pause": lambda _: {"stage": "PAUSED"},
    "restart": lambda _: {"stage": "NO_APP_FILE"},
    "dev-mode": lambda body: {"dev_mode": bool(body.get("enabled"))},
    "storage": lambda body: {"storage": body.get("tier")},
    "volumes": lambda body: {"volumes": body.get("volumes")},
}


class Keyed(BaseModel, coerce_numbers_to_str=True):
    """A variable or secret."""

    key: str
    value: str = ""
    description: str | None = None


def _value(value: str, description: str | None) -> dict[str, Any]:
    return {"value": value, "description": description, "updatedAt": clock.now()}


def first_space_state(body: dict[str, Any]) -> dict[str, Any]:
    def keyed(items: Any) -> dict[str, Any]:
        given = [checked(Keyed, item) for item in items or []]
        return {item.key: _value(item.value, item.description) for item in given}

    return {
        "stage": "NO_APP_FILE",
        "hardware": body.get("hardware") or "cpu-basic",
        "sleep": body.get("sleepTimeSeconds"),
        "storage": body.get("storageTier"),
        "secrets": keyed(body.get("secrets")),
        "variables": keyed(body.get("variables")),
        "volumes": body.get("volumes"),
        "dev_mode": False,
    }


def state_of(repo: Repo) -> dict[str, Any]:
    return repo.space if repo.space is not None else first_space_state({})


def runtime(hub: Any, repo: Repo) -> dict[str, Any]:
    """What /runtime answers; a Space with an app file that is not paused counts as stopped: nothing runs here."""
    state = state_of(repo)
    stage = state["stage"]
    if stage == "NO_APP_FILE" and has_app(hub, repo):
        stage = "STOPPED"
    answer = {
        "stage": stage,
        "hardware": {"current": None, "requested": state["hardware"]},
        "storage": state.get("storage"),
        "gcTimeout": state["sleep"] if state.get("sleep") is not None else 172800,
        "replicas": {"current": 0, "requested": 1},
        "devMode": state.get("dev_mode", False),
        "domains": [],
    }
    if state.get("volumes") is not None:
        answer["volumes"] = state["volumes"]
    return answer


def has_app(hub: Any, repo: Repo) -> bool:
    from factory.local_hub.metadata import summary

    head = hub.store.resolve(repo, "main")
    wanted = summary(hub, head).card.get("app_file") or "app.py"
    return any(hub.store.entry(head, path) for path in (str(wanted), "index.html", "Dockerfile"))


def _change(request: Request, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Repo:
    """Adds what `change` makes of the Space's state to it."""
    hub, repo = hub_of(request), find_repo(request, write=True)
    with hub.store.db.writing():
        state = state_of(hub.store.repo_by_pk(repo.pk) or repo)
        hub.store.update_repo(repo, space=state | change(state))
        return hub.store.repo_by_pk(repo.pk) or repo


@routes("GET", _SPACE + "/runtime")
def get_runtime(request: Request) -> Answer:
    return runtime(hub_of(request), find_repo(request))


@routes("POST", *(f"{_SPACE}/{setting}" for setting in SETTINGS if setting != "volumes"))
@routes("PUT DELETE", _SPACE + "/volumes")
@routes("DELETE", _SPACE + "/storage")
def change_setting(request: Request, body: dict[str, Any]) -> Answer:
    changes = SETTINGS[request.url.path.rsplit("/", 1)[1]](body)
    return runtime(hub_of(request), _change(request, lambda _: changes))


def _shown(which: str, values: dict[str, Any]) -> dict[str, Any]:
    """Variables and secrets as they are answered: a secret's value is kept but never told."""
    hidden = {"value"} if which == "secrets" else set()
    return {
        key: {"key": key, **{k: v for k, v in entry.items() if k not in hidden and v is not None}}
        for key, entry in values.items()
    }


@routes("GET", _SPACE + "/{which:keyed}")
def values_of(request: Request) -> Answer:
    which = param(request, "which")
    return _shown(which, state_of(find_repo(request, write=True))[which])


@routes("POST DELETE", _SPACE + "/{which:keyed}")
def change_value(request: Request, body: Keyed) -> Answer:
    which = param(request, "which")

    def change(state: dict[str, Any]) -> dict[str, Any]:
        values = dict(state[which])
        if request.method == "DELETE":
            values.pop(body.key, None)
        else:
            kept = values.get(body.key, {}).get("description")
            description = body.description if "description" in body.model_fields_set else kept
            values[body.key] = _value(body.value, description)
        return {which: values}

    return _shown(which, state_of(_change(request, change))[which])


@routes("GET", "/api/spaces/hardware", "/api/jobs/hardware")
def hardware(_request: Request) -> Answer:
    return HARDWARE


@routes("GET", "/api/spaces/templates")
def templates(_request: Request) -> Answer:
    return {"templates": []}


@routes("GET", _SPACE + "/logs/{which}")
def logs(request: Request) -> Answer:
    find_repo(request)
    event = {"data": "This Hub stores Spaces but does not run them.", "timestamp": clock.now()}
    return StreamingResponse(iter([f"data: {json.dumps(event)}\n\n"]), media_type="text/event-stream")
