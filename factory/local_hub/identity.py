"""Who am I, who are they: whoami, users, organisations, likes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from factory.local_hub import clock
from factory.local_hub.context import find_repo, hub_of, identity, logged_in, may_see, param
from factory.local_hub.errors import missing
from factory.local_hub.users import User


def whoami(request: Request) -> JSONResponse:
    who = logged_in(request)
    user = who.user
    return JSONResponse(
        {
            "type": "user",
            "id": user.name,
            "name": user.name,
            "fullname": user.fullname,
            "email": user.email,
            "emailVerified": True,
            "isPro": False,
            "canPay": False,
            "billingMode": "prepaid",
            "periodEnd": None,
            "avatarUrl": "",
            "orgs": [
                {
                    "type": "org",
                    "id": organisation["name"],
                    "name": organisation["name"],
                    "fullname": organisation.get("fullname") or organisation["name"],
                    "roleInOrg": organisation.get("role", "write"),
                    "isEnterprise": False,
                    "avatarUrl": "",
                }
                for organisation in user.organisations
            ],
            "auth": {
                "type": "access_token",
                "accessToken": {"displayName": "local", "role": who.role, "createdAt": "2020-01-01T00:00:00.000Z"},
            },
        }
    )


def _overview(request: Request, user: User) -> dict:
    who, store = identity(request), hub_of(request).store
    own = [repo for repo in store.repos(namespace=user.name) if may_see(who, repo)]
    likes = store.db.one("SELECT count(*) AS n FROM likes WHERE user = ?", user.name)
    return {
        "user": user.name,
        "fullname": user.fullname,
        "avatarUrl": "",
        "isPro": False,
        "type": "user",
        "numModels": sum(repo.kind == "model" for repo in own),
        "numDatasets": sum(repo.kind == "dataset" for repo in own),
        "numSpaces": sum(repo.kind == "space" for repo in own),
        "numDiscussions": 0,
        "numPapers": 0,
        "numUpvotes": 0,
        "numLikes": likes["n"] if likes else 0,
        "numFollowing": 0,
        "numFollowers": 0,
        "orgs": [{"name": o["name"], "fullname": o["name"], "avatarUrl": ""} for o in user.organisations],
    }


def user_overview(request: Request) -> JSONResponse:
    user = hub_of(request).accounts.user(param(request, "user"))
    if user is None:
        raise missing("User")
    return JSONResponse(_overview(request, user))


def _organisation(request: Request) -> str:
    name = hub_of(request).accounts.organisations.get(param(request, "organisation").lower())
    if name is None:
        raise missing("Organization")
    return name


def organisation_overview(request: Request) -> JSONResponse:
    name, hub, who = _organisation(request), hub_of(request), identity(request)
    own = [repo for repo in hub.store.repos(namespace=name) if may_see(who, repo)]
    return JSONResponse(
        {
            "name": name,
            "fullname": hub.accounts.fullnames[name.lower()],
            "avatarUrl": "",
            "isVerified": False,
            "type": "org",
            "numUsers": len(hub.accounts.members(name)),
            "numModels": sum(repo.kind == "model" for repo in own),
            "numDatasets": sum(repo.kind == "dataset" for repo in own),
            "numSpaces": sum(repo.kind == "space" for repo in own),
            "numFollowers": 0,
        }
    )


def organisation_members(request: Request) -> JSONResponse:
    members = hub_of(request).accounts.members(_organisation(request))
    return JSONResponse([{"user": user.name, "fullname": user.fullname, "avatarUrl": ""} for user in members])


def nobody(_request: Request) -> JSONResponse:
    """Followers: there are none here."""
    return JSONResponse([])


def like(request: Request) -> Response:
    who, repo = logged_in(request), find_repo(request)
    with hub_of(request).store.db.writing() as connection:
        if request.method == "DELETE":
            connection.execute("DELETE FROM likes WHERE repo = ? AND user = ?", (repo.pk, who.name))
        else:
            connection.execute("INSERT OR IGNORE INTO likes VALUES (?, ?, ?)", (repo.pk, who.name, clock.now()))
    return JSONResponse({"success": True})


def likers(request: Request) -> JSONResponse:
    hub, repo = hub_of(request), find_repo(request)
    names = [row["user"] for row in hub.store.db.all("SELECT user FROM likes WHERE repo = ?", repo.pk)]
    users = [hub.accounts.user(name) or User(name) for name in names]
    return JSONResponse([{"user": user.name, "fullname": user.fullname, "avatarUrl": ""} for user in users])


def user_likes(request: Request) -> JSONResponse:
    hub, who = hub_of(request), identity(request)
    user = hub.accounts.user(param(request, "user"))
    if user is None:
        raise missing("User")
    rows = hub.store.db.all("SELECT repo, created_at FROM likes WHERE user = ? ORDER BY created_at DESC", user.name)
    liked = [(hub.store.repo_by_pk(row["repo"]), row["created_at"]) for row in rows]
    return JSONResponse(
        [
            {"createdAt": moment, "repo": {"name": repo.id, "type": repo.kind}}
            for repo, moment in liked
            if repo and may_see(who, repo)
        ]
    )


routes = [
    Route("/api/whoami-v2", whoami),
    Route("/api/users/{user}/overview", user_overview),
    Route("/api/users/{user}/likes", user_likes),
    Route("/api/users/{user}/followers", nobody),
    Route("/api/users/{user}/following", nobody),
    Route("/api/organizations/{organisation}/overview", organisation_overview),
    Route("/api/organizations/{organisation}/members", organisation_members),
    Route("/api/organizations/{organisation}/followers", nobody),
    Route("/api/{kind:kind}/{namespace}/{name}/like", like, methods=["POST", "DELETE"]),
    Route("/api/{kind:kind}/{namespace}/{name}/likers", likers),
]
