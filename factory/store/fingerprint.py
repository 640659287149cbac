"""Identity of an artifact: a digest of everything that can change its content, and of nothing else."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal identities give equal text."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def fingerprint(identity: dict[str, Any]) -> str:
    """SHA-256 (hex) of the canonical JSON of `identity`."""
    return hashlib.sha256(canonical(identity).encode()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes, or of the names and digests of all files below a folder."""
    if path.is_dir():
        members = sorted(p for p in path.rglob("*") if p.is_file())
        return fingerprint({str(p.relative_to(path)): file_digest(p) for p in members})
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def differences(old: dict[str, Any], new: dict[str, Any], prefix: str = "") -> list[str]:
    """Dotted paths at which two identities differ, in the order of `new`: what a plan names as the cause."""
    paths: list[str] = []
    for key in [*new, *(key for key in old if key not in new)]:
        path = f"{prefix}{key}"
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            paths += differences(before, after, f"{path}.")
        else:
            paths.append(path)
    return paths
