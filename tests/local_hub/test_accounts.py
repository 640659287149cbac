"""Who may do what: tokens, roles, organisations, private and gated repos, and the users file."""

from __future__ import annotations

import uuid
from pathlib import Path

import httpx
import pytest
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

from factory.errors import FactoryError
from factory.local_hub import LocalHub, load_users


def as_(hub: LocalHub, token: str | bool) -> HfApi:
    return HfApi(endpoint=hub.endpoint, token=token)


@pytest.fixture
def private(peopled: LocalHub) -> str:
    name = f"lab/p{uuid.uuid4().hex[:8]}"
    api = as_(peopled, "hf_amal")
    api.create_repo(name, private=True)
    api.upload_file(path_or_fileobj=b"secret", path_in_repo="s.txt", repo_id=name)
    return name


def test_whoami(peopled: LocalHub, hub: LocalHub) -> None:
    amal = as_(peopled, "hf_amal_read").whoami()
    assert (amal["name"], amal["fullname"]) == ("amal", "Amal A.")
    assert [(o["name"], o["roleInOrg"]) for o in amal["orgs"]] == [("lab", "admin"), ("museum", "read")]
    assert amal["auth"]["accessToken"]["role"] == "read"
    assert as_(hub, hub.token).whoami()["name"] == "factory"
    members = httpx.get(f"{peopled.endpoint}/api/organizations/lab/members").json()
    assert [member["user"] for member in members] == ["amal"]


def test_wrong_token_is_401(hub: LocalHub, repo: str) -> None:
    api = as_(hub, "hf_wrong")
    with pytest.raises(HfHubHTTPError, match="Invalid user token") as error:
        api.whoami()
    assert error.value.response.status_code == 401
    with pytest.raises(HfHubHTTPError, match="Invalid credentials") as error:
        api.model_info(repo)
    assert error.value.response.status_code == 401 and not isinstance(error.value, RepositoryNotFoundError)


def test_private_repos_are_invisible_to_others(peopled: LocalHub, private: str) -> None:
    for token in ("hf_bilal", False):
        api = as_(peopled, token)
        with pytest.raises(RepositoryNotFoundError):
            api.model_info(private)
        with pytest.raises(RepositoryNotFoundError):
            api.list_repo_files(private)
        assert private not in [m.id for m in api.list_models()]
        assert private not in [m.id for m in api.list_models(author="lab")]
    headers = {"Authorization": "Bearer hf_bilal"}
    for path in ("resolve/main/s.txt", "tree/main", "blob/main/s.txt", "commits/main", "discussions", ""):
        assert httpx.get(f"{peopled.endpoint}/{private}/{path}".rstrip("/"), headers=headers).status_code == 404
    assert private not in httpx.get(f"{peopled.endpoint}/models").text
    assert httpx.get(f"{peopled.endpoint}/lab").text.count(private.split("/")[1]) == 0
    for token in ("hf_amal", "hf_amal_read", "hf_root"):
        assert as_(peopled, token).model_info(private).private is True
    as_(peopled, "hf_amal").update_repo_settings(private, private=False)
    assert as_(peopled, False).model_info(private).private is False


def test_only_own_namespaces_are_writable(peopled: LocalHub, private: str) -> None:
    for token, namespace in [
        ("hf_amal", "bilal"),
        ("hf_amal", "museum"),
        ("hf_amal_read", "amal"),
        ("hf_bilal", "lab"),
    ]:
        with pytest.raises(HfHubHTTPError) as error:
            as_(peopled, token).create_repo(f"{namespace}/x")
        assert error.value.response.status_code == 403
    with pytest.raises(HfHubHTTPError) as error:
        as_(peopled, False).create_repo("amal/x")
    assert error.value.response.status_code == 401
    as_(peopled, "hf_amal").update_repo_settings(private, private=False)
    with pytest.raises(HfHubHTTPError) as error:
        as_(peopled, "hf_bilal").upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=private)
    assert error.value.response.status_code == 403
    as_(peopled, "hf_root").create_repo("anywhere/at-all", exist_ok=True)


