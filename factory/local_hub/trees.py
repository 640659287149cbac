"""Folders as git trees in the database: a commit shares every folder it did not touch with its parent."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from factory.local_hub import gitobjects
from factory.local_hub.db import Database
from factory.local_hub.gitobjects import DIRECTORY, FILE

Entries = dict[str, tuple[str, str]]
EMPTY = gitobjects.tree_id({})
DEEPEST = 50  # differences that lead to a folder
SMALL = 10  # times as many entries as differences
KNOWN_ENTRIES = 300_000  # kept in memory, of all folders together


class PathConflict(Exception):
    """A file stands where a folder is wanted, or the other way round."""


@dataclass(frozen=True)
class TreeEntry:
    """A file or folder of a tree: its path from the root and git oid."""

    path: str
    oid: str
    is_folder: bool


class Trees:
    """Stored as the list of a folder's entries, or as what differs from another folder: `{base, depth, set, gone}`."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[Entries, int]] = OrderedDict()
        self._weight = 0

    def entries(self, oid: str) -> Entries:
        """Of one folder; callers must not change the result."""
        return self._folder(oid)[0]

    def _folder(self, oid: str) -> tuple[Entries, int]:
        """(its entries, how many differences lead to them from one that is stored whole)."""
        if oid == EMPTY:
            return {}, 0
        with self._lock:
            if found := self._known.get(oid):
                self._known.move_to_end(oid)
                return found
        body = self.database.value("SELECT entries FROM trees WHERE oid = ?", oid)
        if body is None:
            raise KeyError(oid)
        found = self._built(json.loads(body))
        with self._lock:
            if oid not in self._known:
                self._known[oid] = found
                self._weight += len(found[0])
            while self._weight > KNOWN_ENTRIES and len(self._known) > 1:
                _, (dropped, _) = self._known.popitem(last=False)
                self._weight -= len(dropped)
        return found

    def _built(self, body: Any) -> tuple[Entries, int]:
        if isinstance(body, list):
            return {name: (mode, child) for name, mode, child in body}, 0
        entries = dict(self.entries(body["base"]))
        for name in body["gone"]:
            del entries[name]
        return entries | {name: (mode, child) for name, mode, child in body["set"]}, body["depth"]

    def find(self, root: str, path: str) -> TreeEntry | None:
        """The entry at a path ('' is the root), or None."""
        oid, mode = root, DIRECTORY
        for part in [p for p in path.split("/") if p]:
            if mode != DIRECTORY:
                return None
            found = self.entries(oid).get(part)
            if found is None:
                return None
            mode, oid = found
        return TreeEntry(path.strip("/"), oid, mode == DIRECTORY)

    def walk(self, root: str, prefix: str = "", *, recursive: bool = True) -> Iterator[TreeEntry]:
        """The entries below a folder in the order of their paths; a folder comes before what it holds."""
        for name, (mode, oid) in sorted(self.entries(root).items()):
            path = f"{prefix}/{name}" if prefix else name
            yield TreeEntry(path, oid, mode == DIRECTORY)
            if recursive and mode == DIRECTORY:
                yield from self.walk(oid, path)

    def files(self, root: str) -> Iterator[TreeEntry]:
        return (entry for entry in self.walk(root) if not entry.is_folder)

    def changed(self, old: str, new: str, prefix: str = "") -> Iterator[tuple[str, str | None, str | None]]:
        """(path, old oid, new oid) of each file that differs between two folders."""
        if old == new:
            return
        before, after = self.entries(old), self.entries(new)
        for name in sorted({name for name, _ in before.items() ^ after.items()}):
            was, now = before.get(name), after.get(name)
            path = f"{prefix}/{name}" if prefix else name
            yield from self.changed(_oid(was, DIRECTORY) or EMPTY, _oid(now, DIRECTORY) or EMPTY, path)
            old_file, new_file = _oid(was, FILE), _oid(now, FILE)
            if old_file or new_file:
                yield path, old_file, new_file

    def save(self, entries: Entries, base: str = EMPTY) -> str:
        """Stores a folder without its empty folders, which git does not keep; `base` is the one it was made from."""
        entries = {name: entry for name, entry in entries.items() if entry[1] != EMPTY}
        oid = gitobjects.tree_id(entries)
        if oid != EMPTY:
            body = json.dumps(self._difference(entries, base) or _rows(entries))
            with self.database.writing() as connection:
                connection.execute("INSERT OR IGNORE INTO trees VALUES (?, ?)", (oid, body))
        return oid

    def _difference(self, entries: Entries, base: str) -> dict[str, Any] | None:
        """A folder by what differs from another, where that is little and few differences lead there."""
        before, depth = self._folder(base)
        changed = dict(entries.items() - before.items())
        gone = sorted(before.keys() - entries.keys())
        if depth == DEEPEST or (len(changed) + len(gone)) * SMALL > len(entries):
            return None
        return {"base": base, "depth": depth + 1, "set": _rows(changed), "gone": gone}


