"""Git's object ids, so that oids here are the ones `git` would compute for the same content."""

import hashlib

DIRECTORY, FILE = "40000", "100644"


def object_id(kind: str, body: bytes) -> str:
    return hashlib.sha1(f"{kind} {len(body)}\0".encode() + body, usedforsecurity=False).hexdigest()


def lfs_pointer(sha256: str, size: int) -> bytes:
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()


def tree_id(entries: dict[str, tuple[str, str]]) -> str:
    """The oid of a folder; `entries` maps a name to (mode, oid)."""
    # git sorts a folder as if its name ended with a slash
    ordered = sorted(entries.items(), key=lambda item: (item[0] + ("/" if item[1][0] == DIRECTORY else "")).encode())
    body = b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(oid) for name, (mode, oid) in ordered)
    return object_id("tree", body)


def commit_id(tree: str, parents: list[str], author: str, seconds: int, message: str) -> str:
    who = f"{author} <{author}@users.noreply.hub> {seconds} +0000"
    lines = [
        f"tree {tree}",
        *(f"parent {parent}" for parent in parents),
        f"author {who}",
        f"committer {who}",
        "",
        message,
    ]
    return object_id("commit", "\n".join(lines).encode())
