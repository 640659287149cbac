"""Small answers that clients want: health, card validation, telemetry."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from factory.local_hub.context import hub_of
from factory.local_hub.metadata import split_card
from factory.local_hub.mistakes import card_mistakes
from factory.local_hub.routing import Answer, Routes

routes = Routes()


@routes("GET", "/api/health")
async def health(request: Request) -> Answer:
    return {"hub": "factory", "instance": hub_of(request).instance}


@routes("POST", "/api/validate-yaml")
def validate_yaml(_request: Request, body: dict[str, Any]) -> Answer:
    """The metadata of a README: 400 with `errors` where it cannot be read or a Hub refuses it."""
    content, kind = str(body.get("content") or ""), str(body.get("repoType") or "model")
    if wrong := card_mistakes(content, kind):
        return JSONResponse({"errors": [{"message": message} for message in wrong], "warnings": []}, 400)
    warnings = [] if split_card(content)[0] else [{"message": "empty or missing yaml metadata in repo card"}]
    return {"errors": [], "warnings": warnings}


@routes("GET", "/api/agent-harnesses")
def harnesses(_request: Request) -> Answer:
    return {"standardEnvVars": [], "harnesses": {}}


@routes("GET POST", "/api/telemetry/{rest:path}", "/v1/telemetry", "/xet/{session}/v1/telemetry")
async def telemetry(request: Request) -> Response:
    """Answered so that clients do not retry; nothing is read or kept."""
    async for _piece in request.stream():
        pass
    return Response(status_code=200)
