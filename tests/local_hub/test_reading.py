"""Reading: downloads, ranges, listings, information, redirects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from huggingface_hub import CommitOperationAdd as Add
from huggingface_hub import HfApi, HfFileSystem, snapshot_download
from huggingface_hub.errors import EntryNotFoundError, RepositoryNotFoundError

from factory.local_hub import LocalHub

CARD = """---
license: apache-2.0
language: [ar, no]
tags: [translation]
library_name: transformers
pipeline_tag: text-generation
base_model: LiquidAI/LFM2-1.2B
datasets: [a/b]
---
# Card
"""


@pytest.fixture
def filled(api: HfApi, repo: str) -> str:
    config = b'{"model_type": "lfm2", "architectures": ["Lfm2ForCausalLM"]}'
    scores = b"- dataset: {id: OALL/AlGhafa, task_id: alghafa}\n  value: 53.9\n  notes: zero-shot\n"
    benchmark = b"{name: AlGhafa, description: d, evaluation_framework: mteb, tasks: [{id: alghafa}]}"
    api.create_repo("OALL/AlGhafa", repo_type="dataset", exist_ok=True)
    api.upload_file(path_or_fileobj=benchmark, path_in_repo="eval.yaml", repo_id="OALL/AlGhafa", repo_type="dataset")
    operations = [Add("README.md", CARD.encode()), Add("config.json", config), Add("w.bin", bytes(range(256)) * 40)]
    api.create_commit(repo, [*operations, Add(".eval_results/oall.yaml", scores)], commit_message="fill")
    return repo


def test_headers_and_ranges(hub: LocalHub, api: HfApi, filled: str) -> None:
    url, content = f"{hub.endpoint}/{filled}/resolve/main/w.bin", bytes(range(256)) * 40
    head = httpx.head(url)
    sha = api.get_paths_info(filled, "w.bin")[0].lfs.sha256
    assert head.headers["etag"] == f'"{sha}"' == head.headers["x-linked-etag"]
    assert head.headers["x-repo-commit"] == api.model_info(filled).sha
    assert int(head.headers["content-length"]) == int(head.headers["x-linked-size"]) == len(content)
    assert "x-xet-hash" not in head.headers
    for asked, expected in [
        ("bytes=10-19", content[10:20]),
        ("bytes=10000-", content[10000:]),
        ("bytes=-5", content[-5:]),
    ]:
        part = httpx.get(url, headers={"Range": asked})
        assert part.status_code == 206 and part.content == expected
    assert part.headers["content-range"] == f"bytes {len(content) - 5}-{len(content) - 1}/{len(content)}"
    assert httpx.get(url, headers={"Range": "bytes=99999-"}).status_code == 416
    assert httpx.get(url, headers={"If-None-Match": head.headers["etag"]}).status_code == 304


def test_missing_things_raise_the_right_errors(hub: LocalHub, api: HfApi, filled: str) -> None:
    missing = httpx.get(f"{hub.endpoint}/{filled}/resolve/main/nope.txt")
    assert missing.status_code == 404 and missing.headers["x-error-code"] == "EntryNotFound"
    assert missing.headers["x-repo-commit"] == api.model_info(filled).sha
    with pytest.raises(RepositoryNotFoundError) as error:
        api.model_info("tester/never-created")
    assert error.value.response.status_code == 404 and "Request ID" in str(error.value)
    with pytest.raises(RepositoryNotFoundError):
        HfApi(endpoint=hub.endpoint, token=False).model_info("tester/never-created")
    with pytest.raises(EntryNotFoundError):
        list(api.list_repo_tree(filled, "nowhere"))
    assert not api.file_exists(filled, "nope.txt") and api.file_exists(filled, "config.json")
    assert not api.revision_exists(filled, "nope") and api.revision_exists(filled, "main")
    unknown = httpx.get(f"{hub.endpoint}/api/no-such-route")
    assert unknown.status_code == 404 and "error" in unknown.json()


def test_info_says_what_the_card_says(api: HfApi, filled: str) -> None:
    info = api.model_info(filled, files_metadata=True)
    assert info.card_data.license == "apache-2.0" and info.card_data.language == ["ar", "no"]
    assert info.pipeline_tag == "text-generation" and info.library_name == "transformers"
    assert {"license:apache-2.0", "ar", "dataset:a/b", "base_model:LiquidAI/LFM2-1.2B", "lfm2"} <= set(info.tags)
    assert info.config["architectures"] == ["Lfm2ForCausalLM"]
    assert {s.rfilename: s.lfs is not None for s in info.siblings}["w.bin"] is True
    expanded = api.model_info(filled, expand=["evalResults", "downloads", "cardData"])
    assert expanded.eval_results[0].value == 53.9 and expanded.eval_results[0].dataset_id == "OALL/AlGhafa"
    assert expanded.sha is None and expanded.card_data.license == "apache-2.0"


def test_lists_search_filter_sort_and_page(hub: LocalHub, api: HfApi, filled: str) -> None:
    author = filled.replace("/", "-")
    for number in range(5):
        api.create_repo(f"{author}/repo-{number}")
    card = b"---\ntags: [special]\nlicense: mit\n---\n"
    api.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id=f"{author}/repo-2")
    ids = [m.id for m in api.list_models(author=author, sort="created_at")]
    assert ids == [f"{author}/repo-{n}" for n in (4, 3, 2, 1, 0)]
    assert next(iter(api.list_models(author=author, sort="last_modified"))).id == f"{author}/repo-2"
    assert [m.id for m in api.list_models(author=author, filter=["special", "license:mit"])] == [f"{author}/repo-2"]
    assert [m.id for m in api.list_models(search="repo-3", author=author)] == [f"{author}/repo-3"]
    assert len(list(api.list_models(author=author, limit=3))) == 3
    page = httpx.get(f"{hub.endpoint}/api/models", params={"author": author, "limit": 2, "sort": "createdAt"})
    seen = [m["id"] for m in page.json()]
    while "next" in page.links:
        page = httpx.get(page.links["next"]["url"])
        seen += [m["id"] for m in page.json()]
    assert seen == ids


def test_tree_pages_and_commit_pages(hub: LocalHub, api: HfApi, repo: str) -> None:
    api.create_commit(repo, [Add(f"d{n % 3}/{n:04d}.txt", b"x") for n in range(1500)], commit_message="many")
    assert len(api.list_repo_files(repo)) == 1501
    assert [f.path for f in api.list_repo_tree(repo)] == [".gitattributes", "d0", "d1", "d2"]
    assert len(list(api.list_repo_tree(repo, "d1"))) == 500
    for number in range(60):
        api.create_commit(repo, [Add("n.txt", str(number).encode())], commit_message=str(number))
    assert [c.title for c in api.list_repo_commits(repo)] == [str(n) for n in range(59, -1, -1)] + [
        "many",
        "initial commit",
    ]
    formatted = api.list_repo_commits(repo, formatted=True)[0]
    assert formatted.formatted_title == "59"


def test_moved_repos_are_found_by_their_old_name(api: HfApi, filled: str, tmp_path: Path) -> None:
    new = f"{filled}-moved"
    api.move_repo(filled, new)
    assert api.model_info(filled).id == new
    folder = snapshot_download(filled, endpoint=api.endpoint, token=api.token, cache_dir=tmp_path)
    assert (Path(folder) / "w.bin").stat().st_size == 10240
    api.upload_file(path_or_fileobj=b"by the old name", path_in_repo="x.txt", repo_id=filled)
    assert api.file_exists(new, "x.txt")


def test_create_delete_exist_ok(api: HfApi, repo: str) -> None:
    from huggingface_hub.errors import HfHubHTTPError

    assert str(api.create_repo(repo, exist_ok=True)) == f"{api.endpoint}/{repo}"
    with pytest.raises(HfHubHTTPError) as error:
        api.create_repo(repo)
    assert error.value.response.status_code == 409
    for bad in ("api/x", "a/b..c"):
        answer = httpx.post(
            f"{api.endpoint}/api/repos/create",
            json={"organization": bad.split("/")[0], "name": bad.split("/")[1]},
            headers={"Authorization": f"Bearer {api.token}"},
        )
        assert answer.status_code == 400
    api.delete_repo(repo)
    assert not api.repo_exists(repo)
    api.delete_repo(repo, missing_ok=True)
    with pytest.raises(RepositoryNotFoundError):
        api.delete_repo(repo)


def test_deleting_a_repo_frees_what_only_it_held(hub: LocalHub, api: HfApi, repo: str) -> None:
    other = f"{repo}-2"
    api.create_repo(other)
    for one in (repo, other):
        api.upload_file(path_or_fileobj=f"shared by {repo}".encode(), path_in_repo="s.bin", repo_id=one)
    api.upload_file(path_or_fileobj=f"only in {repo}".encode(), path_in_repo="o.bin", repo_id=repo)
    shared, alone = (api.get_paths_info(repo, p)[0].lfs.sha256 for p in ("s.bin", "o.bin"))
    api.delete_repo(repo)
    assert (hub.data / "blobs" / shared[:2] / shared).exists()
    assert not (hub.data / "blobs" / alone[:2] / alone).exists()
    assert httpx.get(f"{hub.endpoint}/{other}/resolve/main/s.bin").status_code == 200


def test_file_system(hub: LocalHub, filled: str) -> None:
    fs: Any = HfFileSystem(endpoint=hub.endpoint, token=hub.token, skip_instance_cache=True)
    assert sorted(fs.ls(filled, detail=False))[:2] == [f"{filled}/.eval_results", f"{filled}/.gitattributes"]
    assert fs.info(f"{filled}/w.bin")["size"] == 10240 and fs.exists(f"{filled}/config.json")
    with fs.open(f"{filled}/w.bin", "rb", block_size=1024) as file:
        file.seek(5000)
        assert file.read(10) == (bytes(range(256)) * 40)[5000:5010]
    with fs.open(f"{filled}/new/file.txt", "w") as file:
        file.write("مرحبا")
    assert fs.cat_file(f"{filled}/new/file.txt").decode() == "مرحبا"
    fs.mv(f"{filled}/new/file.txt", f"{filled}/moved.txt")
    assert fs.glob(f"{filled}/*.txt") == [f"{filled}/moved.txt"]
    fs.rm(f"{filled}/moved.txt")
    assert not fs.exists(f"{filled}/moved.txt")


def test_validate_yaml(api: HfApi, repo: str) -> None:
    with pytest.raises(ValueError, match="YAML Metadata Error"):
        api.upload_file(path_or_fileobj=b"---\na: [1\n---\n", path_in_repo="README.md", repo_id=repo)
