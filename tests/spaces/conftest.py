"""The app's modules by their own names, and the app itself with tiny models behind it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from factory.resources import resource
from tests.browser import browser as browser
from tests.spaces.serving import LOG, served
from tests.spaces.speaking import ARABIC, lay_out, speaking_model
from tests.tiny_vision import make_qwen2_vl

sys.path.insert(0, str(resource("spaces") / "hala"))


EYES = 1  # the seed of the model that sees: what it says begins with a letter


@dataclass(frozen=True)
class Site:
    """An app that runs: its address, its log and the folder of its votes."""

    url: str
    log: Path
    votes: Path


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The app with two models that chat, one without end, translators of both directions, and one that sees."""
    folder = tmp_path_factory.mktemp("space")
    said = {
        "arabic": ARABIC,
        "brief": ["جواب ", "قصير"],
        "to-arabic": ["ترجمة ", "قصيرة"],
        "to-english": ["A ", "text"],
    }
    models = {name: speaking_model(folder / name, words) for name, words in said.items()}
    models["endless"] = speaking_model(folder / "endless", ["كلمة ", "وأخرى ", "\n\n"], endless=True)
    tasks = {
        "to-arabic": {"task": "translate", "source": "en", "target": "ar"},
        "to-english": {"task": "translate", "source": "ar", "target": "en"},
        "eyes": {"task": "image", "generation": {"max_new_tokens": 8}},
    }
    models["eyes"] = str(make_qwen2_vl(folder / "eyes", EYES))
    app = lay_out(
        folder / "app",
        [{"name": name, "repo": repo, **tasks.get(name, {"task": "chat"})} for name, repo in models.items()],
    )
    with served(app, HF_HUB_OFFLINE="1", SPACE_VOTES_FOLDER=str(folder / "votes")) as url:
        yield Site(f"{url}/", app / LOG, folder / "votes")
