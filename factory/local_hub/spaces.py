"""Spaces: what the Hub remembers of them. Nothing is run here; `factory space` runs the app itself."""

from __future__ import annotations

import json
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from factory.local_hub import clock
from factory.local_hub.context import find_repo, hub_of, json_body
from factory.local_hub.errors import bad_request
from factory.local_hub.storage import Repo

HARDWARE = [
    ("cpu-basic", "CPU Basic", "2 vCPU", "16 GB", None),
    ("cpu-upgrade", "CPU Upgrade", "8 vCPU", "32 GB", None),
    ("zero-a10g", "ZeroGPU", "8 vCPU", "32 GB", ("A100", "1", "40 GB")),
    ("t4-small", "Nvidia T4 - small", "4 vCPU", "15 GB", ("T4", "1", "16 GB")),
    ("t4-medium", "Nvidia T4 - medium", "8 vCPU", "30 GB", ("T4", "1", "16 GB")),
    ("l4x1", "1x Nvidia L4", "8 vCPU", "30 GB", ("L4", "1", "24 GB")),
    ("a10g-small", "Nvidia A10G - small", "4 vCPU", "15 GB", ("A10G", "1", "24 GB")),
    ("a10g-large", "Nvidia A10G - large", "12 vCPU", "46 GB", ("A10G", "1", "24 GB")),
    ("a100-large", "Nvidia A100 - large", "12 vCPU", "142 GB", ("A100", "1", "80 GB")),
]


def hardware_list() -> list[dict[str, Any]]:
    """Flavours a client may name; they cost nothing here because nothing is rented."""
    return [
        {
            "name": name,
            "prettyName": pretty,
            "cpu": cpu,
            "ram": ram,
            "ephemeralStorage": "N/A",
            "accelerator": accelerator
            and {
                "type": "gpu",
                "model": accelerator[0],
                "quantity": accelerator[1],
                "vram": accelerator[2],
                "manufacturer": "Nvidia",
            },
            "unitCostMicroUSD": 0,
            "unitCostUSD": 0.0,
            "unitLabel": "minute",
        }
        for name, pretty, cpu, ram, accelerator in HARDWARE
    ]


def first_space_state(body: dict[str, Any]) -> dict[str, Any]:
    moment = clock.now()

    def keyed(items: Any) -> dict[str, Any]:
        return {
            item["key"]: {"value": item.get("value", ""), "description": item.get("description"), "updatedAt": moment}
            for item in items or []
        }

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


def _change(request: Request, **changes: Any) -> JSONResponse:
    hub, repo = hub_of(request), find_repo(request, write=True)
    with hub.store.db.writing():
        fresh = hub.store.repo_by_pk(repo.pk) or repo
        hub.store.update_repo(fresh, space=state_of(fresh) | changes)
    return JSONResponse(runtime(hub, hub.store.repo_by_pk(repo.pk) or repo))


def get_runtime(request: Request) -> JSONResponse:
    return JSONResponse(runtime(hub_of(request), find_repo(request)))


async def hardware(request: Request) -> JSONResponse:
    body = await json_body(request)
    flavor = body.get("flavor")
    if flavor not in {name for name, *_ in HARDWARE} and not isinstance(flavor, str):
        raise bad_request("flavor is missing")
    changes: dict[str, Any] = {"hardware": flavor}
    if body.get("sleepTimeSeconds") is not None:
        changes["sleep"] = body["sleepTimeSeconds"]
    return await run_in_threadpool(_change, request, **changes)


async def sleeptime(request: Request) -> JSONResponse:
    seconds = (await json_body(request)).get("seconds")
    if not isinstance(seconds, int):
        raise bad_request("seconds must be a whole number")
    return await run_in_threadpool(_change, request, sleep=seconds)


def pause(request: Request) -> JSONResponse:
    return _change(request, stage="PAUSED")


def restart(request: Request) -> JSONResponse:
    return _change(request, stage="NO_APP_FILE")


async def dev_mode(request: Request) -> JSONResponse:
    enabled = bool((await json_body(request)).get("enabled"))
    return await run_in_threadpool(_change, request, dev_mode=enabled)


async def storage(request: Request) -> JSONResponse:
    tier = None if request.method == "DELETE" else (await json_body(request)).get("tier")
    return await run_in_threadpool(_change, request, storage=tier)


async def volumes(request: Request) -> JSONResponse:
    wanted = None if request.method == "DELETE" else (await json_body(request)).get("volumes")
    return await run_in_threadpool(_change, request, volumes=wanted)


async def keyed(request: Request) -> JSONResponse:
    """Variables and secrets; a secret's value is kept but never answered."""
    body = await json_body(request) if request.method != "GET" else {}
    return await run_in_threadpool(_keyed, request, body)


def _keyed(request: Request, body: dict[str, Any]) -> JSONResponse:
    which = request.url.path.rsplit("/", 1)[1]
    hub, repo = hub_of(request), find_repo(request, write=True)
    if request.method != "GET" and not isinstance(body.get("key"), str):
        raise bad_request("key is missing")
    with hub.store.db.writing():
        fresh = hub.store.repo_by_pk(repo.pk) or repo
        state = state_of(fresh)
        values = dict(state[which])
        if request.method == "POST":
            kept = values.get(body["key"], {})
            values[body["key"]] = {
                "value": str(body.get("value", "")),
                "description": body.get("description", kept.get("description")),
                "updatedAt": clock.now(),
            }
        elif request.method == "DELETE":
            values.pop(body["key"], None)
        if request.method != "GET":
            hub.store.update_repo(fresh, space=state | {which: values})
    hidden = {"value"} if which == "secrets" else set()
    return JSONResponse(
        {
            key: {"key": key, **{k: v for k, v in entry.items() if k not in hidden and v is not None}}
            for key, entry in values.items()
        }
    )


def all_hardware(_request: Request) -> JSONResponse:
    return JSONResponse(hardware_list())


def templates(_request: Request) -> JSONResponse:
    return JSONResponse({"templates": []})


def logs(request: Request) -> StreamingResponse:
    find_repo(request)
    event = {"data": "This Hub stores Spaces but does not run them.", "timestamp": clock.now()}
    return StreamingResponse(iter([f"data: {json.dumps(event)}\n\n"]), media_type="text/event-stream")


_SPACE = "/api/{kind:space}/{namespace}/{name}"
routes = [
    Route("/api/spaces/hardware", all_hardware),
    Route("/api/spaces/templates", templates),
    Route(_SPACE + "/runtime", get_runtime),
    Route(_SPACE + "/hardware", hardware, methods=["POST"]),
    Route(_SPACE + "/sleeptime", sleeptime, methods=["POST"]),
    Route(_SPACE + "/pause", pause, methods=["POST"]),
    Route(_SPACE + "/restart", restart, methods=["POST"]),
    Route(_SPACE + "/dev-mode", dev_mode, methods=["POST"]),
    Route(_SPACE + "/storage", storage, methods=["POST", "DELETE"]),
    Route(_SPACE + "/volumes", volumes, methods=["PUT", "DELETE"]),
    Route(_SPACE + "/variables", keyed, methods=["GET", "POST", "DELETE"]),
    Route(_SPACE + "/secrets", keyed, methods=["GET", "POST", "DELETE"]),
    Route(_SPACE + "/logs/{which}", logs),
]
