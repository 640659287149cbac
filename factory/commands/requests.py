"""`factory eval --requests`: works the queue of models that visitors of a Space submitted."""

from __future__ import annotations

import platform
from contextlib import nullcontext
from dataclasses import replace

from factory.commands.eval import Wanted, evaluated
from factory.commands.session import embedded
from factory.commands.table import print_json, print_table
from factory.errors import FactoryError
from factory.evaluate.submissions import Request, ended, requests_in, started, waits_for, write
from factory.hub.client import api, hub_errors
from factory.hub.names import require_repo
from factory.publishing.results import push_results


def run_requests(repo: str, wanted: Wanted, push: str | None, as_json: bool) -> None:
    """Score every model that waits in the dataset `repo`, one after the other, and write there how each ended.

    A model that fails is marked with its error, and the next one is scored.

    Raises:
        UsageError: the suite, a setting or the name of a dataset is wrong: before any request is touched.
        FactoryError: the queue cannot be read or written; or models failed, after all the others were scored.
    """
    wanted.entry()
    require_repo(repo, "--requests")
    if push:
        require_repo(push, "--push")
    worker = platform.node()
    with embedded(wanted.store) if wanted.hub == "local" else nullcontext():
        wanted = replace(wanted, hub="remote")  # the Hub that was just opened, if one was
        with hub_errors(repo, "dataset"):
            waiting = [request for request in requests_in(api(), repo) if waits_for(request, worker)]
        done = [_work(repo, request, worker, wanted, push) for request in waiting]
    if as_json:
        print_json([request.__dict__ for request in done])
    elif done:
        rows = [[request.model, request.revision[:12], request.status.lower(), request.note] for request in done]
        print_table(f"requests of {repo}, scored in {wanted.suite}", ["model", "commit", "state", "because"], rows)
    else:
        print(f"no request waits in {repo}")
    if failed := [request.model for request in done if request.status == "FAILED"]:
        raise FactoryError(f"{len(failed)} of {len(done)} requests failed: {', '.join(failed)}", where=repo)


def _work(repo: str, request: Request, worker: str, wanted: Wanted, push: str | None) -> Request:
    """Score one model; the request as it ended, which is what the dataset says too."""
    _say(repo, started(request, worker))
    error = None
    try:
        with evaluated([f"{request.model}@{request.revision}"], wanted) as found:
            found.report.require_success()
            if push:
                push_results(push, found.made)
    except FactoryError as failure:
        error = str(failure)
    return _say(repo, ended(request, error))


def _say(repo: str, request: Request) -> Request:
    with hub_errors(repo, "dataset"):
        write(api(), repo, request, f"{request.model}: {request.status.lower()}")
    return request
