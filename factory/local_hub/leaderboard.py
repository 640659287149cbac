"""What is measured where: a benchmark's leaderboard from the models' own scores, and the storage of one's repos."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from factory.local_hub.context import find_repo, hub_of, identity, logged_in, may_see, param
from factory.local_hub.info import Info
from factory.local_hub.records import Repo


def leaderboard(request: Request) -> JSONResponse:
    """Entries of `.eval_results/*.yaml` in the models here that name this dataset, the highest value first."""
    hub, who, benchmark = hub_of(request), identity(request), find_repo(request)
    entries: list[dict[str, Any]] = []
    for repo in hub.store.repos("model"):
        if not may_see(who, repo):
            continue
        for result in Info(hub, repo, hub.store.resolve(repo, "main")).value("evalResults"):
            data = result["data"]
            value = data.get("value")
            if str(data["dataset"].get("id")).lower() == benchmark.id.lower() and isinstance(value, (int, float)):
                entries.append(
                    {
                        "modelId": repo.id,
                        "value": value,
                        "filename": result["filename"],
                        "verified": False,
                        "source": data.get("source"),
                        "notes": data.get("notes"),
                        "author": {
                            "name": repo.namespace,
                            "fullname": repo.namespace,
                            "type": "user",
                            "avatarUrl": "",
                        },
                    }
                )
    entries.sort(key=lambda entry: -entry["value"])
    return JSONResponse([{"rank": rank, **entry} for rank, entry in enumerate(entries, 1)])


def storage(request: Request) -> JSONResponse:
    """The repos of a namespace with the bytes they hold, the largest first."""
    hub, who = hub_of(request), logged_in(request)
    namespace = param(request, "organisation") if "organisation" in request.path_params else who.name
    repos = [repo for repo in hub.store.repos(namespace=namespace) if may_see(who, repo)]
    used = {repo: _bytes(hub, repo) for repo in repos}
    total = sum(used.values()) or 1
    return JSONResponse(
        [
            {
                "id": repo.id,
                "type": repo.kind,
                "updatedAt": repo.updated_at,
                "visibility": repo.visibility,
                "storage": used[repo],
                "storagePercent": round(used[repo] / total, 4),
            }
            for repo in sorted(repos, key=lambda repo: -used[repo])
        ]
    )


def _bytes(hub: Any, repo: Repo) -> int:
    return Info(hub, repo, hub.store.resolve(repo, "main")).value("usedStorage")


routes = [
    Route("/api/{kind:dataset}/{namespace}/{name}/leaderboard", leaderboard),
    Route("/api/settings/repositories", storage),
    Route("/api/organizations/{organisation}/settings/repositories", storage),
]
