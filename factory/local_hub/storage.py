"""The store: repositories, their refs and their commits, over sqlite and the blob folder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from factory.local_hub import clock, gitobjects
from factory.local_hub.contents import Contents
from factory.local_hub.errors import HubError, revision_not_found, unprocessable
from factory.local_hub.records import PREFIXES, Commit, Repo, StoredFile, commit_of_row, repo_of_row
from factory.local_hub.trees import Entry, PathConflict, TreeEditor

__all__ = ["CONVERTS", "HEADS", "PREFIXES", "PULLS", "TAGS", "Commit", "Repo", "Store", "StoredFile"]

OID = re.compile(r"[0-9a-f]{40}")
SHORT_OID = re.compile(r"[0-9a-f]{7,39}")
HEADS, TAGS, PULLS, CONVERTS = "refs/heads/", "refs/tags/", "refs/pr/", "refs/convert/"
STALE = "The branch was updated since you opened this page. Please refresh and try again."


class Store(Contents):
    # --- repositories

    def repo(self, kind: str, repo_id: str) -> Repo | None:
        namespace, _, name = repo_id.partition("/")
        row = self.db.one(
            "SELECT * FROM repos WHERE kind = ? AND lower(namespace) = ? AND lower(name) = ?",
            kind,
            namespace.lower(),
            name.lower(),
        )
        return repo_of_row(row) if row else None

    def moved_to(self, kind: str, repo_id: str) -> Repo | None:
        row = self.db.one(
            "SELECT repos.* FROM redirects JOIN repos ON repos.pk = redirects.repo"
            " WHERE redirects.kind = ? AND old_id = ?",
            kind,
            repo_id.lower(),
        )
        return repo_of_row(row) if row else None

    def repo_by_pk(self, pk: int) -> Repo | None:
        row = self.db.one("SELECT * FROM repos WHERE pk = ?", pk)
        return repo_of_row(row) if row else None

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
        *,
        creator: str,
        private: bool,
        first_files: dict[str, bytes],
        visibility: str | None = None,
        space: dict[str, Any] | None = None,
    ) -> Repo:
        """A repo whose first commit holds `first_files`; the caller has checked that the name is free."""
        namespace, name = repo_id.split("/")
        moment = clock.now()
        with self.pinned(), self.db.writing() as connection:
            stored = {path: self.put_regular(content) for path, content in first_files.items()}
            connection.execute("DELETE FROM redirects WHERE kind = ? AND old_id = ?", (kind, repo_id.lower()))
            pk = connection.execute(
                "INSERT INTO repos"
                " (kind, namespace, name, private, created_at, updated_at, creator, space, visibility)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    kind,
                    namespace,
                    name,
                    int(private),
                    moment,
                    moment,
                    creator,
                    json.dumps(space) if space is not None else None,
                    visibility or ("private" if private else "public"),
                ),
            ).lastrowid
            assert pk is not None
            repo = self.repo_by_pk(pk)
            assert repo is not None
            editor = TreeEditor(self.trees, gitobjects.tree_id({}))
            for path, file in stored.items():
                editor.put(path, file.oid)
            self.add_regular(repo, stored.values())
            commit = self._write_commit(repo, editor.save(), (), "initial commit", "", creator)
            self.set_ref(repo, HEADS + "main", commit.oid)
        return repo

    def update_repo(self, repo: Repo, **columns: Any) -> None:
        if "space" in columns:
            columns["space"] = json.dumps(columns["space"])
        names = ", ".join(f"{name} = ?" for name in columns)
        with self.db.writing() as connection:
            connection.execute(f"UPDATE repos SET {names} WHERE pk = ?", (*columns.values(), repo.pk))

    def move_repo(self, repo: Repo, new_id: str) -> None:
        namespace, name = new_id.split("/")
        with self.db.writing() as connection:
            connection.execute("DELETE FROM redirects WHERE kind = ? AND old_id = ?", (repo.kind, new_id.lower()))
            connection.execute(
                "INSERT OR REPLACE INTO redirects VALUES (?, ?, ?)", (repo.kind, repo.id.lower(), repo.pk)
            )
            connection.execute("UPDATE repos SET namespace = ?, name = ? WHERE pk = ?", (namespace, name, repo.pk))
            connection.execute(
                "UPDATE OR IGNORE collection_items SET item = ? WHERE type = ? AND item = ?",
                (new_id, repo.kind, repo.id),
            )

    def delete_repo(self, repo: Repo) -> None:
        """Removes the repo and every content that no other repo holds."""
        with self.db.writing() as connection:
            own = [row["sha256"] for row in self.db.all("SELECT sha256 FROM repo_blobs WHERE repo = ?", repo.pk)]
            connection.execute("DELETE FROM repos WHERE pk = ?", (repo.pk,))
            connection.execute("DELETE FROM collection_items WHERE type = ? AND item = ?", (repo.kind, repo.id))
            self.remove_orphans(own)

    # --- refs and commits

    def ref(self, repo: Repo, name: str) -> str | None:
        row = self.db.one("SELECT commit_oid FROM refs WHERE repo = ? AND name = ?", repo.pk, name)
        return row["commit_oid"] if row else None

    def refs(self, repo: Repo, prefix: str) -> list[tuple[str, str]]:
        rows = self.db.all("SELECT name, commit_oid FROM refs WHERE repo = ? ORDER BY name", repo.pk)
        return [(row["name"], row["commit_oid"]) for row in rows if row["name"].startswith(prefix)]

    def set_ref(self, repo: Repo, name: str, oid: str | None, message: str | None = None) -> None:
        with self.db.writing() as connection:
            if oid is None:
                connection.execute("DELETE FROM refs WHERE repo = ? AND name = ?", (repo.pk, name))
            else:
                connection.execute("INSERT OR REPLACE INTO refs VALUES (?, ?, ?, ?)", (repo.pk, name, oid, message))

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
        moment = clock.now()
        body = f"{title}\n\n{message}" if message else title
        oid = gitobjects.commit_id(tree, list(parents), author, clock.epoch(moment), f"{body}\n")
        while self.commit(repo, oid):  # the same change twice within a second must be two commits
            body += " "
            oid = gitobjects.commit_id(tree, list(parents), author, clock.epoch(moment), f"{body}\n")
        commit = Commit(oid, tree, parents, title, message, author, moment)
        self.put_commit(repo, commit)
        return commit

    def put_commit(self, repo: Repo, commit: Commit) -> None:
        with self.db.writing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO commits VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    repo.pk,
                    commit.oid,
                    commit.tree,
                    json.dumps(commit.parents),
                    commit.title,
                    commit.message,
                    commit.author,
                    commit.date,
                ),
            )

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
        with self.db.writing() as connection:
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
                connection.execute("UPDATE repos SET updated_at = ? WHERE pk = ?", (commit.date, repo.pk))
        return commit

    def write_root(self, repo: Repo, tree: str, title: str, author: str) -> Commit:
        """A commit without parents; no ref points to it yet."""
        return self._write_commit(repo, tree, (), title, "", author)

    def rewrite(self, repo: Repo, commit: Commit, tree: str, parents: tuple[str, ...]) -> Commit:
        """The same commit with other files or parents."""
        body = f"{commit.title}\n\n{commit.message}\n"
        oid = gitobjects.commit_id(tree, list(parents), commit.author, clock.epoch(commit.date), body)
        new = Commit(oid, tree, parents, commit.title, commit.message, commit.author, commit.date)
        self.put_commit(repo, new)
        return new

    def squash(self, repo: Repo, ref: str, title: str, author: str) -> Commit:
        with self.db.writing():
            head = self.commit(repo, self.ref(repo, ref) or "")
            if head is None:
                raise revision_not_found(ref)
            commit = self.write_root(repo, head.tree, title, author)
            self.set_ref(repo, ref, commit.oid)
        return commit

    def entry(self, commit: Commit, path: str) -> Entry | None:
        return self.trees.find(commit.tree, path)

    def read(self, commit: Commit, path: str, limit: int | None = None) -> bytes | None:
        """The content of a file of a commit (at most `limit` bytes), or None."""
        entry = self.trees.find(commit.tree, path)
        if entry is None or entry.is_folder:
            return None
        file = self.file(entry.oid)
        return self.blobs.read(file.sha256, limit) if self.blobs.has(file.sha256) else None
