"""What this Hub does not have, and what is mistyped, is told as what it is."""

from __future__ import annotations

import subprocess
from functools import partial

import httpx
import pytest
from huggingface_hub import HfApi, HfFileSystem
from huggingface_hub.errors import HfHubHTTPError, RemoteEntryNotFoundError

from factory.local_hub import LocalHub

get = partial(httpx.get, verify=False)


@pytest.mark.parametrize("path", ["buckets/a/b", "scheduled-jobs/a", "papers/1", "daily_papers", "kernels/a/b"])
def test_the_api_says_what_it_has_not(hub: LocalHub, path: str) -> None:
    answer = get(f"{hub.endpoint}/api/{path}")
    assert answer.status_code == 501 and answer.json()["error"].startswith("This Hub has no ")


def test_clients_show_it(api: HfApi) -> None:
    with pytest.raises(HfHubHTTPError, match="This Hub has no buckets"):
        api.create_bucket("factory/b")


def test_git_shows_it(hub: LocalHub, repo: str) -> None:
    for of_repo in (repo, f"{repo}.git", f"datasets/{repo}"):
        answer = get(f"{hub.endpoint}/{of_repo}/info/refs?service=git-upload-pack")
        assert answer.status_code == 501 and "does not speak git" in answer.text
    told = subprocess.run(["git", "ls-remote", f"{hub.endpoint}/{repo}"], capture_output=True, text=True, timeout=60)
    assert "does not speak git" in told.stderr and told.returncode != 0


@pytest.mark.parametrize(
    "path", ["no/one", "no/one/resolve/main/a.txt", "no/one/tree/main", "one/resolve/main/a", "x/y/z"]
)
def test_a_mistyped_page_is_not_found(hub: LocalHub, path: str) -> None:
    for prefix in ("", "datasets/"):
        answer = get(f"{hub.endpoint}/{prefix}{path}", headers={"Accept": "text/html,*/*"})
        assert answer.status_code == 404 and "<html" in answer.text and "password" not in answer.text
    assert get(f"{hub.endpoint}/no/one/resolve/main/a.txt").status_code == 401  # clients: it may be private


def test_the_tree_of_a_file_is_not_found_and_the_file_system_finds_it(hub: LocalHub, api: HfApi, repo: str) -> None:
    api.upload_file(path_or_fileobj=b"x", path_in_repo="a/b.txt", repo_id=repo)
    with pytest.raises(RemoteEntryNotFoundError):
        list(api.list_repo_tree(repo, "a/b.txt"))
    files = HfFileSystem(endpoint=hub.endpoint, token=hub.token)
    assert [file["name"] for file in files.ls(f"{repo}/a/b.txt")] == [f"{repo}/a/b.txt"]
    assert files.isfile(f"{repo}/a/b.txt")
