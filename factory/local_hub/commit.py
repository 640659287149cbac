"""Writing: /preupload says how each file travels, /commit applies a list of changes at once."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from factory.local_hub.blobs import Draft, receive
from factory.local_hub.context import Hub, find_repo, flag, hub_of, logged_in, origin, param, whole, with_write_token
from factory.local_hub.discussions import open_discussion
from factory.local_hub.errors import HubError, bad_request, forbidden, revision_not_found, unprocessable
from factory.local_hub.ignore import is_ignored, is_lfs, lfs_rules
from factory.local_hub.metadata import mappings
from factory.local_hub.mistakes import refuse_mistakes
from factory.local_hub.routing import REPO, Answer, Routes
from factory.local_hub.storage import HEADS, PULLS, Commit, Repo, StoredFile
from factory.local_hub.trees import TreeEditor
from factory.local_hub.users import Identity
from factory.local_hub.values import sent

routes = Routes()

LFS_ABOVE = 10 * 1024 * 1024  # bytes: bigger files go through LFS whatever their name
MANY_FILES = 64
MOST_PATHS = 1000  # of a preupload; clients send 256
MOST_BYTES = 1 << 30  # of a commit's body
MOST_CHANGES = 100_000  # of a commit
LONGEST_LINE = 4 * LFS_ABOVE // 3 + (64 << 10)  # bytes: such a file in base64, and its path
DEEPEST = 100  # folders, one in another
LONGEST_MESSAGE = 65_536  # characters, of title and description
MOST_RULES = 300  # lines of .gitattributes or .gitignore
HEAVY = 1 << 20  # bytes of a body that two at once may read


def check_path(path: Any) -> str:
    """A path inside the repo, or 422."""
    if not isinstance(path, str) or not path or len(path.encode()) > 4096:
        raise unprocessable(f"Invalid path: {path!r}")
    parts = path.split("/")
    bad = any(part in ("", ".", "..") or part.lower() == ".git" or len(part.encode()) > 255 for part in parts)
    bad = bad or len(parts) > DEEPEST or path.startswith("..\\")  # a way out of the folder on Windows
    if bad or any(ord(c) < 32 or c == "\x7f" for c in path):
        raise unprocessable(f"Invalid path: {path!r}")
    return path


@routes("POST", REPO + "/preupload/{rev}")
def preupload(request: Request, body: dict[str, Any]) -> Answer:
    hub, repo = hub_of(request), find_repo(request)
    _committer(request, repo, pull_request=flag(request, "create_pr") or param(request, "rev").startswith(PULLS))
    commit = hub.store.resolve(repo, param(request, "rev"))
    attributes = (hub.store.read(commit, ".gitattributes") or b"").decode("utf-8", "replace")
    rules = lfs_rules(_rules(body.get("gitAttributes") or attributes))
    ignore = body.get("gitIgnore")
    if ignore is None:
        ignore = (hub.store.read(commit, ".gitignore") or b"").decode("utf-8", "replace")
    ignore, answer, files = _rules(ignore), [], mappings(body.get("files"))
    if len(files) > MOST_PATHS:
        raise HubError(413, f"More than {MOST_PATHS:,} files in one request")
    for file in files:
        path, size = str(file.get("path"))[:4096], whole(file.get("size") or 0, "size")
        entry = hub.store.entry(commit, path)
        stored = hub.store.file(entry.oid) if entry and not entry.is_folder else None
        answer.append(
            {
                "path": path,
                "uploadMode": "lfs" if size > LFS_ABOVE or is_lfs(rules, path) else "regular",
                "shouldIgnore": bool(ignore) and is_ignored(ignore, path),
                "oid": stored.etag if stored else None,
            }
        )
    return {"files": answer, "commitOid": commit.oid}


def _rules(text: Any) -> str:
    """The lines of a .gitattributes or .gitignore that count."""
    return "\n".join(str(text).splitlines()[:MOST_RULES])


def _committer(request: Request, repo: Repo, *, pull_request: bool) -> Identity:
    who = with_write_token(request, "to commit")
    if not pull_request and not who.may_write(repo.namespace):
        raise forbidden(
            f"You don't have the rights to commit to {repo.id}. Pass `create_pr=1` to open a pull request."
        )
    return who


@routes("POST", REPO + "/commit/{rev}")
async def commit(request: Request) -> Answer:
    hub = hub_of(request)
    await run_in_threadpool(logged_in, request)
    with hub.store.blobs.draft() as draft:  # the body may hold much base64: on disk, not in memory
        await receive(request.stream(), draft, MOST_BYTES)
        return await run_in_threadpool(_commit, request, draft)


def _commit(request: Request, draft: Draft) -> Answer:
    hub, repo = hub_of(request), find_repo(request)
    draft.close(sync=False)
    revision, create_pr = param(request, "rev"), flag(request, "create_pr")
    ref = hub.store.branch_ref(repo, revision)
    own = ref is not None and _own_pull(hub, repo, ref, logged_in(request))
    who = _committer(request, repo, pull_request=create_pr or own)
    if ref is None:
        raise revision_not_found(revision)
    with hub.store.pinned():
        with hub.heavy if draft.size > HEAVY else nullcontext():
            changes = Changes(hub, repo, draft.path)
        header = changes.header
        title = str(header.get("summary") or "").strip()
        message = str(header.get("description") or "")
        if not title:
            raise bad_request("The commit needs a summary")
        if len(title) + len(message) > LONGEST_MESSAGE:
            raise bad_request(f"The commit's summary and description have more than {LONGEST_MESSAGE:,} characters")
        parent = header.get("parentCommit") or None
        if create_pr:
            made, number = _pull_request(hub, repo, ref, changes, title, message, who, parent)
            pull_url = f"{origin(request)}/{repo.path}/discussions/{number}"
        else:
            made = hub.store.add_commit(
                repo, ref, changes.apply, title=title, message=message, author=who.name, parent=parent
            )
            pull_url = None
    return {
        "success": True,
        "commitOid": made.oid,
        "commitUrl": f"{origin(request)}/{repo.path}/commit/{made.oid}",
        "hookOutput": "",
        "pullRequestUrl": pull_url,
    }


def _own_pull(hub: Hub, repo: Repo, ref: str, who: Identity) -> bool:
    if not ref.startswith(PULLS):
        return False
    sql = "SELECT author FROM discussions WHERE repo = ? AND num = ?"
    return hub.store.db.value(sql, repo.pk, int(ref.removeprefix(PULLS))) == who.name


def _pull_request(
    hub: Hub, repo: Repo, ref: str, changes: Changes, title: str, message: str, who: Identity, parent: str | None
) -> tuple[Commit, int]:
    if not ref.startswith(HEADS):
        raise revision_not_found(ref)
    with hub.store.db.writing():
        base = parent or hub.store.ref(repo, ref)
        if base is None or hub.store.commit(repo, base) is None:
            raise revision_not_found(base or ref)
        number = open_discussion(
            hub, repo, who.name, title, message, pull_request=True, base=ref, base_commit=base, draft=False
        )
        made = hub.store.add_commit(
            repo, f"{PULLS}{number}", changes.apply, title=title, message=message, author=who.name, base=base
        )
    return made, number


class Changes:
    """The lines of a commit body: contents are stored first, the tree changes later inside the transaction."""

    def __init__(self, hub: Hub, repo: Repo, body: Path) -> None:
        self.hub, self.repo = hub, repo
        self.header: dict[str, Any] = {}
        self.steps: list[tuple[str, str, StoredFile | None]] = []
        stored = 0
        for number, (key, value) in enumerate(self._lines(body)):
            if number > MOST_CHANGES:
                raise HubError(413, f"More than {MOST_CHANGES:,} changes in one commit")
            if key == "header":
                self.header = value
            elif key == "file":
                stored += 1
                self._add("put", value, self._regular(value, sync=stored <= MANY_FILES))
            elif key == "lfsFile":
                self._add("put", value, self._lfs(value))
            elif key in ("deletedFile", "deletedFolder", "deletedEntry"):
                self.steps.append(("folder" if key == "deletedFolder" else "file", str(value.get("path", "")), None))
            else:
                raise bad_request(f"Unknown operation {key!r}")
        if stored > MANY_FILES:
            os.sync()  # one flush of everything is faster than thousands of single ones
        if not self.header:
            raise bad_request("The commit has no header")

    @staticmethod
    def _lines(body: Path) -> Iterator[tuple[str, dict[str, Any]]]:
        with body.open("rb") as file:
            while line := file.readline(LONGEST_LINE + 1):
                if len(line) > LONGEST_LINE:
                    raise HubError(413, f"A file of more than {LFS_ABOVE >> 20} MB is sent by LFS, not in the commit")
                if not line.strip():
                    continue
                try:
                    item = sent(line)
                    yield str(item["key"]), dict(item["value"])
                except (ValueError, KeyError, TypeError):
                    raise bad_request("The commit body must be lines of {key, value}") from None

    def _add(self, step: str, value: dict[str, Any], file: StoredFile) -> None:
        self.steps.append((step, check_path(value.get("path")), file))

    def _regular(self, value: dict[str, Any], *, sync: bool) -> StoredFile:
        path = check_path(value.get("path"))
        content = str(value.get("content", ""))
        try:
            data = base64.b64decode(content, validate=True) if value.get("encoding") == "base64" else content.encode()
        except (binascii.Error, ValueError):
            raise bad_request(f"The content of {path} is not base64") from None
        refuse_mistakes(self.hub.store, self.repo, path, data)
        return self.hub.store.put_regular(data, sync=sync)

    def _lfs(self, value: dict[str, Any]) -> StoredFile:
        path, sha256 = check_path(value.get("path")), str(value.get("oid", "")).lower()
        size = self.hub.store.owned_lfs(self.repo, sha256)
        if size is None:
            raise bad_request(
                "Your push was rejected because an LFS pointer pointed to a file that does not exist. For instance,"
                f" this can happen if you used git push --no-verify. Offending file: {path}"
            )
        if value.get("size") not in (None, size):
            raise bad_request(f"{path} should have {value['size']} bytes but {size} were uploaded")
        return self.hub.store.lfs_file(sha256, size)

    def apply(self, editor: TreeEditor) -> None:
        self.hub.store.add_regular(self.repo, [file for _, _, file in self.steps if file and not file.lfs])
        for step, path, file in self.steps:
            if step == "put":
                assert file is not None
                editor.put(path, file.oid)
            elif step == "folder" and path.strip("/") in ("", "."):
                editor.clear()
            elif not self._remove(editor, check_path(path.strip("/")), step):
                kind = "folder" if step == "folder" else "file"
                raise HubError(404, f"A {kind} with this name doesn't exist: {path}", "EntryNotFound")

    def _remove(self, editor: TreeEditor, path: str, step: str) -> bool:
        """Clients also ask for a folder by its bare name, as if it were a file."""
        if step == "folder":
            return editor.remove(path, folder=True)
        return editor.remove(path, folder=False) or editor.remove(path, folder=True)
