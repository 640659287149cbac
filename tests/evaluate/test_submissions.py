"""Requests to evaluate models, against the embedded Hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.evaluate.submissions import (
    REASONS,
    Refused,
    Request,
    _parsed,
    ended,
    look_up,
    requests_in,
    started,
    submit,
    waits_for,
)
from factory.hub.client import api
from tests.support import random_model

SHA = "a" * 40


def push_model(repo: str, folder: Path, card: str = "license: mit\n", **changes: bytes | None) -> None:
    """A tiny model on the Hub; `changes` replace files, by their names with ``_`` for ``.``, or leave them out."""
    client = api()
    client.create_repo(repo, exist_ok=True)
    files = {path.name: path.read_bytes() for path in random_model(folder, template=None).model.iterdir()}
    files |= {"README.md": f"---\n{card}---\n# a model\n".encode()}
    for name in [*files]:
        change = changes.get(name.replace(".", "_"), files[name])
        if change is not None:
            client.upload_file(path_or_fileobj=change, path_in_repo=name, repo_id=repo)


def test_what_the_hub_says_of_a_model_becomes_a_request(tmp_path: Path, embedded_hub: Any) -> None:
    card = "license: other\nlicense_name: lfm1.0\nlicense_link: LICENSE\n"
    card += "base_model: owner/one\nbase_model_relation: merge\n"
    push_model("asked/good", tmp_path / "m", card)
    request = look_up(api(), " https://huggingface.co/asked/good/ ")
    assert (request.model, request.license, request.base_model, request.model_type) == (
        "asked/good", "lfm1.0", "owner/one", "merged"
    )  # fmt: skip
    assert len(request.revision) == 40 and request.params > 0 and request.precision == "float32"
    assert request.status == "PENDING" and request.submitted_time.endswith("Z")


@pytest.mark.parametrize("name", ["", "gpt2", "a/b/c", "../../etc/passwd", "a/../b", "<b>/x", "a b/c", "ا/ب"])
def test_what_is_no_name_is_not_asked_for(name: str) -> None:
    with pytest.raises(Refused) as refused:
        look_up(None, name)  # type: ignore[arg-type]
    assert refused.value.key == "name"


def test_each_lack_has_its_reason(tmp_path: Path, embedded_hub: Any) -> None:
    push_model("asked/unlicensed", tmp_path / "u", card="tags: [a]\n")
    push_model("asked/pickled", tmp_path / "p", model_safetensors=None)
    push_model("asked/big", tmp_path / "b")
    api().create_repo("asked/hidden", private=True, exist_ok=True)
    cases = {"asked/unlicensed": "license", "asked/pickled": "safetensors", "asked/big": "too_big"}
    cases |= {"asked/nowhere": "absent", "asked/hidden": "absent"}
    for model, key in cases.items():
        with pytest.raises(Refused) as refused:
            look_up(api(), model, largest=100)
        assert refused.value.key == key if key != "license" else refused.value.key in ("license", "too_big")
        assert model in str(refused.value)
    with pytest.raises(Refused, match="states no licence"):
        look_up(api(), "asked/unlicensed")


def test_a_request_is_queued_once_and_again_only_after_it_failed(tmp_path: Path, embedded_hub: Any) -> None:
    client = api()
    client.create_repo("asked/queue-one", repo_type="dataset", exist_ok=True)
    request = Request("asked/some", SHA, precision="bfloat16", submitted_time="2026-01-01T00:00:00Z")
    submit(client, "asked/queue-one", request)
    with pytest.raises(Refused, match="in the queue already: PENDING"):
        submit(client, "asked/queue-one", request)
    other = Request("asked/some", "b" * 40, precision="bfloat16", submitted_time="2025-01-01T00:00:00Z")
    submit(client, "asked/queue-one", other)
    assert [*requests_in(client, "asked/queue-one")] == [other, request], "the older request first"

    failed = ended(started(request, "here"), "no such thing")
    client.upload_file(
        path_or_fileobj=failed.content(), path_in_repo=failed.path, repo_id="asked/queue-one", repo_type="dataset"
    )
    submit(client, "asked/queue-one", request)
    assert [one.status for one in requests_in(client, "asked/queue-one")] == ["PENDING", "PENDING"]


def test_foreign_files_of_the_queue_are_left_alone(embedded_hub: Any) -> None:
    client = api()
    client.create_repo("asked/queue-two", repo_type="dataset", exist_ok=True)
    good = Request("asked/some", SHA)
    for path, content in {
        good.path: good.content(),
        "x/y_eval_request_.json": b"not JSON",
        "x/z_eval_request_.json": good.content(),  # a request under another's name could never be marked
        "README.md": b"# a queue",
    }.items():
        client.upload_file(path_or_fileobj=content, path_in_repo=path, repo_id="asked/queue-two", repo_type="dataset")
    assert [*requests_in(client, "asked/queue-two")] == [good]


def test_a_worker_takes_what_is_pending_and_what_it_was_stopped_at() -> None:
    request = Request("owner/m", SHA)
    mine = started(request, "me")
    assert waits_for(request, "me") and waits_for(mine, "me") and not waits_for(mine, "you")
    assert not waits_for(ended(mine), "me") and not waits_for(ended(mine, "why"), "me")
    assert ended(mine, "x" * 9999).note == "x" * 500


def test_a_request_survives_its_file() -> None:
    request = Request("owner/m", SHA, params=1.2, license="mit", note="«لماذا»")
    assert _parsed(request.content().decode()) == request


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)


@given(st.dictionaries(st.sampled_from([*Request.__dataclass_fields__, "more"]), JSON) | JSON)
def test_no_content_breaks_the_queue(content: Any) -> None:
    found = _parsed(json.dumps(content))
    assert found is None or (isinstance(found.params, int | float) and len(found.revision) == 40)


def test_every_reason_can_be_said() -> None:
    values = {"model": "owner/m", "size": "9", "limit": "5", "status": "PENDING"}
    assert all(str(Refused(key, **values)) for key in REASONS)
