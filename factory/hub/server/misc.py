"""Small answers that clients want: health, card validation, telemetry."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from factory.hub.server.context import hub_of, json_body
from factory.hub.server.metadata import split_card


def health(request: Request) -> JSONResponse:
    return JSONResponse({"hub": "factory", "instance": hub_of(request).instance})


async def validate_yaml(request: Request) -> JSONResponse:
    """The metadata of a README: 400 with `errors` when it cannot be read."""
    body = await json_body(request)
    card, _text, wrong = split_card(str(body.get("content") or ""))
    if wrong:
        return JSONResponse({"errors": [{"message": f"YAML Metadata Error: {wrong}"}], "warnings": []}, 400)
    warnings = [] if card else [{"message": "empty or missing yaml metadata in repo card"}]
    return JSONResponse({"errors": [], "warnings": warnings})


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
