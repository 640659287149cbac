"""Pages of collections and people; signing in; the style sheet."""

from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from factory.local_hub import collections
from factory.local_hub.context import COOKIE, hub_of, param, visible
from factory.local_hub.errors import HubError
from factory.local_hub.info import Info, described, select
from factory.local_hub.lists import facts
from factory.local_hub.routing import ANY
from factory.local_hub.storage import PREFIXES
from factory.local_hub.web import FOLDER, PLURALS, Pages, show, wants_page, who_looks

routes = Pages()
first_routes = Pages()  # before all other pages
last_routes = Pages()


@routes.page("/")
def home(request: Request) -> Response:
    hub = hub_of(request)
    groups = {PLURALS[kind]: select(request, kind) for kind in PREFIXES}
    lists = {name: [described(info, facts) for info in infos[:6]] for name, infos in groups.items()}
    shelves = collections.listed(hub, who_looks(request), [], [])
    counts = {name: len(infos) for name, infos in groups.items()} | {"collections": len(shelves)}
    shown = [collections.describe(hub, who_looks(request), row) for row in shelves[:6]]
    return show(request, "home.html", lists=lists, counts=counts, collections=shown)


@routes.page("/collections", "/{owner}/collections")
def collection_list(request: Request) -> Response:
    hub, who = hub_of(request), who_looks(request)
    owners = [param(request, "owner")] if "owner" in request.path_params else []
    shelves = [collections.describe(hub, who, row) for row in collections.listed(hub, who, owners, [])]
    return show(request, "collections.html", collections=shelves)


@routes.page("/collections/{namespace}/{slug}")
def collection(request: Request) -> Response:
    hub, who = hub_of(request), who_looks(request)
    shelf = collections.describe(hub, who, collections.of_url(request, who))
    items = []
    for item in shelf["items"]:
        repo = hub.store.repo(item["type"], item["id"]) if item["type"] in PREFIXES else None
        items.append({"item": item, "card": described(Info(hub, repo), facts) if repo else None})
    return show(request, "collection.html", shelf=shelf, items=items)


@last_routes.page("/{user}")
def profile(request: Request) -> Response:
    hub, who, name = hub_of(request), who_looks(request), param(request, "user")
    repos = visible(request, namespace=name)
    user = hub.accounts.user(name)
    known = user or hub.accounts.organisations.get(name.lower())
    shelves = collections.listed(hub, who, [name], [])
    if not repos and not known and not shelves:
        raise HubError(404, "There is nothing of this name here")
    infos = [Info(hub, repo) for repo in repos]
    groups = {PLURALS[kind]: [described(info, facts) for info in infos if info.repo.kind == kind] for kind in PREFIXES}
    return show(
        request,
        "profile.html",
        name=repos[0].namespace if repos else name,
        fullname=user.fullname if user else None,
        lists=groups,
        collections=[collections.describe(hub, who, row) for row in shelves],
    )


@routes.page("/login")
def login(request: Request) -> Response:
    return show(request, "login.html", wrong=False)


@routes("POST", "/login")
async def login_sent(request: Request) -> Response:
    return await run_in_threadpool(_signed_in, request, await request.body())


def _signed_in(request: Request, body: bytes) -> Response:
    token = dict(parse_qsl(body.decode("utf-8", "replace"))).get("token", "").strip()
    hub = hub_of(request)
    if hub.accounts.by_token(token) is None:
        return show(request, "login.html", 401, wrong=True)
    answer = RedirectResponse("/", 303)
    # strict: no other site's link or form can act with it; and only pages and downloads read it
    answer.set_cookie(COOKIE, hub.sign_in(token), httponly=True, samesite="strict", max_age=7 * 24 * 3600)
    return answer


@routes("POST", "/logout")
def logout(request: Request) -> Response:
    hub_of(request).sessions.pop(request.cookies.get(COOKIE, ""), None)
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(COOKIE)
    return answer


@routes("GET", "/style.css")
def style(_request: Request) -> Response:
    text = (FOLDER / "style.css").read_text("utf-8")
    return Response(text, media_type="text/css", headers={"Cache-Control": "max-age=300"})


@first_routes(ANY, "/api/{rest:path}")
@last_routes(ANY, "/{rest:path}")
def nothing(request: Request) -> Response:
    """Every other address: a page for people, JSON for clients."""
    if not wants_page(request):
        return HubError(404, "Not Found").response()
    return show(request, "error.html", 404, message="There is nothing at this address")
