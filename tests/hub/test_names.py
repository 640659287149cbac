"""What a Hub refuses of a name is known here, and what it takes is taken."""

from __future__ import annotations

import pytest
from huggingface_hub.utils import validate_repo_id
from hypothesis import assume, given
from hypothesis import strategies as st

from factory.hub.names import RESERVED, owner_problem, repo_problem, tag_problem, title_problem


@given(st.from_regex(r"[ab._/é -]{0,9}(\.git)?", fullmatch=True) | st.text() | st.just("a/" + 97 * "b"))
def test_a_repos_name_is_what_the_hubs_client_takes(text: str) -> None:
    assume(text.partition("/")[0].lower() not in RESERVED)
    try:
        validate_repo_id(text)
        taken = "/" in text and not any(part.endswith((".git", ".ipynb")) for part in text.split("/"))
    except ValueError:
        taken = False
    assert (not repo_problem(text)) == taken


@pytest.mark.parametrize(
    ("repo", "said"),
    [
        ("me/a b", "a blank"),
        ("me/a\tb", "a blank"),
        ("me/a\u00a0b", "a blank"),
        ("me/a--b", "'--'"),
        ("me/a..b", "'..'"),
        ("me/a.git", "ends in '.git'"),
        ("me/a.GIT", "ends in '.GIT'"),
        ("me/a.ipynb", "ends in '.ipynb'"),
        ("me/-a", "begins or ends with"),
        ("me/a.", "begins or ends with"),
        ("me/" + 97 * "a", "97 characters, 96 at most"),
        ("me/نموذج", "'ن'"),
        ("me/modèle", "'è'"),
        ("me/a:b", "':'"),
        ("me/", "the repo name is empty"),
        ("/a", "the namespace is empty"),
        ("datasets/me/a", "one slash"),
        ("a", "owner/name"),
        ("my lab/a", "the namespace 'my lab' has a blank"),
        ("my--lab/a", "the namespace 'my--lab' has '--'"),
        ("datasets/a", "the namespace 'datasets' is a part of the Hub's own addresses"),
        ("API/a", "the namespace 'API' is a part"),
    ],
)
def test_what_is_wrong_is_said(repo: str, said: str) -> None:
    assert said in repo_problem(repo)


@pytest.mark.parametrize("repo", ["me/" + 96 * "a", "Helsinki-NLP/opus-100", "_a/b_", "me/v1.0", "me/git", "01-ai/Yi"])
def test_names_as_the_hub_has_them(repo: str) -> None:
    assert repo_problem(repo) == "" == owner_problem(repo.partition("/")[0])


@pytest.mark.parametrize(("title", "said"), [("", "empty"), ("  ", "empty"), ("a\nb", "one line"), (61 * "x", "61")])
def test_titles_of_collections(title: str, said: str) -> None:
    assert said in title_problem(title)
    assert title_problem(60 * "س") == "" == title_problem("Hala: 4 sizes, 2 languages")


@pytest.mark.parametrize(("tag", "said"), [("", "empty"), ("my tag", "a blank"), ("وسم", "'و'"), (101 * "x", "101")])
def test_tags(tag: str, said: str) -> None:
    assert said in tag_problem(tag)
    assert tag_problem("arxiv:2509.14008") == "" == tag_problem("text-generation")
