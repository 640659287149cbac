"""Folders are kept as differences, and what nothing names any more is swept."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from factory.local_hub import gitobjects
from factory.local_hub.storage import HEADS, Repo, Store
from factory.local_hub.sweep import sweep
from factory.local_hub.trees import TreeEditor, Trees


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data")


def made(store: Store, name: str, files: int) -> Repo:
    repo = store.create_repo("dataset", name, "u", "public", first_files={})
    commit(store, repo, {f"data/{n:05d}.txt": b"x" for n in range(files)})
    return repo


def commit(store: Store, repo: Repo, files: dict[str, bytes], gone: tuple[str, ...] = ()) -> str:
    with store.pinned():
        stored = {path: store.put_regular(content, sync=False) for path, content in files.items()}

        def change(editor: TreeEditor) -> None:
            store.add_regular(repo, stored.values())
            for path, file in stored.items():
                editor.put(path, file.oid)
            for path in gone:
                editor.remove(path, folder=False)

        return store.add_commit(repo, HEADS + "main", change, title="t", message="", author="u").tree


def on_disk(store: Store) -> int:
    return sum(path.stat().st_size for path in store.data.glob("hub.sqlite*"))


def test_small_commits_to_a_large_folder_take_little(store: Store) -> None:
    repo = made(store, "a/b", 5000)
    before = on_disk(store)
    for number in range(100):
        commit(store, repo, {f"data/{number:05d}.txt": b"%d" % number, f"data/new-{number}.txt": b"n"})
    assert on_disk(store) - before < 5 << 20
    head = store.resolve(repo, "main")
    assert len(list(store.trees.files(head.tree))) == 5100
    assert store.read(head, "data/00099.txt") == b"99"


def test_a_folder_read_back_is_the_one_that_was_stored(store: Store) -> None:
    drawn, repo, files = random.Random(0), made(store, "a/b", 100), {}
    trees: list[tuple[str, dict[str, bytes]]] = []
    files = {f"data/{n:05d}.txt": b"x" for n in range(100)}
    for number in range(130):
        new = {f"data/{drawn.choice(('', 'x/'))}{drawn.randrange(60):05d}.txt": b"%d" % number}
        gone = (
            tuple(path for path in drawn.sample(sorted(files), 1) if path not in new) if drawn.random() < 0.5 else ()
        )
        files = {path: content for path, content in (files | new).items() if path not in gone}
        trees.append((commit(store, repo, new, gone), dict(files)))
    fresh = Trees(store.db)
    for tree, expected in trees:
        oids = {entry.path: entry.oid for entry in fresh.files(tree)}
        assert oids == {path: gitobjects.object_id("blob", content) for path, content in expected.items()}
        assert gitobjects.tree_id(fresh.entries(tree)) == tree
    (old, before), (new, after) = trees[0], trees[-1]
    assert {path for path, _, _ in fresh.changed(old, new)} == {
        path for path in before | after if before.get(path) != after.get(path)
    }


def test_what_is_named_no_more_is_swept(store: Store) -> None:
    kept, gone = made(store, "a/kept", 30), made(store, "a/gone", 40)
    for number in range(5):
        commit(store, kept, {"data/00001.txt": b"kept %d" % number})
    store.blobs.put(b"of a commit that was killed")
    with store.pinned():  # an upload is under way: nothing leaves the disk
        store.delete_repo(gone)
    trees = store.db.value("SELECT count(*) FROM trees")
    sweep(store)
    assert store.db.value("SELECT count(*) FROM trees") < trees
    held = {row[0] for row in store.db.all("SELECT sha256 FROM repo_blobs")}
    assert {path.name for path in store.blobs.folder.glob("??/*")} == held
    head = store.resolve(kept, "main")
    for one in store.history(kept, head.oid):
        assert all(store.file(entry.oid) for entry in Trees(store.db).files(one.tree))
    assert store.read(head, "data/00001.txt") == b"kept 4"
    sweep(store)  # nothing left to do
