"""What is measured where: a benchmark's leaderboard from the models' own scores, and the storage of one's repos."""

from typing import Any

from starlette.requests import Request

from factory.local_hub.context import find_repo, hub_of, logged_in, param, visible
from factory.local_hub.info import Info
from factory.local_hub.metadata import Summary
from factory.local_hub.routing import Answer, Routes
from factory.local_hub.storage import Repo
from factory.local_hub.users import person

routes = Routes()


BENCHMARK = "eval.yaml"  # what makes a dataset one


@routes("GET", "/api/{kind:dataset}/{namespace}/{name}/leaderboard")
def leaderboard(request: Request) -> Answer:
    """Entries of `.eval_results/*.yaml` in the models here that name this dataset, the highest value first."""
    return [
        {
            "rank": rank,
            "modelId": repo.id,
            "value": result["data"]["value"],
            "filename": result["filename"],
            "verified": False,
            "source": result["data"].get("source"),
            "notes": result["data"].get("notes"),
            "author": person(repo.namespace),
        }
        for rank, (repo, result) in enumerate(results(request, find_repo(request)), 1)
    ]


def results(request: Request, benchmark: Repo) -> list[tuple[Repo, dict[str, Any]]]:
    """(model, one of its results) on a dataset, of the models that the asker may see, the highest value first."""
    found = [
        (repo, result)
        for repo in visible(request, "model")
        for result in Info(hub_of(request), repo).value("evalResults")
        if str(result["data"]["dataset"].get("id")).lower() == benchmark.id.lower()
        if isinstance(result["data"].get("value"), (int, float))
    ]
    return sorted(found, key=lambda one: -one[1]["data"]["value"])


def boards(request: Request, repo: Repo, about: Summary) -> dict[str, list[dict[str, Any]]]:
    """{task: models with their values and how these were measured} of a benchmark; nothing of other datasets."""
    found: dict[str, list[dict[str, Any]]] = {}
    for model, result in results(request, repo) if BENCHMARK in about.paths else ():
        data = result["data"]
        source = data.get("source") if isinstance(data.get("source"), dict) else {}
        row = {"model": model, "value": data["value"], "date": data.get("date"), "notes": data.get("notes"), **source}
        found.setdefault(str(data["dataset"].get("task_id") or ""), []).append(row)
    return found


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
