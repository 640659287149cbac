"""Commits: contents, conflicts, order, and what a killed server leaves behind."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from huggingface_hub import CommitOperationAdd as Add
from huggingface_hub import CommitOperationCopy as Copy
from huggingface_hub import CommitOperationDelete as Delete
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import BadRequestError, EntryNotFoundError, HfHubHTTPError, RevisionNotFoundError

from factory.local_hub import LocalHub
from factory.local_hub.gitobjects import lfs_pointer, object_id


def read(api: HfApi, repo: str, path: str, tmp_path: Path, **more: Any) -> bytes:
    return Path(
        hf_hub_download(repo, path, endpoint=api.endpoint, token=api.token, cache_dir=tmp_path / "cache", **more)
    ).read_bytes()


def test_contents_and_git_ids(api: HfApi, repo: str, tmp_path: Path) -> None:
    weights = random.Random(0).randbytes(100_000)
    files = {"README.md": "# مرحبا".encode(), "w/model.safetensors": weights, "مجلد/ملف.txt": b"x", "empty.txt": b""}
    made = api.create_commit(repo, [Add(path, data) for path, data in files.items()], commit_message="first")
    assert made.commit_url == f"{api.endpoint}/{repo}/commit/{made.oid}"
    found = {f.path: f for f in api.list_repo_tree(repo, recursive=True, expand=True) if hasattr(f, "blob_id")}
    assert set(found) == {*files, ".gitattributes"}
    for path, data in files.items():
        assert read(api, repo, path, tmp_path) == data
        assert found[path].size == len(data)
        assert found[path].last_commit.oid == made.oid
    assert found["README.md"].blob_id == object_id("blob", files["README.md"])
    lfs = found["w/model.safetensors"].lfs
    assert found["w/model.safetensors"].blob_id == object_id("blob", lfs_pointer(lfs.sha256, len(weights)))
    assert lfs.pointer_size == len(lfs_pointer(lfs.sha256, len(weights)))


def test_unchanged_files_make_no_commit(api: HfApi, repo: str) -> None:
    files = [Add("a.txt", b"same"), Add("b.bin", b"same too")]
    first = api.create_commit(repo, files, commit_message="once")
    again = api.create_commit(repo, [Add("a.txt", b"same"), Add("b.bin", b"same too")], commit_message="twice")
    assert again.oid == first.oid
    assert [c.title for c in api.list_repo_commits(repo)] == ["once", "initial commit"]


def test_stale_parent_is_412(api: HfApi, repo: str) -> None:
    stale = api.model_info(repo).sha
    api.create_commit(repo, [Add("a.txt", b"1")], commit_message="somebody else", parent_commit=stale)
    with pytest.raises(HfHubHTTPError, match="The branch was updated since") as error:
        api.create_commit(repo, [Add("a.txt", b"2")], commit_message="mine", parent_commit=stale)
    assert error.value.response.status_code == 412
    assert api.list_repo_commits(repo)[0].title == "somebody else"


def test_delete_copy_and_folder(api: HfApi, repo: str, tmp_path: Path) -> None:
    api.create_commit(repo, [Add("d/a.txt", b"a"), Add("d/e/b.bin", b"b"), Add("c.txt", b"c")], commit_message="1")
    api.create_commit(
        repo, [Copy("d/e/b.bin", "b2.bin"), Copy("c.txt", "c2.txt"), Delete("d/a.txt")], commit_message="2"
    )
    assert api.list_repo_files(repo) == [".gitattributes", "b2.bin", "c.txt", "c2.txt", "d/e/b.bin"]
    assert read(api, repo, "b2.bin", tmp_path) == b"b" and read(api, repo, "c2.txt", tmp_path) == b"c"
    api.delete_folder("d", repo)
    assert api.list_repo_files(repo) == [".gitattributes", "b2.bin", "c.txt", "c2.txt"]
    with pytest.raises(EntryNotFoundError, match="A file with this name doesn't exist"):
        api.delete_file("d/a.txt", repo)
    with pytest.raises(EntryNotFoundError):
        api.delete_folder("nowhere", repo)


def test_copy_between_repos(api: HfApi, repo: str, tmp_path: Path) -> None:
    api.create_commit(repo, [Add("w.bin", b"weights"), Add("t.txt", b"text")], commit_message="source")
    other = f"{repo}-copy"
    api.create_repo(other, repo_type="dataset")
    copies = [Copy(p, f"from/{p}", src_repo_id=repo, src_repo_type="model") for p in ("w.bin", "t.txt")]
    api.create_commit(other, copies, commit_message="copied", repo_type="dataset")
    assert read(api, other, "from/w.bin", tmp_path, repo_type="dataset") == b"weights"
    api.delete_repo(repo)
    assert read(api, other, "from/w.bin", tmp_path / "2", repo_type="dataset") == b"weights"


@pytest.mark.parametrize("path", ["a/../b", "../x", "/abs", "a//b", ".git/config", "a/.GIT/x", "", "..\\x", "x/./y"])
def test_bad_paths_are_422(hub: LocalHub, repo: str, path: str) -> None:
    answer = commit_lines(hub, repo, [("file", {"path": path, "content": "eA==", "encoding": "base64"})])
    assert answer.status_code == 422, answer.text
    assert "Invalid path" in answer.headers["X-Error-Message"]


def commit_lines(
    hub: LocalHub, repo: str, lines: list[tuple[str, dict[str, Any]]], rev: str = "main"
) -> httpx.Response:
    body = [{"key": "header", "value": {"summary": "raw", "description": ""}}]
    body += [{"key": key, "value": value} for key, value in lines]
    return httpx.post(
        f"{hub.endpoint}/api/models/{repo}/commit/{rev}",
        content="\n".join(json.dumps(line) for line in body),
        headers={"Authorization": f"Bearer {hub.token}", "Content-Type": "application/x-ndjson"},
    )


def test_file_and_folder_cannot_share_a_name(api: HfApi, repo: str) -> None:
    api.create_commit(repo, [Add("a", b"file")], commit_message="1")
    with pytest.raises(HfHubHTTPError) as error:
        api.create_commit(repo, [Add("a/b", b"below it")], commit_message="2")
    assert error.value.response.status_code == 422


def test_lfs_file_that_was_never_sent_is_refused(hub: LocalHub, api: HfApi, repo: str) -> None:
    answer = commit_lines(hub, repo, [("lfsFile", {"path": "x.bin", "algo": "sha256", "oid": "0" * 64, "size": 1})])
    assert answer.status_code == 400 and "does not exist" in answer.text
    assert api.list_repo_files(repo) == [".gitattributes"]


def test_another_repos_content_cannot_be_claimed_by_its_hash(hub: LocalHub, api: HfApi, repo: str) -> None:
    private = f"{repo}-private"
    api.create_repo(private, private=True)
    api.upload_file(path_or_fileobj=b"secret", path_in_repo="s.bin", repo_id=private)
    sha = api.get_paths_info(private, "s.bin")[0].lfs.sha256
    answer = commit_lines(hub, repo, [("lfsFile", {"path": "x.bin", "algo": "sha256", "oid": sha})])
    assert answer.status_code == 400


def test_unknown_revisions(api: HfApi, repo: str) -> None:
    with pytest.raises(RevisionNotFoundError):
        api.create_commit(repo, [Add("a.txt", b"1")], commit_message="m", revision="nowhere")
    with pytest.raises(RevisionNotFoundError):
        api.list_repo_files(repo, revision="nowhere")
    with pytest.raises(BadRequestError):
        api.create_tag(repo, tag="two words")


def test_gitattributes_and_gitignore_decide(api: HfApi, repo: str) -> None:
    api.create_commit(
        repo, [Add(".gitattributes", b"*.png filter=lfs diff=lfs merge=lfs -text\n")], commit_message="1"
    )
    api.create_commit(
        repo,
        [Add("deep/image.png", b"p"), Add("w.bin", b"b"), Add(".gitignore", b"*.log\ncache/\n!keep.log\n")],
        commit_message="2",
    )
    infos = {f.path: f for f in api.get_paths_info(repo, ["deep/image.png", "w.bin"])}
    assert infos["deep/image.png"].lfs is not None and infos["w.bin"].lfs is None
    ops = [Add(path, b"x") for path in ("a.log", "keep.log", "cache/x.txt", "d/b.log", "c.txt")]
    api.create_commit(repo, ops, commit_message="3")
    assert {"keep.log", "c.txt"} <= set(api.list_repo_files(repo))
    assert not {"a.log", "cache/x.txt", "d/b.log"} & set(api.list_repo_files(repo))


def test_eight_uploaders_lose_no_commit(api: HfApi, repo: str) -> None:
    def upload(worker: int) -> None:
        mine = HfApi(endpoint=api.endpoint, token=api.token)
        for number in range(5):
            name = f"{worker}/{number}"
            operations = [Add(f"{name}.txt", name.encode()), Add(f"{name}.bin", name.encode() * 50)]
            mine.create_commit(repo, operations, commit_message=name)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(upload, range(8)))
    titles = [commit.title for commit in api.list_repo_commits(repo)]
    assert len(titles) == 41 and {f"{w}/{n}" for w in range(8) for n in range(5)} < set(titles)
    assert len(api.list_repo_files(repo)) == 81


UPLOADER = """
from huggingface_hub import CommitOperationAdd as Add, HfApi
for value in range(1, 10_000):
    parts = [Add(f"{n}.txt", str(value).encode()) for n in range(4)]
    HfApi().create_commit("a/b", [*parts, Add("4.bin", str(value).encode())], commit_message=str(value))
    print(value, flush=True)
