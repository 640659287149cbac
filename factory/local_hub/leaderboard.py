"""What is measured where: a benchmark's leaderboard from the models' own scores, and the storage of one's repos."""

from starlette.requests import Request

from factory.local_hub.context import find_repo, hub_of, logged_in, param, visible
from factory.local_hub.info import Info
from factory.local_hub.routing import Answer, Routes
from factory.local_hub.users import person

routes = Routes()


@routes("GET", "/api/{kind:dataset}/{namespace}/{name}/leaderboard")
def leaderboard(request: Request) -> Answer:
    """Entries of `.eval_results/*.yaml` in the models here that name this dataset, the highest value first."""
    hub, benchmark = hub_of(request), find_repo(request).id.lower()
    entries = [
        {
            "modelId": repo.id,
            "value": data["value"],
            "filename": result["filename"],
            "verified": False,
            "source": data.get("source"),
            "notes": data.get("notes"),
            "author": person(repo.namespace),
        }
        for repo in visible(request, "model")
        for result in Info(hub, repo).value("evalResults")
        if str((data := result["data"])["dataset"].get("id")).lower() == benchmark
        if isinstance(data.get("value"), (int, float))
    ]
    entries.sort(key=lambda entry: -entry["value"])
    return [{"rank": rank, **entry} for rank, entry in enumerate(entries, 1)]


@routes("GET", "/api/settings/repositories", "/api/organizations/{organisation}/settings/repositories")
def storage(request: Request) -> Answer:
    """The repos of a namespace with the bytes they hold, the largest first."""
    hub, who = hub_of(request), logged_in(request)
    namespace = param(request, "organisation") if "organisation" in request.path_params else who.name
    used = {repo: Info(hub, repo).value("usedStorage") for repo in visible(request, namespace=namespace)}
    total = sum(used.values()) or 1
    return [
        {
            "id": repo.id,
            "type": repo.kind,
            "updatedAt": repo.updated_at,
            "visibility": repo.visibility,
            "storage": size,
            "storagePercent": round(size / total, 4),
        }
        for repo, size in sorted(used.items(), key=lambda item: -item[1])
    ]
