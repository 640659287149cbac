"""A push meets one trouble in the middle: it ends with the whole release in one commit, and nothing is doubled."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import constants

from factory.errors import FactoryError
from factory.hub.client import api
from factory.hub.push import Release, push
from tests.faults.proxy import LASTING, PASSING, Fault, Faults
from tests.support import small_release


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return replace(small_release(tmp_path, "faulted"), record=None)


def published(release: Release) -> bool:
    """Whether the repo holds the release in one commit over the first."""
    commits = api().list_repo_commits(release.repo_id, repo_type=release.kind)
    files = set(api().list_repo_files(release.repo_id, repo_type=release.kind)) - {".gitattributes"}
    return [commit.title for commit in commits] == ["Publish rows", "initial commit"] and files == {
        "README.md",
        "data/train-00000-of-00001.parquet",
    }


def again(release: Release) -> Release:
    """To another repo, with other bytes: those that Xet has are not sent twice."""
    name = uuid.uuid4().hex[:8]
    release.files()["data/train-00000-of-00001.parquet"].write_bytes(f"PAR1 {name} PAR1".encode())
    return replace(release, repo_id=f"factory/faulted-{name}")


def meets(release: Release, faults: Faults, number: int, fault: Fault) -> None:
    faults.once(number, fault)
    release = again(release)
    pushed = push(release)
    assert faults.met == 1
    faults.clear()
    assert pushed.changed, (number, fault)
    assert published(release), (number, fault)


def requests(release: Release, faults: Faults) -> int:
    """How many a push without trouble takes."""
    faults.clear()
    push(again(release))
    return len(faults.requests)


@pytest.mark.parametrize("xet", [False, True], ids=["lfs", "xet"])
def test_a_passing_trouble_costs_a_push_nothing(
    release: Release, faults: Faults, waits: list[float], xet: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", not xet)
    asked = requests(release, faults)
    assert asked >= 7, faults.requests
    for place, fault in enumerate(PASSING):
        meets(release, faults, (place if xet else place + asked // 2) % asked, fault)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("xet", [False, True], ids=["lfs", "xet"])
@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: fault.name)
def test_every_request_of_a_push_may_meet_it(
    release: Release,
    faults: Faults,
    waits: list[float],
    fault: Fault,
    xet: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", not xet)
    for number in range(requests(release, faults)):
        meets(release, faults, number, fault)


LAST_WORDS = {
    "no right": "may not do this",
    "quota": "storage of the namespace is full",
    "too large": "too large",
    "a refused token": "refuses the token",
    "out of order": "answered 503",
    "a page in place of JSON": "no JSON",
    "cut before": "cannot be reached",
}
GONE = [*LASTING, Fault("out of order", 503), *[fault for fault in PASSING if fault.name in LAST_WORDS]]


@pytest.mark.parametrize("fault", GONE, ids=lambda fault: fault.name)
def test_what_lasts_is_told_as_what_it_is(release: Release, faults: Faults, waits: list[float], fault: Fault) -> None:
    """Whichever request meets it; those whose answers nobody reads may go unnoticed."""
    push(again(release))
    asked = list(faults.requests)
    told = []
    for request in asked:
        pattern = re.sub(r"faulted-\w+|/upload/.*|/verify/.*|tree/.*", ".*", request)
        faults.always(pattern, fault)
        try:
            push(again(release))
        except FactoryError as error:
            told.append((request, str(error)))
        assert faults.met, (pattern, faults.requests)
    assert len(told) >= (5 if fault.name == "a page in place of JSON" else len(asked) - 1), told
    # huggingface_hub reads the JSON of this one answer before its status
    told = [(request, text) for request, text in told if "no JSON" not in text or "validate-yaml" not in request]
    wrong = [(request, text) for request, text in told if LAST_WORDS[fault.name] not in text]
    assert not wrong, wrong