"""


def test_kill_during_uploads_leaves_whole_commits_only(tmp_path: Path) -> None:
    """Each commit puts one value into five files: after kill -9 all five agree, and no promised commit is missing."""
    data = tmp_path / "data"
    with LocalHub(data) as hub:
        HfApi(endpoint=hub.endpoint, token=hub.token).create_repo("a/b")
        server = int(json.loads((data / "server.json").read_text())["pid"])
        uploader = subprocess.Popen(
            [sys.executable, "-c", UPLOADER],
            env=os.environ | hub.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert uploader.stdout is not None
        said = [next(uploader.stdout) for _ in range(5)]  # it is under way
        os.kill(server, signal.SIGKILL)
        time.sleep(0.1)
        uploader.kill()
        promised = int([*said, *uploader.stdout][-1])
    with LocalHub(data) as hub:
        api = HfApi(endpoint=hub.endpoint, token=hub.token)
        commits = api.list_repo_commits("a/b")
        head = int(commits[0].title)
        assert head in (promised, promised + 1) and len(commits) == head + 1
        url = f"{hub.endpoint}/a/b/resolve/main"
        values = {httpx.get(f"{url}/{name}").text for name in ("0.txt", "1.txt", "2.txt", "3.txt", "4.bin")}
        assert values == {str(head)}
        assert not list((data / "drafts").iterdir())
        api.upload_file(path_or_fileobj=b"on", path_in_repo="after.txt", repo_id="a/b")


def test_a_folder_may_be_deleted_by_its_bare_name(api: Any, repo: str) -> None:
    from huggingface_hub import CommitOperationDelete

    api.upload_file(path_or_fileobj=b"x", path_in_repo="folder/inner/x.txt", repo_id=repo)
    api.create_commit(repo, [CommitOperationDelete(path_in_repo="folder")], commit_message="gone")
    assert not any(path.startswith("folder") for path in api.list_repo_files(repo))


def test_backslashes_are_plain_characters(api: Any, repo: str) -> None:
    api.upload_file(path_or_fileobj=b"x", path_in_repo="a\\b.txt", repo_id=repo)
    assert "a\\b.txt" in api.list_repo_files(repo)
