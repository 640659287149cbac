"""Who is answered: only what asks this Hub by its own name, and changes only from its own pages or from no page."""

from __future__ import annotations

import stat
import uuid
from pathlib import Path

import httpx
import pytest

from factory.errors import FactoryError
from factory.local_hub import LocalHub, serve


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8090", "127.0.0.1.evil.example", "", "0.0.0.0", "[::"])
def test_a_name_that_is_not_its_own_is_not_answered(hub: LocalHub, host: str) -> None:
    for path in ("/api/models", "/", "/api/health"):
        answer = httpx.get(hub.endpoint + path, headers={"Host": host})
        assert answer.status_code == 403 and "not by this name" in answer.json()["error"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:9", "hub.localhost"])
def test_loopback_names_are_its_own(hub: LocalHub, host: str) -> None:
    assert httpx.get(f"{hub.endpoint}/api/models", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost", "http://[", "x"]
)
def test_a_page_of_another_origin_changes_nothing(hub: LocalHub, origin: str) -> None:
    name = f"factory/o{uuid.uuid4().hex[:8]}"
    headers = {"Authorization": f"Bearer {hub.token}", "Origin": origin}
    made = httpx.post(f"{hub.endpoint}/api/repos/create", json={"name": name}, headers=headers)
    assert made.status_code == 403 and "another origin" in made.json()["error"]
    assert httpx.get(f"{hub.endpoint}/api/models/{name}").status_code == 401
    for path in ("/login", "/logout"):
        assert httpx.post(hub.endpoint + path, data={"token": hub.token}, headers=headers).status_code == 403


def test_its_own_pages_may(hub: LocalHub) -> None:
    answer = httpx.post(f"{hub.endpoint}/login", data={"token": hub.token}, headers={"Origin": hub.endpoint})
    assert answer.status_code == 303


def test_the_cookie_is_not_the_token_and_ends_with_the_session(hub: LocalHub) -> None:
    browser = httpx.Client(base_url=hub.endpoint)
    answer = browser.post("/login", data={"token": hub.token})
    assert hub.token not in answer.headers["set-cookie"]
    kept = dict(browser.cookies)
    assert "sign out" in browser.get("/").text
    browser.post("/logout")
    browser.cookies.update(kept)
    assert "sign out" not in browser.get("/").text


@pytest.mark.parametrize("jobs", [False, True])
def test_others_are_let_in_only_with_users(tmp_path: Path, jobs: bool) -> None:
    with pytest.raises(FactoryError, match="run jobs and write here" if jobs else "could write here") as error:
        serve(tmp_path, host="0.0.0.0", jobs=jobs)
    assert "--users" in str(error.value) and not list(tmp_path.iterdir())


def test_what_is_stored_is_the_owners_alone(hub: LocalHub) -> None:
    assert stat.S_IMODE(hub.data.stat().st_mode) == 0o700
    beside = {"server.log", "keepers"}  # the client's own, in a folder that others cannot enter
    stored = [path for path in hub.data.rglob("*") if path.is_file() and not {path.name, path.parent.name} & beside]
    assert stored and not [path for path in stored if stat.S_IMODE(path.stat().st_mode) & 0o077]
