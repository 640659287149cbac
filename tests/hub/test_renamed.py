"""A repo that was renamed on the Hub, by the client's own `move_repo`, is found and never made a second time."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from factory.errors import FactoryError
from factory.hub.client import Renamed, api, existing, hub_errors
from factory.hub.push import Release, push

pytestmark = pytest.mark.usefixtures("embedded_hub")
KINDS = ("dataset", "model", "space")


def release(kind: str, repo: str, record: Path) -> Release:
    card = b"---\nlicense: mit\n---\n# x\n"
    return Release(kind, repo, "ab" * 32, "x", {"README.md": card}, record=record)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("remembered", [True, False])
def test_a_renamed_repo_is_not_made_again(tmp_path: Path, kind: str, remembered: bool) -> None:
    old, new = (f"factory/{name}-{uuid.uuid4().hex[:8]}" for name in ("old", "new"))
    push(release(kind, old, tmp_path / "record"))
    api().move_repo(old, new, repo_type=kind)
    again = release(kind, old, tmp_path / ("record" if remembered else "nothing"))
    with pytest.raises(FactoryError, match=f"{old}: the {kind} was renamed: on the Hub it is {new} now .*write {new}"):
        push(again)
    with pytest.raises(Renamed):
        push(again, force=True)
    assert existing(api(), kind, new).id == new
    assert not push(release(kind, new, tmp_path / "none")).changed  # under its new name work goes on


def test_an_owner_that_was_renamed_counts_too() -> None:
    name = uuid.uuid4().hex[:8]
    api().create_repo(f"lab-a/{name}", repo_type="dataset")
    api().move_repo(f"lab-a/{name}", f"lab-b/{name}", repo_type="dataset")
    with pytest.raises(Renamed, match=f"it is lab-b/{name} now"):
        existing(api(), "dataset", f"lab-a/{name}")


def test_capital_letters_are_no_other_name_and_what_is_not_there_is_nothing() -> None:
    name = f"factory/x{uuid.uuid4().hex[:8]}"
    assert existing(api(), "model", name) is None
    api().create_repo(name)
    assert existing(api(), "model", name.replace("/x", "/X")).id == name


def test_what_the_client_refuses_before_asking_is_told_in_one_line() -> None:
    with pytest.raises(FactoryError, match="me/a--b: Cannot have -- or"), hub_errors("me/a--b", "model"):
        api().repo_info("me/a--b")


def test_a_card_that_the_hub_refuses_is_told_in_one_line(tmp_path: Path) -> None:
    repo = f"factory/card-{uuid.uuid4().hex[:8]}"
    wrong = Release("model", repo, "cd" * 32, "x", {"README.md": b"---\nlicense: my own\n---\n"})
    with pytest.raises(FactoryError, match=f'{repo}: Invalid metadata in README.md. - "license" must be one of'):
        push(wrong)
