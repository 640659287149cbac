"""What a build and a publish find out before any work: all of it at once, and no step is begun."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from factory.cli import main
from factory.errors import FactoryError
from factory.estimate.costs import Costs
from factory.graph.endpoints import endpoint_problems
from factory.graph.nodes import Graph
from factory.hub.access import Access, access
from factory.local_hub import LocalHub
from factory.profile import Profile
from factory.publishing.before import require_ready, target_problems
from factory.publishing.stages import stages
from tests.engines.moody_server import MoodyServer
from tests.graph.test_run import graph_of

RECIPE = """\
recipe: 1
name: small
language: {source: en, target: ar}
hub: {namespace: lab, license: cc-by-4.0}
datasets:
  arabic:
    from: ./rows.jsonl
    license: cc-by-4.0
    steps:
      - translate: {model: far, columns: [text], prompt: "ar: {text}", checks: [], ladder: []}
    publish: arabic
  more:
    from: ./rows.jsonl
    license: cc-by-4.0
    steps:
      - dedup: {on: [nowhere]}
    publish: more
models:
  far: {from: {endpoint: rented, model: m}, license: cc-by-4.0}
"""
USERS = """\
users:
  - {name: amal, tokens: {may_write: write, may_read: read}, organisations: [{name: readers, role: read}]}
  - {name: badr, tokens: {other: write}, organisations: [{name: lab, role: write}]}
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHub]:
    """With users who may write to their own namespaces and organisations alone."""
    folder = tmp_path_factory.mktemp("hub")
    (folder / "users.yaml").write_text(USERS)
    with LocalHub(folder / "data", users=folder / "users.yaml") as running:
        yield running


@pytest.fixture
def graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Graph:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.jsonl").write_text('{"text": "A river."}\n')
    return graph_of(tmp_path, RECIPE)


def signed_in(hub: Any, token: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.endpoint)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", "none")
    monkeypatch.setenv("HF_TOKEN", token or "")


def refused(graph: Graph) -> list[str]:
    return [str(error) for error in target_problems(graph, stages(graph))]


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (None, "there is no token for the Hub (set HF_TOKEN"),
        ("wrong", "the Hub refuses the token"),
        ("may_read", "recipe.yaml:17:5: lab/more: the token of amal may read only (read)"),
        ("may_write", "recipe.yaml:17:5: lab/more: amal is no member of lab (write to one of: amal; or"),
    ],
)
def test_a_token_that_cannot_push_is_found_before_work(
    graph: Graph, hub: Any, monkeypatch: pytest.MonkeyPatch, token: str | None, words: str
) -> None:
    signed_in(hub, token, monkeypatch)
    [line] = refused(graph)
    assert words in line


def test_a_member_may_push(graph: Graph, hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(hub, "other", monkeypatch)
    assert refused(graph) == []
    assert access().namespaces == {"badr": "admin", "lab": "write"}


@pytest.mark.parametrize(
    ("given", "repo", "words"),
    [
        ({}, "amal/x", None),
        ({}, "AMAL/x", None),
        ({}, "lab/x", None),
        ({}, "readers/x", "amal may only read in readers"),
        ({"role": "read"}, "amal/x", "may read only"),
        ({"role": "fineGrained", "scopes": {"lab": ["repo.content.read"]}}, "lab/x", "may read only"),
        ({"role": "fineGrained", "scopes": {"lab": ["repo.write"]}}, "lab/x", None),
        ({"role": "fineGrained", "scopes": {"lab": ["repo.write"]}}, "amal/x", "no scope to write to amal"),
        ({"role": "fineGrained", "scopes": {"lab/x": ["repo.write"]}}, "lab/x", None),
        ({"role": "fineGrained", "scopes": {"lab/x": ["repo.write"]}}, "lab/y", "no scope to write to lab"),
        ({"everywhere": True}, "anybody/x", None),
    ],
)
def test_what_a_token_may_do(given: dict[str, Any], repo: str, words: str | None) -> None:
    told = {"name": "amal", "role": "write", "namespaces": {"amal": "admin", "Lab": "write", "readers": "read"}}
    error = Access(**(told | given)).refusal(repo)
    assert (error is None) if words is None else (error is not None and words in str(error))


def profile(url: str, **more: Any) -> Profile:
    return Profile.model_validate({"endpoints": {"rented": {"base_url": url, "max_wait": 0.01, **more}}})


def test_an_endpoint_is_asked_where_a_step_will_ask_it(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    def said(profile: Profile, ask: bool = True) -> list[str]:
        return [str(error) for error in endpoint_problems(graph, graph.order(), profile, ask=ask)]

    with MoodyServer() as server:
        assert said(profile(server.url)) == [] and len(server.bodies) == 1
        assert said(profile(server.url), ask=False) == [] and len(server.bodies) == 1
        monkeypatch.delenv("NO_SUCH_KEY", raising=False)
        [line] = said(profile(server.url, api_key_env="NO_SUCH_KEY"), ask=False)
        assert "recipe.yaml:10:9: arabic/01-translate asks m at the endpoint rented: $NO_SUCH_KEY is empty" in line
    [line] = said(profile(server.url))
    assert f"no answer after 3 tries, the last: ConnectError: All connection attempts failed ({server.url})" in line
    [line] = said(Profile.model_validate({}), ask=False)
    assert "the profile has no endpoint 'rented'" in line and "[profiles.NAME.endpoints.rented]" in line


def test_all_is_told_at_once(graph: Graph, hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(hub, "may_write", monkeypatch)
    monkeypatch.setattr(Costs, "disk_needed", 2e18)
    with pytest.raises(FactoryError) as caught:
        require_ready(graph, graph.order(), Profile.model_validate({}), todo=stages(graph))
    lines = str(caught.value).splitlines()
    assert len(lines) == 4
    for line, words in zip(
        lines, ("no column 'nowhere'", "no endpoint 'rented'", "of disk are needed", "no member of lab"), strict=True
    ):
        assert words in line and "recipe.yaml:" in line


def test_a_publish_is_refused_before_its_first_step_and_a_plan_says_what_it_can(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_TOKEN", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_TOKEN_PATH", "none")
    (graph.loaded.path.parent / "factory.toml").write_text(
        '[profiles.default.endpoints.rented]\nbase_url = "http://127.0.0.1:9/v1"\napi_key_env = "NO_SUCH_KEY"\n'
    )
    planned = CliRunner().invoke(main, ["plan", str(graph.loaded.path), "--json"])
    lacking = json.loads(planned.stdout)["lacking"]
    assert "$NO_SUCH_KEY is empty" in lacking[0] and "there is no token for the Hub" in lacking[1]
    assert planned.exit_code == 1 and "no column 'nowhere'" in planned.stderr
