"""Pictures of dataset rows as pages show them: small, one by one, when they come into view."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from factory.images.thumbnails import MEDIA_TYPE, thumbnail
from factory.local_hub import viewer
from factory.local_hub.context import find_repo, hub_of, param
from factory.local_hub.errors import HubError
from factory.local_hub.info import Info
from factory.local_hub.repo_pages import DATASET, chosen
from factory.local_hub.web import Pages

routes = Pages()


@routes.page(DATASET + "/thumbnail/{config}/{split}/{row}/{column}/{number}")
def thumbnail_of(request: Request) -> Response:
    """One picture of a cell. Raises 404 where there is none that can be shown."""
    hub, repo = hub_of(request), find_repo(request, files=True)
    commit = hub.store.resolve(repo, "main")
    _, split = chosen(request, viewer.configs(Info(hub, repo, commit).about))
    try:
        places = (int(param(request, "row")), param(request, "column"), int(param(request, "number")))
        small = hub.aside.call(picture, viewer.files_of(hub, commit, split), *places)
    except ValueError:
        raise HubError(404, "There is no picture here that can be shown") from None
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, max-age=60",
    }
    return Response(small, media_type=MEDIA_TYPE, headers=headers)


def picture(files: viewer.Files, row: int, column: str, number: int) -> bytes:
    """The small copy of a picture of a cell.

    Raises:
        IndexError: there is none. And what is in viewer.UNREADABLE.
    """
    value: Any = viewer.row(files, row)[column]
    one = value[number] if isinstance(value, list) else value
    return thumbnail(one if isinstance(one, bytes) else one["bytes"])
