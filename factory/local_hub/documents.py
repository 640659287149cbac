"""JSON documents of one kind, each with an id and an owner, in the table `documents`."""

from __future__ import annotations

import json
from typing import Any

from factory.local_hub import clock
from factory.local_hub.db import Database


class Documents:
    def __init__(self, db: Database, kind: str) -> None:
        self.db, self.kind = db, kind

    def all(self, owner: str | None = None) -> list[dict[str, Any]]:
        """The oldest first."""
        rows = self.db.all("SELECT body, owner FROM documents WHERE kind = ? ORDER BY created_at", self.kind)
        return [json.loads(row["body"]) for row in rows if owner is None or row["owner"].lower() == owner.lower()]

    def get(self, document: str, owner: str) -> dict[str, Any] | None:
        sql = "SELECT body FROM documents WHERE kind = ? AND id = ? AND lower(owner) = ?"
        body = self.db.value(sql, self.kind, document, owner.lower())
        return json.loads(body) if body else None

    def save(self, body: dict[str, Any], owner: str) -> dict[str, Any]:
        """Keeps the document `body["id"]`, in place of an older one."""
        sql = "INSERT INTO documents VALUES (?, ?, ?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body"
        self.db.write(sql, self.kind, body["id"], owner, clock.now(), json.dumps(body))
        return body

    def delete(self, document: str) -> None:
        self.db.write("DELETE FROM documents WHERE kind = ? AND id = ?", self.kind, document)
