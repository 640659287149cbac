"""Pushing to the embedded Hub with the real client."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from factory.errors import FactoryError
from factory.hub.addresses import is_loopback
from factory.hub.client import api
from factory.hub.push import DIGEST_TRAILER, FINGERPRINT_TRAILER, RECORD, Release, push, trailers
from tests.support import small_release

ROWS = b"---\nlicense: mit\n---\n# Rows\n"
NEW = b"---\nlicense: mit\n---\n# New\n"
pytestmark = pytest.mark.usefixtures("embedded_hub")


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return small_release(tmp_path, "push")


def commits(release: Release):
    return api().list_repo_commits(release.repo_id, repo_type=release.kind)


def files(release: Release) -> set[str]:
    return set(api().list_repo_files(release.repo_id, repo_type=release.kind)) - {".gitattributes"}


def read(release: Release, path: str) -> bytes:
    return Path(api().hf_hub_download(release.repo_id, path, repo_type=release.kind)).read_bytes()


def test_one_commit_holds_everything_and_says_what_it_is(release: Release) -> None:
    pushed = push(release)
    assert pushed.changed
    head, *before = commits(release)
    assert [c.title for c in before] == ["initial commit"]
    assert (head.commit_id, head.title) == (pushed.commit, "Publish rows")
    assert trailers(head) == {FINGERPRINT_TRAILER: "ab" * 32, DIGEST_TRAILER: release.digest}
    assert files(release) == {"README.md", "data/train-00000-of-00001.parquet"}
    assert read(release, "data/train-00000-of-00001.parquet") == b"PAR1 rows PAR1"


@pytest.mark.parametrize("remembered", [True, False])
def test_a_repeat_makes_no_commit_and_no_files(release: Release, remembered: bool) -> None:
    first = push(release)
    if not remembered:
        (release.record / RECORD).unlink()  # type: ignore[operator]

    def never():
        raise AssertionError("files were made for nothing")

    again = push(replace(release, files=never))
    assert (again.changed, again.commit) == (False, first.commit)
    assert len(commits(release)) == 2
    assert (release.record / RECORD).exists()  # type: ignore[operator]


def test_a_changed_card_is_pushed_and_stale_files_go(release: Release, tmp_path: Path) -> None:
    push(release)
    other = tmp_path / "other.parquet"
    other.write_bytes(b"PAR1 other PAR1")
    changed = replace(release, documents={"README.md": NEW}, files=lambda: {"data/b.parquet": other})
    assert push(changed).changed
    assert files(release) == {"README.md", "data/b.parquet"}
    assert read(release, "README.md") == NEW
    assert len(commits(release)) == 3


def test_a_changed_fingerprint_is_pushed_though_its_documents_are_the_same(release: Release, tmp_path: Path) -> None:
    push(release)
    other = tmp_path / "other.parquet"
    other.write_bytes(b"PAR1 second PAR1")
    second = replace(release, fingerprint="cd" * 32, files=lambda: {"data/train-00000-of-00001.parquet": other})
    assert push(second).changed
    assert read(release, "data/train-00000-of-00001.parquet") == b"PAR1 second PAR1"


def test_somebody_elses_commit_is_named_and_not_overwritten(release: Release) -> None:
    push(release)
    api().upload_file(
        path_or_fileobj=b"mine", path_in_repo="notes.txt", repo_id=release.repo_id, repo_type="dataset",
        commit_message="Fix a typo",
    )  # fmt: skip
    changed = replace(release, documents={"README.md": NEW})
    for attempt in (release, changed):
        with pytest.raises(FactoryError, match=r'not ours: .* "Fix a typo" by factory') as caught:
            push(attempt)
        assert "--force" in str(caught.value) and release.repo_id in str(caught.value)
    assert "notes.txt" in files(release)
    assert push(changed, force=True).changed
    assert "notes.txt" not in files(release)


def test_a_repo_with_content_of_others_is_not_taken_over(release: Release) -> None:
    api().create_repo(release.repo_id, repo_type="dataset")
    api().upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=release.repo_id, repo_type="dataset")
    with pytest.raises(FactoryError, match="not ours"):
        push(release)


def test_an_empty_repo_made_by_hand_is_used(release: Release) -> None:
    api().create_repo(release.repo_id, repo_type="dataset")
    assert push(release).changed


def test_a_repo_that_was_deleted_is_made_again(release: Release) -> None:
    push(release)
    api().delete_repo(release.repo_id, repo_type="dataset")
    assert push(release).changed
    assert read(release, "README.md") == ROWS


def test_a_commit_between_our_look_and_our_push_is_reported(release: Release, tmp_path: Path) -> None:
    push(release)
    data = tmp_path / "rows.parquet"

    def meanwhile():
        api().upload_file(path_or_fileobj=b"y", path_in_repo="y", repo_id=release.repo_id, repo_type="dataset")
        return {"data/train-00000-of-00001.parquet": data}

    with pytest.raises(FactoryError, match="at the same moment"):
        push(replace(release, documents={"README.md": NEW}, files=meanwhile))
    assert read(release, "README.md") == ROWS


def test_what_should_be_private_is_hidden_and_never_shown_again(release: Release) -> None:
    push(replace(release, private=False))
    assert not api().repo_info(release.repo_id, repo_type="dataset").private
    push(replace(release, private=True))
    assert api().repo_info(release.repo_id, repo_type="dataset").private
    shown = push(replace(release, private=False, record=None))
    assert api().repo_info(release.repo_id, repo_type="dataset").private
    assert "stays so" in shown.notes[0]


def test_a_stand_in_stays_on_this_machine(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = replace(release, stand_in=True)
    assert push(stand_in).changed
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "https://hub.example.org")
    with pytest.raises(FactoryError, match=r"stand-ins.*hub\.example\.org"):
        push(stand_in)


def test_a_refused_token_is_one_line_without_the_token(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_nobodyknowsthis")
    with pytest.raises(FactoryError) as caught:
        push(release)
    assert "hf_nobodyknowsthis" not in str(caught.value)
    assert "token" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:80", True),
        ("http://[::1]:8000", True),
        ("http://localhost:7860", True),
        ("https://huggingface.co", False),
        ("http://127.0.0.1.example.org", False),
        ("http://localhost.example.org", False),
        ("http://10.0.0.7:8000", False),
    ],
)
def test_loopback(url: str, here: bool) -> None:
    assert is_loopback(url) is here


def test_recipes_that_share_an_artifact_leave_each_others_card(release: Release) -> None:
    first = push(replace(release, recipe="one"))
    other = replace(release, recipe="other", documents={"README.md": NEW}, record=None)
    assert (push(other).commit, push(other).changed) == (first.commit, False)
    assert read(release, "README.md") == ROWS
    changed = push(replace(other, fingerprint="cd" * 32))
    assert changed.changed and read(release, "README.md") == NEW


def test_a_recipe_updates_its_own_card_and_force_anybodys(release: Release) -> None:
    push(replace(release, recipe="one"))
    assert push(replace(release, recipe="one", documents={"README.md": NEW})).changed
    assert push(replace(release, recipe="other"), force=True).changed
    assert read(release, "README.md") == ROWS


def test_each_commit_says_what_it_changes(release: Release) -> None:
    first = replace(release, about="3 rows", documents={"README.md": ROWS, "old.svg": b"<svg/>", "same.txt": b"same"})
    push(first)
    push(replace(first, documents={"README.md": ROWS + b"\nmore\n", "same.txt": b"same"}))
    push(replace(first, fingerprint="cd" * 32, about="4 rows"))
    assert [commit.title for commit in commits(release)] == [
        "Rebuild rows: 4 rows",
        "Update rows: README.md changed, old.svg removed",
        "Publish rows: 3 rows",
        "initial commit",
    ]
