"""Who am I, who are they: whoami, users, organisations, likes."""

from collections import Counter
from typing import Any

from starlette.requests import Request

from factory.local_hub import clock
from factory.local_hub.context import find_repo, hub_of, identity, logged_in, may_see, param, visible
from factory.local_hub.errors import missing
from factory.local_hub.routing import REPO, Answer, Routes
from factory.local_hub.users import User

routes = Routes()


@routes("GET", "/api/whoami-v2")
def whoami(request: Request) -> Answer:
    who = logged_in(request)
    user = who.user
    return {
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
            "accessToken": {
                "displayName": "local",
                "role": who.role,
                "createdAt": "2020-01-01T00:00:00.000Z",
                "everywhere": who.everywhere,  # ours: huggingface.co has no users who may write to any namespace
            },
        },
    }


def _shown(user: User) -> dict[str, Any]:
    return {"user": user.name, "fullname": user.fullname, "avatarUrl": ""}


def _counts(request: Request, namespace: str) -> dict[str, Any]:
    counts = Counter(repo.kind for repo in visible(request, namespace=namespace))
    numbers = {"numModels": counts["model"], "numDatasets": counts["dataset"], "numSpaces": counts["space"]}
    return numbers | {"numFollowers": 0}


def _user(request: Request) -> User:
    user = hub_of(request).accounts.user(param(request, "user"))
    if user is None:
        raise missing("User")
    return user


def _organisation(request: Request) -> str:
    name = hub_of(request).accounts.organisations.get(param(request, "organisation").lower())
    if name is None:
        raise missing("Organization")
    return name


@routes("GET", "/api/users/{user}/overview")
def user_overview(request: Request) -> Answer:
    user = _user(request)
    return {
        **_shown(user),
        **_counts(request, user.name),
        "isPro": False,
        "type": "user",
        "numDiscussions": 0,
        "numPapers": 0,
        "numUpvotes": 0,
        "numLikes": hub_of(request).store.db.value("SELECT count(*) FROM likes WHERE user = ?", user.name),
        "numFollowing": 0,
        "orgs": [{"name": o["name"], "fullname": o["name"], "avatarUrl": ""} for o in user.organisations],
    }


@routes("GET", "/api/organizations/{organisation}/overview")
def organisation_overview(request: Request) -> Answer:
    name, accounts = _organisation(request), hub_of(request).accounts
    return {
        "name": name,
        "fullname": accounts.fullnames[name.lower()],
        "avatarUrl": "",
        "isVerified": False,
        "type": "org",
        "numUsers": len(accounts.members(name)),
        **_counts(request, name),
    }


@routes("GET", "/api/organizations/{organisation}/members")
def organisation_members(request: Request) -> Answer:
    return [_shown(user) for user in hub_of(request).accounts.members(_organisation(request))]


@routes(
    "GET", "/api/users/{user}/followers", "/api/users/{user}/following", "/api/organizations/{organisation}/followers"
)
def nobody(_request: Request) -> Answer:
    """Followers: there are none here."""
    return []


@routes("POST DELETE", REPO + "/like")
def like(request: Request) -> Answer:
    who, repo, db = logged_in(request), find_repo(request), hub_of(request).store.db
    if request.method == "DELETE":
        db.write("DELETE FROM likes WHERE repo = ? AND user = ?", repo.pk, who.name)
    else:
        db.write("INSERT OR IGNORE INTO likes VALUES (?, ?, ?)", repo.pk, who.name, clock.now())
    return {"success": True}


@routes("GET", REPO + "/likers")
def likers(request: Request) -> Answer:
    hub, repo = hub_of(request), find_repo(request)
    names = [row["user"] for row in hub.store.db.all("SELECT user FROM likes WHERE repo = ?", repo.pk)]
    return [_shown(hub.accounts.user(name) or User(name)) for name in names]


@routes("GET", "/api/users/{user}/likes")
def user_likes(request: Request) -> Answer:
    store, who, user = hub_of(request).store, identity(request), _user(request)
    rows = store.db.all("SELECT repo, created_at FROM likes WHERE user = ? ORDER BY created_at DESC", user.name)
    liked = [(store.repo_by_pk(row["repo"]), row["created_at"]) for row in rows]
    return [
        {"createdAt": moment, "repo": {"name": repo.id, "type": repo.kind}}
        for repo, moment in liked
        if repo and may_see(who, repo)
    ]
