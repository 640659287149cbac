"""From a Hub ref to a commit SHA, and the lock file that keeps it.

The lock lies beside the recipe (``hala-1.2b.yaml`` -> ``hala-1.2b.lock``) and is JSON:
``{"endpoint": …, "refs": {"dataset Open-Orca/OpenOrca@main": "<sha>"}, "models": {"gpt-4o": "gpt-4o-2024-11-20"}}``.
The refs of another Hub's endpoint are not used: the same name means another commit there. `models` are those behind
an API, each with the name that its first answer stated.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from factory.errors import FactoryError, UsageError
from factory.hub.addresses import endpoint
from factory.hub.client import api, hub_errors
from factory.profile import Profile
from factory.refs import HubRef
from factory.store import write_atomically

SHA = re.compile(r"^[0-9a-f]{40}$")
RepoKind = Literal["dataset", "model"]


def lock_path(recipe: Path) -> Path:
    return recipe.with_suffix(".lock")


@dataclass
class Resolver:
    """Looks a ref up in the lock, then on the Hub.

    Attributes:
        hub: the endpoint that the lock must be of; by default the one in use.
        online: ask the Hub for what the lock does not have; where it cannot be reached, `resolve` gives None.
        strict: a ref that cannot be resolved is an error (publish, build); otherwise it is left open (plan).
        locked: only the lock counts (``--locked``).
        refresh: ignore what the lock holds (``factory lock``).
        stand_ins: a rehearsal, where a pinned SHA is the name of a tag: the stand-in's own commit is looked up.
        profile: where the endpoints are that models behind an API are asked at.
    """

    path: Path
    hub: str = ""
    online: bool = True
    strict: bool = False
    locked: bool = False
    refresh: bool = False
    stand_ins: bool = False
    timeout: float = 10.0
    profile: Profile | None = None
    refs: dict[str, str] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    reachable: bool = True

    def __post_init__(self) -> None:
        self.hub = self.hub or endpoint()
        if self.path.is_file() and not self.refresh:
            try:
                content = json.loads(self.path.read_bytes())
                refs = dict(content["refs"])
                if not all(isinstance(sha, str) and SHA.match(sha) for sha in refs.values()):
                    raise ValueError("a ref is no commit SHA")
                if content["endpoint"] == self.hub:
                    self.refs = refs
                self.models = {str(model): str(stated) for model, stated in content.get("models", {}).items()}
            except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError) as error:
                raise UsageError(
                    "not a lock file", where=str(self.path), fix="delete it and run `factory lock`"
                ) from error

    def resolve(self, ref: HubRef, kind: RepoKind) -> str | None:
        """The commit SHA that `ref` means, or None where it is not known and need not be.

        Raises:
            UsageError: ``locked`` and the lock has no such ref.
            FactoryError: ``strict`` and the Hub does not know it or cannot be reached.
        """
        if ref.revision and SHA.match(ref.revision) and not self.stand_ins:
            return ref.revision
        key = f"{kind} {ref.repo}@{ref.revision or 'main'}"
        if key in self.refs:
            return self.refs[key]
        if self.locked:
            raise UsageError(f"{ref} is not in the lock", where=str(self.path), fix="run `factory lock` first")
        if not self.online or not (self.reachable or self.strict):
            return None
        sha = self._ask(ref, kind)
        if sha is not None:
            self.refs[key] = sha
        return sha

    def answers_as(self, endpoint: str, model: str) -> str | None:
        """The name that a model behind an endpoint states in its answers, or None where it has not answered yet.

        It is asked once, when work begins: a plan costs nothing.

        Raises:
            UsageError: ``locked`` and the lock does not have it, or the profile has no such endpoint.
            FactoryError: ``strict`` and it does not answer.
        """
        if self.strict and self.profile is not None:
            self.profile.endpoint(endpoint)
        if model in self.models:
            return self.models[model]
        if self.locked:
            raise UsageError(f"{model} is not in the lock", where=str(self.path), fix="run `factory lock` first")
        if not self.strict or self.profile is None:
            return None
        from factory.engines.openai import stated_model

        self.models[model] = stated_model(model, self.profile.endpoint(endpoint))
        return self.models[model]

    def _ask(self, ref: HubRef, kind: RepoKind) -> str | None:
        try:
            with hub_errors(ref.repo, kind):
                return api().repo_info(ref.repo, repo_type=kind, revision=ref.revision, timeout=self.timeout).sha
        except FactoryError as error:
            if self.strict:
                raise
            if "cannot be reached" in error.what:
                self.reachable = False  # one timeout is enough for a plan
            return None

    def save(self) -> None:
        """Write the lock beside the recipe; where that folder cannot be written, keep the refs for this run only."""
        if not self.refs and not self.models:
            return
        models = {"models": dict(sorted(self.models.items()))} if self.models else {}
        content = {"endpoint": self.hub, "refs": dict(sorted(self.refs.items())), **models}
        text = json.dumps(content, indent=2) + "\n"
        try:
            if not self.path.is_file() or self.path.read_text(encoding="utf-8") != text:
                write_atomically(self.path, text.encode())
        except OSError:
            return
