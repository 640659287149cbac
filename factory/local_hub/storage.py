"""The store: repositories, their refs and their commits, over sqlite and the blob folder."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from factory.local_hub import clock, gitobjects
from factory.local_hub.contents import Contents
from factory.local_hub.errors import HubError, revision_not_found, unprocessable
from factory.local_hub.records import PREFIXES, Commit, Repo, StoredFile, commit_of_row, repo_of_row
from factory.local_hub.trees import EMPTY, PathConflict, TreeEditor, TreeEntry

__all__ = ["CONVERTS", "HEADS", "PREFIXES", "PULLS", "TAGS", "Commit", "Repo", "Store", "StoredFile"]

OID = re.compile(r"[0-9a-f]{40}")
SHORT_OID = re.compile(r"[0-9a-f]{7,39}")
HEADS, TAGS, PULLS, CONVERTS = "refs/heads/", "refs/tags/", "refs/pr/", "refs/convert/"
STALE = "The branch was updated since you opened this page. Please refresh and try again."


class Store(Contents):
    # --- repositories

    def repo(self, kind: str, repo_id: str) -> Repo | None:
        namespace, _, name = repo_id.partition("/")
        sql = "SELECT * FROM repos WHERE kind = ? AND lower(namespace) = ? AND lower(name) = ?"
        return self._repo(sql, kind, namespace.lower(), name.lower())

    def _repo(self, sql: str, *values: Any) -> Repo | None:
        row = self.db.one(sql, *values)
        return repo_of_row(row) if row else None

    def moved_to(self, kind: str, repo_id: str) -> Repo | None:
        joined = "SELECT repos.* FROM redirects JOIN repos ON repos.pk = redirects.repo"
        return self._repo(f"{joined} WHERE redirects.kind = ? AND old_id = ?", kind, repo_id.lower())

    def repo_by_pk(self, pk: int) -> Repo | None:
        return self._repo("SELECT * FROM repos WHERE pk = ?", pk)

    def repos(self, kind: str | None = None, namespace: str | None = None) -> list[Repo]:
        sql, values = "SELECT * FROM repos WHERE 1", []
        if kind:
            sql, values = sql + " AND kind = ?", [*values, kind]
        if namespace:
            sql, values = sql + " AND lower(namespace) = ?", [*values, namespace.lower()]
        return [repo_of_row(row) for row in self.db.all(sql + " ORDER BY updated_at DESC, pk DESC", *values)]

    def create_repo(
        self,
        kind: str,
        repo_id: str,
        creator: str,
        visibility: str,
        *,
        first_files: dict[str, bytes],
        space: dict[str, Any] | None = None,
    ) -> Repo:
        """A repo whose first commit holds `first_files`; the caller has checked that the name is free."""
        moment, private = clock.now(), int(visibility == "private")
        state = json.dumps(space) if space is not None else None
        with self.pinned(), self.db.writing():
            stored = {path: self.put_regular(content) for path, content in first_files.items()}
            self.db.write("DELETE FROM redirects WHERE kind = ? AND old_id = ?", kind, repo_id.lower())
            pk = self.db.write(
                "INSERT INTO repos"
                " (kind, namespace, name, private, created_at, updated_at, creator, space, visibility)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                *(kind, *repo_id.split("/"), private, moment, moment, creator, state, visibility),
            ).lastrowid
            assert pk is not None
            repo = self.repo_by_pk(pk)
            assert repo is not None
            editor = TreeEditor(self.trees, EMPTY)
            for path, file in stored.items():
                editor.put(path, file.oid)
            self.add_regular(repo, stored.values())
            commit = self.write_root(repo, editor.save(), "initial commit", creator)
            self.set_ref(repo, HEADS + "main", commit.oid)
        return repo

    def update_repo(self, repo: Repo, **columns: Any) -> None:
        if "space" in columns:
            columns["space"] = json.dumps(columns["space"])
        self.db.update("repos", columns, "pk = ?", repo.pk)

    def move_repo(self, repo: Repo, new_id: str) -> None:
        namespace, name = new_id.split("/")
        with self.db.writing():
            self.db.write("DELETE FROM redirects WHERE kind = ? AND old_id = ?", repo.kind, new_id.lower())
            self.db.write("INSERT OR REPLACE INTO redirects VALUES (?, ?, ?)", repo.kind, repo.id.lower(), repo.pk)
            self.update_repo(repo, namespace=namespace, name=name)
            self.db.write(
                "UPDATE OR IGNORE collection_items SET item = ? WHERE type = ? AND item = ?",
                *(new_id, repo.kind, repo.id),
            )

    def delete_repo(self, repo: Repo) -> None:
        """Removes the repo and every content that no other repo holds."""
        with self.db.writing():
            own = [row["sha256"] for row in self.db.all("SELECT sha256 FROM repo_blobs WHERE repo = ?", repo.pk)]
            self.db.write("DELETE FROM repos WHERE pk = ?", repo.pk)
            self.db.write("DELETE FROM collection_items WHERE type = ? AND item = ?", repo.kind, repo.id)
            self.remove_orphans(own)

    # --- refs and commits

    def ref(self, repo: Repo, name: str) -> str | None:
        return self.db.value("SELECT commit_oid FROM refs WHERE repo = ? AND name = ?", repo.pk, name)

    def refs(self, repo: Repo, prefix: str) -> list[tuple[str, str]]:
        rows = self.db.all("SELECT name, commit_oid FROM refs WHERE repo = ? ORDER BY name", repo.pk)
        return [(row["name"], row["commit_oid"]) for row in rows if row["name"].startswith(prefix)]

    def set_ref(self, repo: Repo, name: str, oid: str | None, message: str | None = None) -> None:
        if oid is None:
            self.db.write("DELETE FROM refs WHERE repo = ? AND name = ?", repo.pk, name)
        else:
            self.db.write("INSERT OR REPLACE INTO refs VALUES (?, ?, ?, ?)", repo.pk, name, oid, message)

    def commit(self, repo: Repo, oid: str) -> Commit | None:
        row = self.db.one("SELECT * FROM commits WHERE repo = ? AND oid = ?", repo.pk, oid)
        return commit_of_row(row) if row else None

    def branch_ref(self, repo: Repo, revision: str) -> str | None:
        """The full name of an existing ref that commits may be added to."""
        if revision.startswith("refs/"):
            name = revision
        else:
            name = HEADS + ("main" if revision == "HEAD" else revision)
        writable = name.startswith((HEADS, PULLS, CONVERTS))
        return name if writable and self.ref(repo, name) else None

    def resolve(self, repo: Repo, revision: str) -> Commit:
        """The commit of a branch, tag, full ref, or (shortened) commit id; 404 RevisionNotFound otherwise."""
        names = [revision] if revision.startswith("refs/") else [HEADS + revision, TAGS + revision]
        if revision == "HEAD":
            names = [HEADS + "main"]
        for name in names:
            oid = self.ref(repo, name)
            commit = self.commit(repo, oid) if oid else None
            if commit:
                return commit
        if OID.fullmatch(revision) and (commit := self.commit(repo, revision)):
            return commit
        if SHORT_OID.fullmatch(revision):
            rows = self.db.all("SELECT * FROM commits WHERE repo = ? AND oid GLOB ?", repo.pk, revision + "*")
            if len(rows) == 1:
                return commit_of_row(rows[0])
        raise revision_not_found(revision)

    def history(self, repo: Repo, start: str) -> Iterator[Commit]:
        """From a commit back to the first, along first parents."""
        oid: str | None = start
        while oid:
            commit = self.commit(repo, oid)
            if commit is None:
                return
            yield commit
            oid = commit.parents[0] if commit.parents else None

    def _write_commit(
        self, repo: Repo, tree: str, parents: tuple[str, ...], title: str, message: str, author: str
    ) -> Commit:
        commit = Commit("", tree, parents, title, message, author, clock.now())
        body = f"{title}\n\n{message}" if message else title
        while self.commit(repo, oid := _commit_id(commit, body)):
            body += " "  # the same change twice within a second must be two commits
        return self._put_commit(repo, commit, oid)

    def _put_commit(self, repo: Repo, commit: Commit, oid: str) -> Commit:
        commit = replace(commit, oid=oid)
        row = asdict(commit) | {"parents": json.dumps(commit.parents)}
        self.db.write("INSERT OR IGNORE INTO commits VALUES (?, ?, ?, ?, ?, ?, ?, ?)", repo.pk, *row.values())
        return commit

    def add_commit(
        self,
        repo: Repo,
        ref: str,
        change: Any,
        *,
        title: str,
        message: str,
        author: str,
        parent: str | None = None,
        base: str | None = None,
    ) -> Commit:
        """Applies `change(editor)` on the head of `ref` in one transaction and moves the ref.

        `parent` is the head the client believes in: 412 when another commit came first. `base` starts a new ref there.
        """
        with self.db.writing():
            head = base or self.ref(repo, ref)
            if head is None:
                raise revision_not_found(ref)
            if parent and parent != head and not base:
                raise HubError(412, STALE)
            current = self.commit(repo, head)
            if current is None:
                raise revision_not_found(head)
            editor = TreeEditor(self.trees, current.tree)
            try:
                change(editor)
                tree = editor.save()
            except PathConflict as conflict:
                raise unprocessable(str(conflict)) from conflict
            commit = self._write_commit(repo, tree, (head,), title, message, author)
            self.set_ref(repo, ref, commit.oid)
            if ref == HEADS + "main":
                self.update_repo(repo, updated_at=commit.date)
        return commit

    def write_root(self, repo: Repo, tree: str, title: str, author: str) -> Commit:
        """A commit without parents; no ref points to it yet."""
        return self._write_commit(repo, tree, (), title, "", author)

    def rewrite(self, repo: Repo, commit: Commit, tree: str, parents: tuple[str, ...]) -> Commit:
        """The same commit with other files or parents."""
        new = replace(commit, tree=tree, parents=parents)
        return self._put_commit(repo, new, _commit_id(new, f"{commit.title}\n\n{commit.message}"))

    def squash(self, repo: Repo, ref: str, title: str, author: str) -> Commit:
        with self.db.writing():
            head = self.commit(repo, self.ref(repo, ref) or "")
            if head is None:
                raise revision_not_found(ref)
            commit = self.write_root(repo, head.tree, title, author)
            self.set_ref(repo, ref, commit.oid)
        return commit

    def entry(self, commit: Commit, path: str) -> TreeEntry | None:
        return self.trees.find(commit.tree, path)

    def read(self, commit: Commit, path: str, limit: int | None = None) -> bytes | None:
        """The content of a file of a commit (at most `limit` bytes), or None."""
        entry = self.entry(commit, path)
        if entry is None or entry.is_folder:
            return None
        file = self.file(entry.oid)
        return self.blobs.read(file.sha256, limit) if self.blobs.has(file.sha256) else None


def _commit_id(commit: Commit, message: str) -> str:
    seconds = clock.epoch(commit.date)
    return gitobjects.commit_id(commit.tree, list(commit.parents), commit.author, seconds, f"{message}\n")
