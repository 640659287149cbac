"""From a Hub ref to a commit SHA, and the lock file that keeps it.

The lock lies beside the recipe (``hala-1.2b.yaml`` -> ``hala-1.2b.lock``) and is JSON:
``{"endpoint": …, "refs": {"dataset Open-Orca/OpenOrca@main": "<sha>"}}``. A lock of another endpoint is not
used: the same name means another commit there.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from factory.errors import FactoryError, UsageError
from factory.hub.client import api, endpoint, hub_errors
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
    """

    path: Path
    hub: str = ""
    online: bool = True
    strict: bool = False
    locked: bool = False
    refresh: bool = False
    stand_ins: bool = False
    timeout: float = 10.0
    refs: dict[str, str] = field(default_factory=dict)
    _reachable: bool = True

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
            except (ValueError, KeyError, TypeError, OSError, RecursionError) as error:
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
        if not self.online or not (self._reachable or self.strict):
            return None
        sha = self._ask(ref, kind)
        if sha is not None:
            self.refs[key] = sha
        return sha

    def _ask(self, ref: HubRef, kind: RepoKind) -> str | None:
        try:
            with hub_errors(ref.repo, kind):
                return api().repo_info(ref.repo, repo_type=kind, revision=ref.revision, timeout=self.timeout).sha
        except FactoryError as error:
            if self.strict:
                raise
            if "cannot be reached" in error.what:
                self._reachable = False  # one timeout is enough for a plan
            return None

    def save(self) -> None:
        """Write the lock beside the recipe; where that folder cannot be written, keep the refs for this run only."""
        if not self.refs:
            return
        content = {"endpoint": self.hub, "refs": dict(sorted(self.refs.items()))}
        text = json.dumps(content, indent=2) + "\n"
        try:
            if not self.path.is_file() or self.path.read_text(encoding="utf-8") != text:
                write_atomically(self.path, text.encode())
        except OSError:
            return
