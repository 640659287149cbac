"""What the real clients' own suites rely on: texts, codes and defaults of the Hub."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from factory.errors import FactoryError
from factory.local_hub import LocalHub
from factory.local_hub.users import load_users


def client_of(hub: LocalHub, token: str) -> Any:
    from huggingface_hub import HfApi

    return HfApi(endpoint=hub.endpoint, token=token)


def test_a_repo_without_namespace_is_not_found(api: Any, hub: LocalHub) -> None:
    from huggingface_hub.errors import RepositoryNotFoundError

    assert not api.repo_exists("nothing-here")
    assert not api.file_exists("nothing-here", "x.txt")
    for call in (lambda: list(api.list_repo_commits("nothing-here")), lambda: api.unlike("nothing-here")):
        with pytest.raises(RepositoryNotFoundError):
            call()
    assert httpx.get(f"{hub.endpoint}/api/models/nothing-here").status_code == 401


def test_messages_name_the_reference(api: Any, repo: str) -> None:
    from huggingface_hub.errors import HfHubHTTPError, RevisionNotFoundError

    api.create_branch(repo, branch="side")
    with pytest.raises(HfHubHTTPError, match="Reference refs/heads/side already exists"):
        api.create_branch(repo, branch="side")
    with pytest.raises(HfHubHTTPError, match="Cannot delete refs/heads/main"):
        api.delete_branch(repo, branch="main")
    with pytest.raises(RevisionNotFoundError, match="Invalid rev id"):
        api.delete_branch(repo, branch="other")
    with pytest.raises(RevisionNotFoundError):
        api.create_tag(repo, tag="not a tag", revision="other")


def test_moving_onto_another_repo_names_it(api: Any, repo: str) -> None:
    from huggingface_hub.errors import HfHubHTTPError

    taken = f"tester/t{uuid.uuid4().hex[:8]}"
    api.create_repo(taken)
    with pytest.raises(HfHubHTTPError, match=f"A model repository called {taken} already exists"):
        api.move_repo(repo, taken)


def test_a_gated_repo_gives_its_card_alone(peopled: LocalHub, tmp_path: Path) -> None:
    from huggingface_hub.errors import GatedRepoError

    owner, other = client_of(peopled, "hf_amal"), client_of(peopled, "hf_bilal")
    name = f"amal/g{uuid.uuid4().hex[:8]}"
    owner.create_repo(name)
    owner.upload_file(path_or_fileobj=b"# card", path_in_repo="README.md", repo_id=name)
    owner.update_repo_settings(name, gated="auto")
    other.hf_hub_download(name, "README.md", cache_dir=tmp_path)
    with pytest.raises(GatedRepoError, match=r"Access to model .* is restricted"):
        other.hf_hub_download(name, ".gitattributes", cache_dir=tmp_path)


@pytest.mark.parametrize("given", [{"x-request-id": "mine"}, {"X-Amzn-Trace-Id": "mine"}])
def test_the_clients_request_number_comes_back(hub: LocalHub, given: dict[str, str]) -> None:
    assert "mine" in httpx.get(f"{hub.endpoint}/api/models", headers=given).headers["x-request-id"]


def test_a_card_with_a_wrong_evaluation_index_is_refused(hub: LocalHub) -> None:
    body = {"repoType": "model", "content": "---\nmodel-index: foo\n---\n# card"}
    answer = httpx.post(f"{hub.endpoint}/api/validate-yaml", json=body)
    assert answer.status_code == 400 and "model-index" in answer.json()["errors"][0]["message"]


def test_organisations_have_names_and_a_default_visibility(tmp_path: Path) -> None:
    organisation = {"name": "closed", "role": "admin", "fullname": "Closed House", "visibility": "private"}
    users = tmp_path / "users.json"
    users.write_text(json.dumps({"users": [{"name": "amal", "organisations": [organisation], "tokens": ["hf_a"]}]}))
    with LocalHub(tmp_path / "data", users=users) as running:
        api = client_of(running, "hf_a")
        assert api.whoami()["orgs"][0]["fullname"] == "Closed House"
        api.create_repo("closed/one")
        api.create_repo("closed/two", private=False)
        api.create_repo("amal/three")
        private = {name: api.model_info(name).private for name in ("closed/one", "closed/two", "amal/three")}
    assert private == {"closed/one": True, "closed/two": False, "amal/three": False}


@pytest.mark.parametrize("wrong", [{"visibility": "secret"}, {"colour": "red"}])
def test_wrong_settings_of_an_organisation_are_refused(tmp_path: Path, wrong: dict[str, str]) -> None:
    users = tmp_path / "users.json"
    users.write_text(json.dumps({"users": [{"name": "amal", "organisations": [{"name": "lab", **wrong}]}]}))
    with pytest.raises(FactoryError, match=next(iter(wrong))):
        load_users(users)


def hooks(hub: LocalHub, token: str, method: str = "GET", path: str = "", body: Any = None) -> httpx.Response:
    """huggingface_hub's webhook calls go to the endpoint of the environment, whatever HfApi was given."""
    address = f"{hub.endpoint}/api/settings/webhooks{path}"
    return httpx.request(method, address, json=body, headers={"Authorization": f"Bearer {token}"})


