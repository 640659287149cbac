"""How a page is made: templates, who looks, errors as pages."""

import base64
import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from factory.local_hub.aside import Aside
from factory.local_hub.context import identity, origin
from factory.local_hub.errors import HubError
from factory.local_hub.metadata import as_list
from factory.local_hub.routing import OF_REPO, Routes

PAGE = 30
FOLDER = Path(__file__).parent / "pages"
SCRIPT = (FOLDER / "page.js").read_text("utf-8")
# the one script that may run is the page's own, known by its digest: nothing that is stored here can be another
DIGEST = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none';"
    f" frame-ancestors 'none'; script-src 'sha256-{DIGEST}'"
)
PLURALS = {"model": "models", "dataset": "datasets", "space": "spaces"}


@lru_cache(maxsize=1)
def _templates() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"bytes": human_bytes, "path": quote, "day": lambda text: text[:10], "count": human_count}
    environment.globals |= {
        "script": SCRIPT,
        "query": lambda **values: urlencode(values),
        "as_list": as_list,
    }
    return environment


def warm(aside: Aside) -> None:
    """Loads what pages are made with, so that the first one to be asked for does not wait for it."""
    from factory.local_hub.rendering import markdown

    _templates().get_template("card.html")
    markdown("| a |\n| --- |")
    aside.call(len, ())


def _scaled(number: float, units: tuple[str, ...]) -> str:
    for unit in units[:-1]:
        if number < 1000:
            return f"{number:.3g}{unit}"
        number /= 1000
    return f"{number:.3g}{units[-1]}"


def human_bytes(size: float) -> str:
    return _scaled(size, (" B", " kB", " MB", " GB", " TB"))


def human_count(number: float) -> str:
    return _scaled(number, ("", "K", "M", "B", "T"))


def show(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    text = (
        _templates()
        .get_template(template)
        .render(who=who_looks(request), path=request.scope["path"], origin=origin(request), status=status, **values)
    )
    data = text.encode("utf-8", "replace")  # rows may hold half of a surrogate pair, which no page can
    return HTMLResponse(data, status, headers={"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"})


def who_looks(request: Request) -> Any:
    try:
        return identity(request)
    except HubError:
        return None


def said(error: HubError) -> tuple[int, str]:
    """Status and words of an error for people. A client is asked who it is where a repo may only be hidden from it."""
    return (
        (404, "There is no repo of this name here") if error.code == "RepoNotFound" else (error.status, error.message)
    )


def error_page(request: Request, error: HubError) -> Response:
    status, message = said(error)
    return show(request, "error.html", status, message=message)


def wants_page(request: Request) -> bool:
    """Whether a person asks, by a browser: clients of the API take no HTML."""
    return not request.scope["path"].startswith("/api/") and "text/html" in request.headers.get("accept", "")


class Pages(Routes):
    """Routes to pages; an error of a page is a page too."""

    def page(self, *paths: str) -> Callable[[Any], Any]:
        def add(handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
            def shown(request: Request) -> Response:
                try:
                    return handler(request)
                except HubError as error:
                    return error_page(request, error)

            return self("GET", *paths)(shown)

        return add

    def page_of_repo(self, rest: str) -> Callable[[Any], Any]:
        return self.page(*(of_repo + rest for of_repo in OF_REPO))


def page_number(request: Request) -> tuple[int, str]:
    """(page number from 0, the other query parameters)."""
    text = request.query_params.get("p", "0")
    rest = [(key, value) for key, value in request.query_params.multi_items() if key != "p"]
    return (int(text) if text.isdigit() and len(text) < 9 else 0), urlencode(rest)
