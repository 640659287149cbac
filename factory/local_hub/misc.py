"""Small answers that clients want: health, card validation, telemetry."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from factory.local_hub.context import hub_of, json_body
from factory.local_hub.metadata import split_card


def health(request: Request) -> JSONResponse:
    return JSONResponse({"hub": "factory", "instance": hub_of(request).instance})


async def validate_yaml(request: Request) -> JSONResponse:
    """The metadata of a README: 400 with `errors` when it cannot be read."""
    body = await json_body(request)
    card, _text, wrong = split_card(str(body.get("content") or ""))
    if wrong:
        return JSONResponse({"errors": [{"message": f"YAML Metadata Error: {wrong}"}], "warnings": []}, 400)
    wrong = card_mistake(card)
    if wrong:
        return JSONResponse({"errors": [{"message": wrong}], "warnings": []}, 400)
    warnings = [] if card else [{"message": "empty or missing yaml metadata in repo card"}]
    return JSONResponse({"errors": [], "warnings": warnings})


def card_mistake(card: dict[str, Any]) -> str | None:
    """What the Hub refuses in a card's metadata although it is YAML: an evaluation index that is not a list."""
    if "model-index" in card and not isinstance(card["model-index"], list):
        return '"model-index" must be a list'
    for key in ("tags", "datasets"):
        if isinstance(card.get(key), dict):
            return f'"{key}" must be a name or a list of names'
    return None


def harnesses(_request: Request) -> JSONResponse:
    return JSONResponse({"standardEnvVars": [], "harnesses": {}})


async def telemetry(request: Request) -> Response:
    """Answered so that clients do not retry; nothing is read or kept."""
    async for _piece in request.stream():
        pass
    return Response(status_code=200)


routes = [
    Route("/api/health", health),
    Route("/api/validate-yaml", validate_yaml, methods=["POST"]),
    Route("/api/agent-harnesses", harnesses),
    Route("/api/telemetry/{rest:path}", telemetry, methods=["GET", "POST"]),
    Route("/v1/telemetry", telemetry, methods=["GET", "POST"]),
]