def test_webhooks_belong_to_their_owner(peopled: LocalHub) -> None:
    body = {"url": "https://example.org/hook", "watched": [{"type": "user", "name": "amal"}], "secret": "s"}
    made = hooks(peopled, "hf_amal", "POST", body=body).json()["webhook"]
    assert made["domains"] == ["repo", "discussion"] and made["disabled"] is False
    path = f"/{made['id']}"
    assert hooks(peopled, "hf_amal", "POST", path + "/disable").json()["webhook"]["disabled"] is True
    changed = hooks(peopled, "hf_amal", "POST", path, {"url": "https://example.org/new"}).json()["webhook"]
    assert changed["url"].endswith("/new") and changed["disabled"] is True and changed["secret"] == "s"
    assert hooks(peopled, "hf_bilal").json() == []
    assert hooks(peopled, "hf_bilal", path=path).status_code == 404
    assert hooks(peopled, "hf_bilal", "DELETE", path).status_code == 404
    assert hooks(peopled, "hf_amal_read", "DELETE", path).status_code == 403
    assert hooks(peopled, "hf_amal", "DELETE", path).status_code == 200
    assert hooks(peopled, "hf_amal").json() == []


@pytest.mark.parametrize("wrong", [{"watched": []}, {"url": "ftp://x"}, {"domains": ["weather"]}])
def test_wrong_webhooks_are_400(peopled: LocalHub, wrong: dict[str, Any]) -> None:
    body = {"url": "https://example.org", "watched": [{"type": "user", "name": "amal"}], **wrong}
    assert hooks(peopled, "hf_amal", "POST", body=body).status_code == 400


README = b"---\nlicense: Apache 2.0\nlanguage: pt-BR\n---\n# x\n"


@pytest.mark.parametrize("kind", ["model", "dataset", "space"])
def test_metadata_that_the_hub_refuses_is_refused_before_and_at_the_commit(
    hub: LocalHub, api: HfApi, repo: str, kind: str
) -> None:
    api.create_repo(repo, repo_type=kind, space_sdk="static" if kind == "space" else None, exist_ok=True)
    with pytest.raises(ValueError, match=r'"license" must be one of .*\n- "language" with value "pt-BR" is not valid'):
        api.upload_file(path_or_fileobj=README, path_in_repo="README.md", repo_id=repo, repo_type=kind)
    lines = [{"key": "header", "value": {"summary": "x"}}]
    lines += [{"key": "file", "value": {"path": "README.md", "content": README.decode()}}]
    answer = httpx.post(
        f"{hub.endpoint}/api/{kind}s/{repo}/commit/main",
        content="\n".join(json.dumps(line) for line in lines),
        headers={"Authorization": f"Bearer {hub.token}"},
    )
    assert answer.status_code == 400 and '"license" must be one of' in answer.json()["error"]
    api.upload_file(path_or_fileobj=README, path_in_repo="docs/README.md", repo_id=repo, repo_type=kind)


def test_results_are_on_tasks_of_benchmarks(api: HfApi, repo: str) -> None:
    data = f"{repo}-data"
    api.create_repo(data, repo_type="dataset")

    def push(task: str) -> None:
        scores = f"- dataset: {{id: {data}, task_id: {task}}}\n  value: 1\n"
        api.upload_file(path_or_fileobj=scores.encode(), path_in_repo=".eval_results/x.yaml", repo_id=repo)

    with pytest.raises(HfHubHTTPError, match="is no benchmark: it has no eval"):
        push("t")
    wrong, right = (
        f"{{name: B, description: d, evaluation_framework: {framework}, tasks: [{{id: t}}]}}".encode()
        for framework in ("ours", "mteb")
    )
    with pytest.raises(HfHubHTTPError, match='"evaluation_framework" must be one of'):
        api.upload_file(path_or_fileobj=wrong, path_in_repo="eval.yaml", repo_id=data, repo_type="dataset")
    api.upload_file(path_or_fileobj=right, path_in_repo="eval.yaml", repo_id=data, repo_type="dataset")
    with pytest.raises(HfHubHTTPError, match="has no task 'u', it has t"):
        push("u")
    push("t")
    assert [entry.value for entry in api.get_dataset_leaderboard(data)] == [1]