def test_others_may_open_pull_requests(peopled: LocalHub, private: str) -> None:
    as_(peopled, "hf_amal").update_repo_settings(private, private=False)
    made = as_(peopled, "hf_bilal").upload_file(
        path_or_fileobj=b"x" * 100, path_in_repo="x.bin", repo_id=private, create_pr=True
    )
    assert made.pr_revision == "refs/pr/1"
    with pytest.raises(HfHubHTTPError) as error:
        as_(peopled, "hf_bilal").merge_pull_request(private, 1)
    assert error.value.response.status_code == 403
    as_(peopled, "hf_amal").merge_pull_request(private, 1)
    assert as_(peopled, False).file_exists(private, "x.bin")


def test_gated_repos(peopled: LocalHub, private: str, tmp_path: Path) -> None:
    owner, other = as_(peopled, "hf_amal"), as_(peopled, "hf_bilal")
    owner.update_repo_settings(private, private=False, gated="manual")
    assert other.model_info(private).gated == "manual"

    def fetch(token: str | bool) -> str:
        return hf_hub_download(private, "s.txt", endpoint=peopled.endpoint, token=token, cache_dir=tmp_path)

    for token, status in (("hf_bilal", 403), (False, 401)):
        with pytest.raises(GatedRepoError) as error:
            fetch(token)
        assert error.value.response.status_code == status
    with pytest.raises(GatedRepoError):
        other.auth_check(private)
    asked = httpx.post(f"{peopled.endpoint}/{private}/ask-access", headers={"Authorization": "Bearer hf_bilal"})
    assert asked.status_code == 200
    listed = httpx.get(
        f"{peopled.endpoint}/api/models/{private}/user-access-request/pending",
        headers={"Authorization": "Bearer hf_amal"},
    )
    assert [r["user"]["user"] for r in listed.json()] == ["bilal"]
    httpx.post(
        f"{peopled.endpoint}/api/models/{private}/user-access-request/handle",
        headers={"Authorization": "Bearer hf_amal"},
        json={"user": "bilal", "status": "accepted"},
    )
    assert Path(fetch("hf_bilal")).read_bytes() == b"secret"


def test_signing_in_on_the_pages(peopled: LocalHub, private: str) -> None:
    browser = httpx.Client(base_url=peopled.endpoint, follow_redirects=True)
    assert browser.get(f"/{private}").status_code in (401, 404)
    assert browser.post("/login", data={"token": "hf_nope"}).status_code == 401
    assert "amal" in browser.post("/login", data={"token": "hf_amal"}).text
    assert browser.get(f"/{private}").status_code == 200
    assert browser.get(f"/{private}/resolve/main/s.txt").text == "secret"
    # the cookie is for pages: it gives no rights in the API
    assert browser.post("/api/repos/create", json={"name": "amal/by-cookie"}).status_code == 401
    assert browser.get("/api/whoami-v2").status_code == 401


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("users: []", "no users"),
        ("users: [{fullname: x}]", "user 1: name: Field required"),
        (
            "users: [{name: a, tokens: {t: owner}}]",
            "tokens: each token is text that maps to one of read, write, admin",
        ),
        ("users: [{name: a, colour: red}]", "user 1: colour: unknown key"),
        ("users: [{name: a}, {name: A}]", "user `a` occurs twice"),
        ("users: [{name: a, tokens: {t: read}}, {name: b, tokens: {t: read}}]", "a token occurs twice"),
        (
            "users: [{name: a, organisations: [{name: o, role: king}]}]",
            "user 1: organisations.0.role: Input should be 'read',",
        ),
        ("users: [{name: a, organisations: 7}]", "user 1: organisations: Input should be a valid list"),
        ("users: [{name: a, tokens: {'': write}}]", "user 1: tokens: each token is text"),
        ("users: [{name: a, tokens: {' ': write}}]", "user 1: tokens: each token is text"),
        ("users: [{name: a, tokens: {null: write}}]", "user 1: tokens: each token is text"),
        ("users: [{name: a, tokens: [null]}]", "user 1: tokens: each token is text"),
        ("users: [7, {name: ''}]", "user 2: name: String should have at least 1 character"),
        ("users: [", "not valid YAML"),
    ],
)
def test_wrong_users_files(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "users.yaml"
    path.write_text(text)
    with pytest.raises(FactoryError, match=message) as error:
        load_users(path)
    assert str(path) in str(error.value)


def test_missing_users_file(tmp_path: Path) -> None:
    with pytest.raises(FactoryError, match="cannot read the users file"):
        load_users(tmp_path / "none.yaml")
