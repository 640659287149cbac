"""How the API answers: a decorated function is a route; it is given the checked body and returns plain values."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from factory.local_hub.errors import bad_request
from factory.local_hub.values import sent

Answer = Response | dict[str, Any] | list[Any]
ANY = "GET POST PUT PATCH DELETE"
REPO = "/api/{kind:kind}/{namespace}/{name}"
OF_REPO = ("/{kind:other}/{namespace}/{name}", "/{namespace}/{name}")  # where pages and files of a repo are
Model = TypeVar("Model", bound=BaseModel)
WORDS = {
    "kind": "models|datasets|spaces",
    "space": "spaces",
    "dataset": "datasets",
    "other": "datasets|spaces",
    "git": r"[^/]+\.git",
    "switch": "enable|disable",
    "keyed": "variables|secrets",
    "edit": "edit|hide",
    # what follows the id of a repo in the paths of clients
    "part": "branch|commit|commits|discussions|lfs-files|like|likers|paths-info|preupload|refs|resolve|revision"
    "|settings|super-squash|tag|tree",
}
"""What the paths of routes allow where they say ``{parameter:word}``."""


class _Words(StringConvertor):
    """The `.git` behind the name of a repo is no part of it."""

    def convert(self, value: str) -> str:
        return value.removesuffix(".git")


for _name, _pattern in WORDS.items():
    register_url_convertor(_name, type(_name, (_Words,), {"regex": _pattern})())


class Routes(list[Route]):
    """The routes of a module, in the order of its functions."""

    def __call__(self, methods: str, *paths: str) -> Callable[[Any], Any]:
        """Makes a function the answer to `methods` ("GET POST") at each of `paths`.

        It takes the request, and `body` where it wants one: the JSON object of the request, or the pydantic model
        that its annotation names. What it returns is sent as JSON unless it is a Response. It runs in a thread,
        unless it is async and reads the request itself.
        """

        def add(handler: Any) -> Any:
            self.extend(Route(path, _endpoint(handler), methods=methods.split()) for path in paths)
            return handler

        return add


def _endpoint(handler: Any) -> Callable[[Request], Any]:
    wanted = get_type_hints(handler).get("body")
    model = wanted if isinstance(wanted, type) and issubclass(wanted, BaseModel) else None

    def answer(*arguments: Any) -> Response:
        return _response(handler(*arguments))

    def read(request: Request, sent_body: bytes) -> Response:
        body = json_object(sent_body)
        return answer(request, checked(model, body) if model else body)

    async def endpoint(request: Request) -> Response:
        if inspect.iscoroutinefunction(handler):
            return _response(await handler(request))
        if wanted is None:
            return await run_in_threadpool(answer, request)
        sent_body = await request.body()
        return await run_in_threadpool(read, request, sent_body)

    return endpoint


def _response(answer: Answer) -> Response:
    return answer if isinstance(answer, Response) else JSONResponse(answer)


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a request sends, {} when it sends nothing. Raises 400."""
    if not body.strip():
        return {}
    try:
        data = sent(body)
    except ValueError as error:
        raise bad_request(f"The body is not valid JSON: {error}") from None
    if not isinstance(data, dict):
        raise bad_request("The body must be a JSON object")
    return data


def checked(model: type[Model], data: Any) -> Model:
    """`data` as a model, or 400 with every mistake."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        mistakes = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}".lstrip(": ") for e in error.errors()]
        raise bad_request("; ".join(mistakes)) from None
