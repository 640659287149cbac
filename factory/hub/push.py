"""One repo, one commit: the repo's files become the given ones, or nothing happens.

Each commit says what it was made of in trailer lines. `Factory-Fingerprint` is the artifact's identity;
`Factory-Digest` also covers the rendered documents, so that a changed card is pushed though its data is the same.
`Factory-Recipe` names the recipe: where several share an artifact, the card of the one that published it stays.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from factory.errors import FactoryError
from factory.hub.addresses import endpoint, is_loopback
from factory.hub.client import api, existing, hub_errors, no_bars
from factory.store import canonical, fingerprint, write_atomically

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import GitCommitInfo

Kind = Literal["dataset", "model", "space", "collection"]
Content = Path | bytes

RECORD = "published.json"
FINGERPRINT_TRAILER = "Factory-Fingerprint"
DIGEST_TRAILER = "Factory-Digest"
RECIPE_TRAILER = "Factory-Recipe"
TRAILER = re.compile(rf"^({FINGERPRINT_TRAILER}|{DIGEST_TRAILER}|{RECIPE_TRAILER}): (\S+)$", re.MULTILINE)
FIRST_FILES = {".gitattributes", "README.md"}  # all that creating a repo can put into its first commit
SHOWN_PATHS = 3  # in a commit's title
WATCHED_BYTES = 50_000_000
PREFIXES = {"dataset": "datasets/", "space": "spaces/", "model": ""}


@dataclass(frozen=True)
class Release:
    """What a repo is to hold.

    Attributes:
        documents: small files by path in the repo; their bytes are part of the digest.
        files: makes the large ones; called only if there is something to push. `fingerprint` stands for their bytes.
        private: None leaves the visibility of an existing repo as it is.
        stand_in: made of stand-ins by a rehearsal: refused anywhere but on a Hub on this machine.
        record: folder in which ``published.json`` remembers the last push.
        recipe: name of the recipe that publishes it.
        about: what it holds, for the commit's title: 405,000 rows.
    """

    kind: Kind
    repo_id: str
    fingerprint: str
    title: str
    documents: Mapping[str, bytes]
    files: Callable[[], Mapping[str, Path]] = dict
    private: bool | None = None
    stand_in: bool = False
    record: Path | None = None
    recipe: str = ""
    about: str = ""

    @property
    def digest(self) -> str:
        documents = {path: hashlib.sha256(content).hexdigest() for path, content in self.documents.items()}
        return fingerprint({"fingerprint": self.fingerprint, "documents": documents})


@dataclass(frozen=True)
class Pushed:
    """Where a release is now; `changed` is False where the Hub had it already."""

    kind: Kind
    repo_id: str
    url: str
    commit: str
    changed: bool
    notes: tuple[str, ...] = ()


def push(release: Release, *, force: bool = False) -> Pushed:
    """Bring the repo to the release's files in one commit, creating it if need be.

    A repo whose head carries the release's digest is left alone, and one that another recipe brought to the same
    fingerprint. `force` pushes over that and over somebody else's commit.

    Raises:
        FactoryError: somebody else's commit is at the head; the repo was renamed; a stand-in would leave this machine;
            the Hub refuses.
    """
    client = api()
    if release.stand_in and not is_loopback(client.endpoint):
        raise FactoryError(
            f"made of stand-ins by a rehearsal, not pushed to {urlsplit(client.endpoint).hostname}",
            where=release.repo_id,
            fix="build it without --rehearse, or push to the embedded Hub: --hub local",
        )
    with hub_errors(release.repo_id, release.kind):
        there = existing(client, release.kind, release.repo_id)
        if (known := _recorded(there, release)) is not None:
            return known
        ready = {} if there else release.files()  # before the repo is made: damaged files leave no empty one behind
        client.create_repo(
            release.repo_id,
            repo_type=release.kind,
            private=release.private,
            exist_ok=True,
            space_sdk="gradio" if release.kind == "space" else None,
        )
        notes = _visibility(client, release)
        commits = client.list_repo_commits(release.repo_id, repo_type=release.kind)
        head = commits[0]
        carried = trailers(head)
        if carried.get(DIGEST_TRAILER) == release.digest or (not force and _from_another_recipe(carried, release)):
            return _remember(release, head.commit_id, changed=False, notes=notes)
        files = client.list_repo_files(release.repo_id, repo_type=release.kind, revision=head.commit_id)
        if not force and not carried and not (len(commits) == 1 and set(files) <= FIRST_FILES):
            raise _someone_else(release, head)
        commit = _commit(client, release, head.commit_id, files, ready or release.files(), carried)
        return _remember(release, commit, changed=commit != head.commit_id, notes=notes)


def _from_another_recipe(carried: Mapping[str, str], release: Release) -> bool:
    recipe = carried.get(RECIPE_TRAILER, release.recipe)
    return recipe != release.recipe and carried.get(FINGERPRINT_TRAILER) == release.fingerprint


def trailers(commit: GitCommitInfo) -> dict[str, str]:
    """The factory's trailer lines of a commit; empty for anybody else's."""
    return dict(TRAILER.findall(f"{commit.title}\n{commit.message}"))


def repo_url(kind: Kind, repo_id: str) -> str:
    """The repo's page on the Hub in use."""
    return f"{endpoint()}/{PREFIXES[kind]}{repo_id}"


