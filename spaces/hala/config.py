"""What `space.json` says of this Space, read once: its title, languages, models and leaderboard."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from refused import Refused

FILE = Path(__file__).with_name("space.json")


@dataclass(frozen=True)
class Model:
    """A model that visitors may try.

    Attributes:
        name: as it is shown; `repo` is its repository on the Hub or a folder.
        task: translate, chat or image.
        prompt: what the model is asked, with ``{text}``.
        generation: the model's own settings for generating, as in its generation_config.json.
    """

    name: str
    repo: str
    task: str
    prompt: str = "{text}"
    source: str = ""
    target: str = ""
    generation: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Config:
    """The whole file.

    `languages` gives each code its names in the interface's languages and its direction, `board` holds the tables of
    the leaderboard, `samples` rows of the datasets, `sheets` rows of them to be rated.
    """

    title: str
    description: str
    language: dict[str, str]
    languages: dict[str, dict[str, Any]]
    models: dict[str, Model]
    board: list[dict[str, Any]]
    samples: list[dict[str, Any]] = field(default_factory=list)
    sheets: list[dict[str, Any]] = field(default_factory=list)

    def model(self, name: str) -> Model:
        """The model of this name.

        Raises:
            Refused: there is none.
        """
        if name not in self.models:
            raise Refused("unknown_model", model=name)
        return self.models[name]

    @property
    def spoken(self) -> list[str]:
        """The codes of the languages that the models were made for, the target first."""
        return [*dict.fromkeys([self.language["target"], self.language["source"]])]

    def called(self, code: str, language: str) -> str:
        """A language's name in "en" or "ar"."""
        return self.languages[code][language]

    def names(self, *tasks: str) -> list[str]:
        """The names of the models for these tasks, in the file's order."""
        return [name for name, model in self.models.items() if model.task in tasks]


def load(path: Path = FILE) -> Config:
    """The configuration of this Space.

    Raises:
        SystemExit: the file is missing.
    """
    if not path.exists():
        raise SystemExit(f"{path.name} is missing: `factory space RECIPE` writes it")
    found = json.loads(path.read_text(encoding="utf-8"))
    models = [Model(**model) for model in found.pop("models")]
    return Config(models={model.name: model for model in models}, **found)