def _rows(entries: Entries) -> list[list[str]]:
    return [[name, mode, child] for name, (mode, child) in sorted(entries.items())]


def named_in(body: Any) -> Iterator[str]:
    """The oids that a stored folder names: those of its files and folders, and of the folder it differs from."""
    if isinstance(body, dict):
        yield body["base"]
        body = body["set"]
    yield from (child for _, _, child in body)


def _oid(entry: tuple[str, str] | None, mode: str) -> str | None:
    """The oid of an entry of this mode."""
    return entry[1] if entry and entry[0] == mode else None


class _Folder(dict[str, "tuple[str, str] | _Folder"]):
    """A folder being changed: (mode, oid) by name, or another such folder where it was opened."""

    def __init__(self, trees: Trees, oid: str) -> None:
        super().__init__(trees.entries(oid))
        self.trees, self.base = trees, oid

    def is_folder(self, name: str) -> bool:
        found = self.get(name, ("", ""))
        return found.holds_any() if isinstance(found, _Folder) else found[0] == DIRECTORY

    def holds_any(self) -> bool:
        """Whether any file is left below it: git knows no folder without one."""
        return any(x.holds_any() if isinstance(x, _Folder) else True for x in self.values())

    def open(self, name: str) -> _Folder:
        """The folder of this name, a new one where there is none. Raises PathConflict where there is a file."""
        found = self.get(name, (DIRECTORY, EMPTY))
        if not isinstance(found, _Folder):
            if found[0] != DIRECTORY:
                raise PathConflict(f"a file stands where a folder is wanted: {name}")
            found = self[name] = _Folder(self.trees, found[1])
        return found

    def save(self) -> str:
        entries = {name: (DIRECTORY, x.save()) if isinstance(x, _Folder) else x for name, x in self.items()}
        return self.trees.save(entries, self.base)


class TreeEditor:
    """Changes to a tree, kept in memory until `save`; only touched folders are loaded."""

    def __init__(self, trees: Trees, root: str) -> None:
        self.trees = trees
        self._root = _Folder(trees, root)

    def put(self, path: str, oid: str) -> None:
        *folders, name = path.split("/")
        folder = self._root
        for part in folders:
            folder = folder.open(part)
        if folder.is_folder(name):
            raise PathConflict(f"a folder with this name already exists: {path}")
        folder[name] = (FILE, oid)

    def remove(self, path: str, *, folder: bool) -> bool:
        """False when there is no such file (or folder)."""
        *folders, name = path.strip("/").split("/")
        place = self._root
        for part in folders:
            if not place.is_folder(part):
                return False
            place = place.open(part)
        if name not in place or place.is_folder(name) is not folder:
            return False
        del place[name]
        return True

    def clear(self) -> None:
        self._root = _Folder(self.trees, EMPTY)

    def save(self) -> str:
        return self._root.save()
