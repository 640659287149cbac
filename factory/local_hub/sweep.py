"""What nothing names any more leaves the disk: contents of commits that were killed, folders of deleted repos."""

import json

from factory.local_hub.contents import Contents
from factory.local_hub.trees import named_in


def sweep(store: Contents) -> None:
    """Called when the server starts, and by no other rule: no upload is under way then, so that what no repo holds is
    nobody's. Folders are looked through only where a repo or its history was deleted since."""
    known = {row["sha256"] for row in store.db.all("SELECT DISTINCT sha256 FROM repo_blobs")}
    for path in store.blobs.folder.glob("??/*"):
        if path.name not in known:
            path.unlink(missing_ok=True)
    if store.db.value("SELECT 1 FROM meta WHERE key = 'unswept'"):
        _sweep_folders(store)


def _sweep_folders(store: Contents) -> None:
    with store.db.writing() as connection:
        waiting = {row["tree"] for row in store.db.all("SELECT DISTINCT tree FROM commits")}
        named: set[str] = set()
        while waiting:
            oid = waiting.pop()
            named.add(oid)
            body = store.db.value("SELECT entries FROM trees WHERE oid = ?", oid)
            waiting.update(child for child in named_in(json.loads(body or "[]")) if child not in named)
        connection.execute("CREATE TEMP TABLE named (oid TEXT PRIMARY KEY)")
        connection.executemany("INSERT INTO named VALUES (?)", ((oid,) for oid in named))
        connection.execute("DELETE FROM trees WHERE oid NOT IN (SELECT oid FROM named)")
        connection.execute("DELETE FROM files WHERE oid NOT IN (SELECT oid FROM named)")
        connection.execute("DROP TABLE named")
        connection.execute("DELETE FROM meta WHERE key = 'unswept'")
