"""Refs to commits: lock, Hub, and what happens where neither answers."""

import json
from pathlib import Path
from typing import Any

import pytest

from factory.errors import FactoryError, UsageError
from factory.recipe.lock import Resolver
from factory.refs import HubRef

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def repo(embedded_hub: Any) -> tuple[str, str]:
    from huggingface_hub import HfApi

    api = HfApi()
    api.create_repo("them/data", repo_type="dataset", exist_ok=True)
    commit = api.upload_file(
        path_or_fileobj=b'{"q": "one"}\n', path_in_repo="rows.jsonl", repo_id="them/data", repo_type="dataset"
    )
    return "them/data", commit.oid


def test_a_sha_is_what_it_says_without_asking(tmp_path: Path) -> None:
    assert Resolver(tmp_path / "x.lock", online=False).resolve(HubRef("a/b", None, SHA), "dataset") == SHA


def test_a_ref_becomes_the_commit_and_stays_it_in_the_lock(repo: tuple[str, str], tmp_path: Path) -> None:
    name, sha = repo
    first = Resolver(tmp_path / "x.lock")
    assert first.resolve(HubRef(name), "dataset") == sha
    first.save()
    offline = Resolver(tmp_path / "x.lock", online=False, locked=True)
    assert offline.resolve(HubRef(name, "some-config"), "dataset") == sha


def test_a_lock_of_another_endpoint_is_not_used(repo: tuple[str, str], tmp_path: Path) -> None:
    lock = tmp_path / "x.lock"
    lock.write_text(json.dumps({"endpoint": "https://elsewhere", "refs": {f"dataset {repo[0]}@main": SHA}}))
    assert Resolver(lock).resolve(HubRef(repo[0]), "dataset") == repo[1]


def test_locked_refuses_what_the_lock_does_not_hold(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a/b is not in the lock .*factory lock"):
        Resolver(tmp_path / "x.lock", locked=True).resolve(HubRef("a/b"), "model")


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"",
        b"\xff\xfe",
        b"[]",
        b"3",
        b"[" * 100_000,
        b'{"endpoint": "x"}',
        b'{"endpoint": "x", "refs": 3}',
        b'{"endpoint": "x", "refs": {"dataset a/b@main": "main"}}',
        b'{"endpoint": "x", "refs": {"dataset a/b@main": 3}}',
    ],
    ids=range(10),
)
def test_a_broken_lock_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.lock").write_bytes(content)
    with pytest.raises(UsageError, match="not a lock file"):
        Resolver(tmp_path / "x.lock")


def test_a_missing_repo_stays_open_in_a_plan_and_is_an_error_in_a_build(embedded_hub: Any, tmp_path: Path) -> None:
    assert Resolver(tmp_path / "x.lock").resolve(HubRef("them/gone"), "dataset") is None
    with pytest.raises(FactoryError, match="them/gone: no such dataset on the Hub, or it is private"):
        Resolver(tmp_path / "x.lock", strict=True).resolve(HubRef("them/gone"), "dataset")


def test_a_missing_revision_is_named(repo: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(FactoryError, match=r"them/data: no such revision"):
        Resolver(tmp_path / "x.lock", strict=True).resolve(HubRef(repo[0], None, "gone"), "dataset")