def _recorded(there: Any, release: Release) -> Pushed | None:
    """The last push, where it was this very release and the Hub still has it at its head."""
    record = read_record(release.record)
    if there is None or record.get("repo") != release.repo_id or record.get("digest") != release.digest:
        return None
    if there.sha != record.get("commit") or (release.private and not there.private):
        return None
    return Pushed(release.kind, release.repo_id, repo_url(release.kind, release.repo_id), str(there.sha), False)


def _visibility(client: HfApi, release: Release) -> tuple[str, ...]:
    """Hide a repo that should be private; never show one that is."""
    if release.private is None:
        return ()
    info = client.repo_info(release.repo_id, repo_type=release.kind)
    if release.private and not info.private:
        client.update_repo_settings(release.repo_id, repo_type=release.kind, private=True)
    if info.private and not release.private:
        return (f"{release.repo_id} is private on the Hub and stays so: change that in its settings",)
    return ()


def _commit(
    client: HfApi,
    release: Release,
    head: str,
    existing: list[str],
    files: Mapping[str, Path],
    before: Mapping[str, str],
) -> str:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete
    from huggingface_hub.errors import HfHubHTTPError

    content: dict[str, Content] = {**files, **release.documents}
    operations: list[Any] = [
        CommitOperationAdd(path_in_repo=path, path_or_fileobj=item if isinstance(item, bytes) else str(item))
        for path, item in sorted(content.items())
    ]
    stale = sorted(set(existing) - set(content) - {".gitattributes"})
    title = _title(release, before, _changed(client, release, head) if before else [], stale)
    operations += [CommitOperationDelete(path_in_repo=path) for path in stale]
    carried = {FINGERPRINT_TRAILER: release.fingerprint, DIGEST_TRAILER: release.digest}
    if release.recipe:
        carried[RECIPE_TRAILER] = release.recipe
    try:
        with _bars_for(content):
            info = client.create_commit(
                release.repo_id,
                operations,
                repo_type=release.kind,
                parent_commit=head,
                commit_message=title,
                commit_description="\n".join(f"{key}: {value}" for key, value in carried.items()),
            )
    except HfHubHTTPError as error:
        made = client.list_repo_commits(release.repo_id, repo_type=release.kind)[0]
        if error.response.status_code == 412 and trailers(made).get(DIGEST_TRAILER) == release.digest:
            return made.commit_id  # it was made, and the answer that said so was lost
        raise
    return info.oid


def _changed(client: HfApi, release: Release, head: str) -> list[str]:
    """The documents that are new, or not at `head` as they are in the release: git names a file by its content."""
    there = client.get_paths_info(release.repo_id, [*release.documents], repo_type=release.kind, revision=head)
    known = {item.path: getattr(item, "blob_id", "") for item in there}
    return sorted(path for path, content in release.documents.items() if known.get(path) != _blob(content))


def _blob(content: bytes) -> str:
    """What git calls a file of this content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _title(release: Release, before: Mapping[str, str], changed: list[str], stale: list[str]) -> str:
    """What the commit changes, in a line.

    >>> release = Release("dataset", "o/n", "f2", "pairs", {}, about="3 rows")
    >>> _title(release, {}, [], []), _title(release, {FINGERPRINT_TRAILER: "f1"}, ["README.md"], [])
    ('Publish pairs: 3 rows', 'Rebuild pairs: 3 rows')
    >>> _title(release, {FINGERPRINT_TRAILER: "f2"}, ["README.md"], ["old.svg"])
    'Update pairs: README.md changed, old.svg removed'
    """
    about = f": {release.about}" if release.about else ""
    if before.get(FINGERPRINT_TRAILER) != release.fingerprint:
        return f"{'Rebuild' if before.get(FINGERPRINT_TRAILER) else 'Publish'} {release.title}{about}"
    said = [f"{_some(paths)} {word}" for word, paths in (("changed", changed), ("removed", stale)) if paths]
    return f"Update {release.title}: {', '.join(said) or 'the same files again'}"


def _some(paths: list[str]) -> str:
    return (
        ", ".join(paths)
        if len(paths) <= SHOWN_PATHS
        else f"{', '.join(paths[:SHOWN_PATHS])} and {len(paths) - SHOWN_PATHS} more"
    )


def _bars_for(content: Mapping[str, Content]) -> AbstractContextManager[None]:
    """Progress bars for uploads worth watching only."""
    size = sum(item.stat().st_size for item in content.values() if isinstance(item, Path))
    return nullcontext() if size >= WATCHED_BYTES else no_bars()


def _someone_else(release: Release, head: GitCommitInfo) -> FactoryError:
    who = ", ".join(head.authors) or "somebody"
    return FactoryError(
        f'the last commit is not ours: {head.commit_id[:12]} "{head.title}" by {who}',
        where=repo_url(release.kind, release.repo_id),
        fix="carry their change over into the recipe, or overwrite it with --force",
    )


def read_record(folder: Path | None) -> dict[str, Any]:
    """``published.json`` of the folder; empty where there is none."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8")) if folder else {}
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _remember(release: Release, commit: str, *, changed: bool, notes: tuple[str, ...]) -> Pushed:
    pushed = Pushed(release.kind, release.repo_id, repo_url(release.kind, release.repo_id), commit, changed, notes)
    if release.record is not None:
        record = {"repo": release.repo_id, "commit": commit, "digest": release.digest, "endpoint": endpoint()}
        release.record.mkdir(parents=True, exist_ok=True)
        write_atomically(release.record / RECORD, canonical(record).encode())
    return pushed
