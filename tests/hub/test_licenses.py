"""Licences as the Hub spells them."""

from __future__ import annotations

import pytest

from factory.graph.terms import data
from factory.hub.metadata import card_problems
from factory.hub.names import ELSEWHERE, LISTED, card_license, license_problem, misspelt


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Apache 2.0", "apache-2.0"),
        ("Apache-2.0", "apache-2.0"),
        ("apache2", "apache-2.0"),
        ("Apache License, Version 2.0", "apache-2.0"),
        ("MIT", "mit"),
        ("MIT License", "mit"),
        ("CC BY-NC 4.0", "cc-by-nc-4.0"),
        ("cc-by-nc-4", "cc-by-nc-4.0"),
        ("GPLv3", "gpl-3.0"),
        ("llama-3.1", "llama3.1"),
        ("LFM 1.0", "lfm1.0"),
    ],
)
def test_the_nearest_name_is_said(written: str, meant: str) -> None:
    assert misspelt(written) == meant
    assert license_problem(written) == f"the Hub lists no licence {written!r}; did you mean {meant!r}?"
    assert license_problem(meant) == ""


@pytest.mark.parametrize("written", ["openai", "my-own-1.0", "cohere-nc"])
def test_a_licence_of_ones_own_is_no_slip(written: str) -> None:
    assert misspelt(written) == ""


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("GPL-3.0-or-later", "gpl-3.0"),
        ("GNU Lesser General Public License v2.1", "lgpl-2.1"),
        ("BSD 3", "bsd-3-clause"),
        ("CC0", "cc0-1.0"),
        ("cc-by", "cc-by-4.0"),
        ("Creative Commons Attribution-NonCommercial 4.0 International", "cc-by-nc-4.0"),
        ("mpl", "mpl-2.0"),
        ("odbl-1.0", "odbl"),
        ("Open Data Commons Attribution", "odc-by"),
        ("Llama 3.1 Community License", "llama3.1"),
    ],
)
def test_what_begins_alike_is_nearer_than_what_has_like_letters(written: str, meant: str) -> None:
    assert f"did you mean {meant!r}?" in license_problem(written)


@pytest.mark.parametrize("written", ["falcon-llm-license", "nvidia-open-model-license", "proprietary", "", "none"])
def test_no_name_is_said_where_none_is_near(written: str) -> None:
    assert "did you mean" not in license_problem(written)


def test_a_letter_too_many_is_near_enough() -> None:
    assert "did you mean 'apache-2.0'" in license_problem("apahce-2.0")
    assert "`license: other`" in license_problem("zzz")


def test_every_licence_that_we_know_gives_a_card_that_the_hub_takes() -> None:
    for name in {*LISTED, *ELSEWHERE, *data()["licenses"], "my-own-1.0"} - {"other"}:
        card = card_license(name)
        assert card_problems(card, "model") == [], name
        assert card.get("license_name", card["license"]) == name
    assert set(data()["licenses"]) <= LISTED | set(ELSEWHERE)
    assert card_license("my-own-1.0", "LICENSE")["license_link"] == "LICENSE"
