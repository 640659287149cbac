"""Refs, discussions, pull requests, collections, Spaces, likes, jobs and the administration of large files."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest
from huggingface_hub import CommitOperationAdd as Add
from huggingface_hub import CommitOperationDelete as Delete
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, JobNotFoundError, RevisionNotFoundError

from factory.local_hub import LocalHub


def test_branches_and_tags(api: HfApi, repo: str) -> None:
    first = api.model_info(repo).sha
    api.create_branch(repo, branch="feature/x")
    api.create_branch(repo, branch="feature/x", exist_ok=True)
    with pytest.raises(HfHubHTTPError):
        api.create_branch(repo, branch="feature/x")
    api.upload_file(path_or_fileobj=b"b", path_in_repo="b.txt", repo_id=repo, revision="feature/x")
    assert "b.txt" in api.list_repo_files(repo, revision="feature/x") and "b.txt" not in api.list_repo_files(repo)
    api.create_tag(repo, tag="v1", tag_message="one", revision="feature/x")
    api.create_tag(repo, tag="short", revision=str(first)[:8])
    with pytest.raises(HfHubHTTPError):
        api.create_tag(repo, tag="v1")
    api.create_tag(repo, tag="v1", exist_ok=True)
    refs = api.list_repo_refs(repo, include_pull_requests=True)
    assert {b.name for b in refs.branches} == {"main", "feature/x"} and refs.pull_requests == []
    assert {t.name: t.target_commit for t in refs.tags}["short"] == first
    assert api.model_info(repo, revision="v1").sha == api.model_info(repo, revision="feature/x").sha != first
    with pytest.raises(RevisionNotFoundError):
        api.upload_file(path_or_fileobj=b"c", path_in_repo="c.txt", repo_id=repo, revision="v1")
    api.delete_tag(repo, tag="v1")
    api.delete_branch(repo, branch="feature/x")
    with pytest.raises(RevisionNotFoundError):
        api.delete_tag(repo, tag="v1")
    with pytest.raises(HfHubHTTPError):
        api.delete_branch(repo, branch="main")


def test_super_squash(api: HfApi, repo: str) -> None:
    for number in range(3):
        api.upload_file(path_or_fileobj=str(number).encode(), path_in_repo=f"{number}.txt", repo_id=repo)
    api.super_squash_history(repo, commit_message="all in one")
    assert [c.title for c in api.list_repo_commits(repo)] == ["all in one"]
    assert len(api.list_repo_files(repo)) == 4


def test_discussion(api: HfApi, repo: str) -> None:
    made = api.create_discussion(repo, "  A question  ", description="Why?")
    assert (made.num, made.title, made.status, made.author) == (1, "A question", "open", "factory")
    said: Any = api.comment_discussion(repo, 1, "Because <b>so</b><script>1</script>")
    assert said.content == "Because <b>so</b><script>1</script>"
    assert "<b>so</b>" in said.rendered and "<script" not in said.rendered
    edited = api.edit_discussion_comment(repo, 1, said.id, "Because")
    assert edited.edited and edited.number_of_edits == 1
    assert api.rename_discussion(repo, 1, "Another question").old_title == "A question"
    assert api.change_discussion_status(repo, 1, "closed", comment="done").new_status == "closed"
    with pytest.warns(UserWarning):
        assert api.hide_discussion_comment(repo, 1, said.id).hidden
    details = api.get_discussion_details(repo, 1)
    assert details.title == "Another question" and details.status == "closed" and len(details.events) == 5
    assert [d.num for d in api.get_repo_discussions(repo, discussion_status="open")] == []


def test_pull_request(api: HfApi, repo: str) -> None:
    api.upload_file(path_or_fileobj=b"one\n", path_in_repo="a.txt", repo_id=repo)
    made = api.create_commit(repo, [Add("a.txt", b"two\n"), Add("w.bin", b"w")], commit_message="Two", create_pr=True)
    assert made.pr_num == 1 and made.pr_revision == "refs/pr/1"
    assert made.pr_url == f"{api.endpoint}/{repo}/discussions/1"
    api.upload_file(path_or_fileobj=b"more", path_in_repo="more.txt", repo_id=repo, revision="refs/pr/1")
    assert "more.txt" in api.list_repo_files(repo, revision="refs/pr/1")
    assert "more.txt" not in api.list_repo_files(repo)
    api.upload_file(path_or_fileobj=b"elsewhere", path_in_repo="elsewhere.txt", repo_id=repo)
    details = api.get_discussion_details(repo, 1)
    assert details.is_pull_request and details.target_branch == "refs/heads/main" and details.conflicting_files == []
    assert "-one\n+two\n" in str(details.diff)
    assert [event.type for event in details.events].count("commit") == 2
    api.merge_pull_request(repo, 1, comment="thanks")
    merged = api.get_discussion_details(repo, 1)
    assert merged.status == "merged" and merged.merge_commit_oid == api.model_info(repo).sha
    assert api.list_repo_files(repo) == [".gitattributes", "a.txt", "elsewhere.txt", "more.txt", "w.bin"]


def test_conflicting_pull_request(api: HfApi, repo: str) -> None:
    api.create_commit(repo, [Add("a.txt", b"theirs")], commit_message="PR", create_pr=True)
    api.upload_file(path_or_fileobj=b"ours", path_in_repo="a.txt", repo_id=repo)
    assert api.get_discussion_details(repo, 1).conflicting_files == ["a.txt"]
    with pytest.raises(HfHubHTTPError) as error:
        api.merge_pull_request(repo, 1)
    assert error.value.response.status_code == 409
    assert api.get_discussion_details(repo, 1).status == "open"


def test_a_file_and_a_folder_change_places(api: HfApi, repo: str) -> None:
    """In one commit, and by a pull request, in both directions."""
    api.create_commit(repo, [Add("a/b", b"1"), Add("one", b"1"), Add("many/x/y", b"1")], commit_message="First")
    api.create_commit(repo, [Delete("a/b"), Add("a", b"2")], commit_message="A folder becomes a file")
    swapped = [Delete("one"), Add("one/of/it", b"2"), Delete("many/x/y"), Add("many", b"2")]
    made = api.create_commit(repo, swapped, commit_message="Both ways", create_pr=True)
    api.merge_pull_request(repo, made.pr_num or 0)
    assert set(api.list_repo_files(repo)) >= {"a", "one/of/it", "many"}
    assert not {"a/b", "one", "many/x/y"} & set(api.list_repo_files(repo))


def test_empty_pull_request_is_a_draft(api: HfApi, repo: str) -> None:
    made = api.create_pull_request(repo, "Later")
    assert made.status == "draft" and made.git_reference == "refs/pr/1"
    api.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=repo, revision=made.git_reference)
    api.change_discussion_status(repo, 1, "open")
    api.merge_pull_request(repo, 1)
    assert api.file_exists(repo, "x.txt")


def test_collections(api: HfApi, repo: str) -> None:
    owner = f"owner-{uuid.uuid4().hex[:6]}"
    made = api.create_collection("My Things", namespace=owner, description="about them")
    assert made.slug.startswith(f"{owner}/my-things-") and made.url == f"{api.endpoint}/collections/{made.slug}"
    assert api.create_collection("My Things", namespace=owner, exists_ok=True).slug == made.slug
    api.create_repo(f"{repo}-d", repo_type="dataset")
    api.add_collection_item(made.slug, repo, "model", note="first")
    found = api.add_collection_item(made.slug, f"{repo}-d", "dataset")
    api.add_collection_item(made.slug, repo, "model", exists_ok=True)
    with pytest.raises(HfHubHTTPError):
        api.add_collection_item(made.slug, repo, "model")
    with pytest.raises(HfHubHTTPError):
        api.add_collection_item(made.slug, "no/such-repo", "model")
    assert [(i.item_id, i.item_type, i.note, i.position) for i in found.items] == [
        (repo, "model", "first", 0),
        (f"{repo}-d", "dataset", None, 1),
    ]
    api.update_collection_item(made.slug, found.items[1].item_object_id, position=0, note="now first")
    assert [i.note for i in api.get_collection(made.slug).items] == ["now first", "first"]
    renamed = api.update_collection_metadata(made.slug, title="New Name", theme="blue", private=True)
    assert renamed.title == "New Name" and renamed.slug != made.slug
    assert api.get_collection(made.slug).slug == renamed.slug, "the id at the end still finds it"
    assert [c.slug for c in api.list_collections(owner=owner)] == [renamed.slug]
    assert [c.slug for c in api.list_collections(item=f"models/{repo}")] == [renamed.slug]
    assert list(HfApi(endpoint=api.endpoint, token=False).list_collections(owner=owner)) == []
    api.delete_collection_item(renamed.slug, found.items[0].item_object_id)
    api.delete_collection_item(renamed.slug, found.items[0].item_object_id, missing_ok=True)
    api.delete_collection(renamed.slug)
    api.delete_collection(renamed.slug, missing_ok=True)
    with pytest.raises(HfHubHTTPError):
        api.get_collection(renamed.slug)


def test_spaces(hub: LocalHub, api: HfApi, repo: str) -> None:
    secrets = [{"key": "TOKEN", "value": "hidden-value"}]
    api.create_repo(repo, repo_type="space", space_sdk="gradio", space_secrets=secrets)
    assert api.space_info(repo).sdk == "gradio"
    assert api.get_space_runtime(repo).stage == "NO_APP_FILE"
    api.upload_file(path_or_fileobj=b"print()", path_in_repo="app.py", repo_id=repo, repo_type="space")
    assert api.get_space_runtime(repo).stage == "STOPPED"
    api.add_space_variable(repo, "A", "1", description="a")
    assert api.add_space_variable(repo, "B", "2")["A"].value == "1"
    assert set(api.delete_space_variable(repo, "A")) == {"B"} == set(api.get_space_variables(repo))
    api.add_space_secret(repo, "KEY", "hidden-value")
    assert set(api.get_space_secrets(repo)) == {"TOKEN", "KEY"}
    api.delete_space_secret(repo, "KEY")
    headers = {"Authorization": f"Bearer {hub.token}"}
    for path in ("", "/secrets", "/variables", "/runtime"):
        assert "hidden-value" not in httpx.get(f"{hub.endpoint}/api/spaces/{repo}{path}", headers=headers).text
    assert api.request_space_hardware(repo, "t4-medium", sleep_time=600).requested_hardware == "t4-medium"
    assert api.set_space_sleep_time(repo, 1200).sleep_time == 1200
    assert api.pause_space(repo).stage == "PAUSED"
    assert api.restart_space(repo).stage == "STOPPED"
    copy = api.duplicate_repo(repo, f"{repo}-copy", repo_type="space")
    assert "app.py" in api.list_repo_files(copy.repo_id, repo_type="space")
    assert api.get_space_secrets(copy.repo_id) == {}


def test_likes(hub: LocalHub, api: HfApi, repo: str) -> None:
    headers = {"Authorization": f"Bearer {hub.token}"}
    httpx.post(f"{hub.endpoint}/api/models/{repo}/like", headers=headers)
    assert api.model_info(repo).likes == 1 and [u.username for u in api.list_repo_likers(repo)] == ["factory"]
    assert repo in api.list_liked_repos("factory").models
    api.unlike(repo)
    assert api.model_info(repo).likes == 0


def test_large_file_administration(hub: LocalHub, api: HfApi, repo: str) -> None:
    api.create_commit(repo, [Add("keep.bin", b"keep"), Add("drop.bin", b"drop me")], commit_message="1")
    api.create_commit(repo, [Add("t.txt", b"t")], commit_message="2")
    files = {f.filename: f for f in api.list_lfs_files(repo)}
    assert files["drop.bin"].size == 7 and files["drop.bin"].ref == "refs/heads/main"
    api.permanently_delete_lfs_files(repo, [files["drop.bin"]])
    assert api.list_repo_files(repo) == [".gitattributes", "keep.bin", "t.txt"]
    assert [c.title for c in api.list_repo_commits(repo)] == ["2", "1", "initial commit"]
    sha = files["drop.bin"].oid
    assert not (hub.data / "blobs" / sha[:2] / sha).exists()
    assert [f.filename for f in api.list_lfs_files(repo)] == ["keep.bin"]


def test_jobs(hub: LocalHub, api: HfApi) -> None:
    command = ["bash", "-c", "echo hello $NAME; echo $SECRET | wc -c; pwd"]
    job = api.run_job(
        image="python:3.12", command=command, env={"NAME": "hub"}, secrets={"SECRET": "s3cr3t"}, labels={"a": "b"}
    )
    done = api.wait_for_job(job.id, timeout=20, poll_interval=0.05)
    assert done.status.stage == "COMPLETED" and done.docker_image == "python:3.12"
    logs = list(api.fetch_job_logs(job_id=job.id))
    assert logs[:2] == ["hello hub", "7"] and logs[2].endswith(f"{job.id}/work")
    assert [j.id for j in api.list_jobs(labels={"a": "b"}, namespace="factory")] == [job.id]
    stored = httpx.get(f"{hub.endpoint}/api/jobs/factory/{job.id}", headers={"Authorization": f"Bearer {hub.token}"})
    assert "s3cr3t" not in stored.text
    failed = api.wait_for_job(
        api.run_job(image="x", command=["bash", "-c", "exit 3"]).id, timeout=20, poll_interval=0.05
    )
    assert failed.status.stage == "ERROR" and "3" in str(failed.status.message)
    slow = api.run_job(image="x", command=["sleep", "60"], timeout="1m")
    api.cancel_job(job_id=slow.id)
    assert api.inspect_job(job_id=slow.id).status.stage == "CANCELED"
    with pytest.raises(JobNotFoundError):
        api.inspect_job(job_id="0" * 24)


def test_jobs_must_be_allowed(peopled: LocalHub) -> None:
    with pytest.raises(HfHubHTTPError, match="--jobs"):
        HfApi(endpoint=peopled.endpoint, token="hf_amal").run_job(image="x", command=["true"])


def test_leaderboard_and_storage(api: HfApi, repo: str) -> None:
    api.create_repo(repo, repo_type="dataset")
    benchmark = "{name: B, description: d, evaluation_framework: mteb, tasks: [{id: t}]}"
    api.upload_file(path_or_fileobj=benchmark.encode(), path_in_repo="eval.yaml", repo_id=repo, repo_type="dataset")
    for name, value in (("low", 40.5), ("high", 51)):
        scores = f"- dataset: {{id: {repo}, task_id: t}}\n  value: {value}\n  notes: n={name}\n"
        api.create_repo(f"{repo}-{name}")
        api.upload_file(path_or_fileobj=scores.encode(), path_in_repo=".eval_results/x.yaml", repo_id=f"{repo}-{name}")
    found = api.get_dataset_leaderboard(repo)
    assert [(e.rank, e.model_id, e.value, e.notes) for e in found] == [
        (1, f"{repo}-high", 51, "n=high"),
        (2, f"{repo}-low", 40.5, "n=low"),
    ]
    stored = {item.id: item for item in api.list_user_repos("tester")}
    assert stored[f"{repo}-high"].storage > 1500 and stored[f"{repo}-high"].type == "model"
