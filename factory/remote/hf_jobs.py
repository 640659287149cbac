"""A publish as a Hub Job: submitted, found again, followed. The job itself is not ours to stop."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import requires
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.errors import FactoryError, UsageError
from factory.hub.client import api, existing, hub_errors
from factory.hub.names import require_repo
from factory.profile import HubJobs
from factory.recipe import LoadedRecipe
from factory.remote.bundle import Bundle, make_bundle
from factory.store import fingerprint

if TYPE_CHECKING:
    from huggingface_hub import JobInfo

ENDED = ("COMPLETED", "CANCELED", "ERROR", "DELETED")
POLL = 1.0  # seconds between two looks at a job whose log has ended
BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
START = "import os; exec(os.environ['FACTORY_BOOTSTRAP'])"  # a long -c argument would be taken for a file's name
RECIPE_LABEL, BUNDLE_LABEL = "factory-recipe", "factory-bundle"
FIX_FLAVOR = 'write [profiles.NAME.jobs] with flavor = "a100-large" (see `hf jobs hardware`) into factory.toml'


@dataclass(frozen=True)
class Order:
    """What is to run: the recipe, the profile's `jobs` table, and further arguments of `factory publish`."""

    loaded: LoadedRecipe
    settings: HubJobs
    arguments: list[str] = field(default_factory=list)

    @property
    def namespace(self) -> str:
        return self.settings.namespace or self.loaded.recipe.hub.namespace

    @property
    def repo(self) -> str:
        """Private dataset that holds the bundle and the finished steps."""
        return self.settings.repo or f"{self.namespace}/factory-{self.loaded.recipe.name}"


def submit(order: Order) -> tuple[JobInfo, bool]:
    """(the job that publishes the recipe, whether it is new): one that already runs the same is found by its labels.

    Raises:
        UsageError: a secret is not set here, no Hub takes the repo's name, or a job runs another state of the recipe.
        FactoryError: the Hub refuses.
    """
    require_repo(order.repo, "the profile's jobs.repo")
    secrets = _secrets(order.settings.secrets)
    bundle = make_bundle(order.loaded)
    mark = _mark(bundle, order)
    client = api()
    with hub_errors(order.namespace, "namespace"):
        if (running := _running(client, order, mark)) is not None:
            return running, False
    with hub_errors(order.repo, "dataset"):
        existing(client, "dataset", order.repo)
        client.create_repo(order.repo, repo_type="dataset", private=True, exist_ok=True)
        path = f"bundles/{bundle.digest}.tar.gz"
        commit = client.upload_file(
            repo_id=order.repo,
            repo_type="dataset",
            path_or_fileobj=bundle.content,
            path_in_repo=path,
            commit_message=f"Bundle of {order.loaded.recipe.name}",
        )
    work = {
        "repo": order.repo,
        "path": path,
        "revision": commit.oid,
        "recipe": bundle.recipe,
        "arguments": [
            *("--hub", "remote", "--keep", order.repo, "--keep-every", f"{order.settings.keep_every:g}"),
            *order.arguments,
        ],
    }
    with hub_errors(order.namespace, "namespace"):
        job = client.run_uv_job(
            "python",
            script_args=["-c", START],
            dependencies=requirements(),
            python=order.settings.python,
            image=order.settings.image,
            env=_environment(order)
            | {"FACTORY_BOOTSTRAP": BOOTSTRAP.read_text("utf-8"), "FACTORY_JOB": json.dumps(work)},
            secrets=secrets,
            flavor=order.settings.flavor,
            timeout=order.settings.timeout,
            name=f"factory-{order.loaded.recipe.name}",
            labels={RECIPE_LABEL: order.loaded.recipe.name, BUNDLE_LABEL: mark},
            namespace=order.namespace,
        )
    return job, True


def follow(job: JobInfo, namespace: str, say: Callable[[str], None]) -> str:
    """Pass the job's log on line by line until it ends; its last stage.

    Raises:
        FactoryError: it did not complete.
    """
    client = api()
    with hub_errors(namespace, "namespace"), _noted_interrupts() as interrupts:
        for line in client.fetch_job_logs(job_id=job.id, namespace=namespace, follow=True):
            say(line)
        if interrupts:
            raise KeyboardInterrupt
        while (status := client.inspect_job(job_id=job.id, namespace=namespace).status).stage not in ENDED:
            time.sleep(POLL)
    stage = str(getattr(status.stage, "value", status.stage))
    if stage != "COMPLETED":
        raise FactoryError(
            f"the job ended as {stage}" + (f": {status.message}" if status.message else ""),
            where=job.url,
            fix="its log says why; the same command starts another, which goes on after the steps that were finished",
        )
    return stage


@contextmanager
def _noted_interrupts() -> Iterator[list[int]]:
    """Ctrl-C raises as ever and is noted besides: the client takes it for the end of the log and goes on."""
    noted: list[int] = []

    def note(number: int, _frame: Any) -> None:
        noted.append(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)


def requirements() -> list[str]:
    """What the factory needs, as its own package says; extras left out."""
    return [need for need in requires("hf-factory") or [] if not re.search(r";.*\bextra\b", need)]


def _secrets(names: list[str]) -> dict[str, str]:
    """Values from this machine's environment, sent as secrets; the token is always among them."""
    from huggingface_hub import get_token

    found = {"HF_TOKEN": get_token() or "", **{name: os.environ.get(name, "") for name in names}}
    if missing := [name for name, value in found.items() if not value]:
        raise UsageError(f"not set here: {', '.join(missing)}", fix="a job gets its secrets from your environment")
    return found


def _environment(order: Order) -> dict[str, str]:
    """What the recipe's ``${NAME}`` may read, and the Hub's address where it is not the usual one."""
    names = [*order.loaded.recipe.env, "HF_ENDPOINT"]
    return {name: os.environ[name] for name in names if name in os.environ}


def _mark(bundle: Bundle, order: Order) -> str:
    asked = {"bundle": bundle.digest, "arguments": order.arguments, "environment": _environment(order)}
    return fingerprint(asked)[:16]


def _running(client: Any, order: Order, mark: str) -> JobInfo | None:
    name = order.loaded.recipe.name
    for job in client.list_jobs(namespace=order.namespace, labels={RECIPE_LABEL: name}):
        if job.status.stage in ENDED:
            continue
        if (job.labels or {}).get(BUNDLE_LABEL) == mark:
            return job
        raise UsageError(
            f"a job runs another state of {name}: {job.url}",
            where=str(order.loaded.path),
            fix=f"wait for it, or stop it: {cancel_command(job, order.namespace)}",
        )
    return None


def cancel_command(job: JobInfo, namespace: str) -> str:
    return f"hf jobs cancel --namespace {namespace} {job.id}"
