"""Small answers that clients want: health, card validation, telemetry."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from factory.local_hub.context import hub_of
from factory.local_hub.metadata import split_card
from factory.local_hub.routing import Answer, Routes

routes = Routes()


@routes("GET", "/api/health")
def health(request: Request) -> Answer:
    return {"hub": "factory", "instance": hub_of(request).instance}


@routes("POST", "/api/validate-yaml")
def validate_yaml(_request: Request, body: dict[str, Any]) -> Answer:
    """The metadata of a README: 400 with `errors` when it cannot be read."""
    card, _text, unreadable = split_card(str(body.get("content") or ""))
    wrong = f"YAML Metadata Error: {unreadable}" if unreadable else card_mistake(card)
    if wrong:
        return JSONResponse({"errors": [{"message": wrong}], "warnings": []}, 400)
    warnings = [] if card else [{"message": "empty or missing yaml metadata in repo card"}]
    return {"errors": [], "warnings": warnings}


def card_mistake(card: dict[str, Any]) -> str | None:
    """What the Hub refuses in a card's metadata although it is YAML: an evaluation index that is not a list."""
    if "model-index" in card and not isinstance(card["model-index"], list):
        return '"model-index" must be a list'
    for key in ("tags", "datasets"):
        if isinstance(card.get(key), dict):
            return f'"{key}" must be a name or a list of names'
    return None


@routes("GET", "/api/agent-harnesses")
def harnesses(_request: Request) -> Answer:
    return {"standardEnvVars": [], "harnesses": {}}


@routes("GET POST", "/api/telemetry/{rest:path}", "/v1/telemetry", "/xet/{session}/v1/telemetry")
async def telemetry(request: Request) -> Response:
    """Answered so that clients do not retry; nothing is read or kept."""
    async for _piece in request.stream():
        pass
    return Response(status_code=200)
