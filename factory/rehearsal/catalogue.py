"""What is known of each Hub ref that can be rehearsed: catalogue.yaml, and ``stand-ins.yaml`` beside a recipe."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from factory.engines.vision import sees
from factory.errors import FactoryError, UsageError, nearest
from factory.graph.terms import data
from factory.text import yaml

FILE = Path(__file__).with_name("catalogue.yaml")
OWN = "stand-ins.yaml"
BEHIND_ENDPOINT, SEEING_ENDPOINT = "endpoint/any", "endpoint/seeing"
Skill = Literal["translate", "judge", "answer"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RepoEntry(Strict):
    source: str = Field(description="where the facts are from")
    license: str | None = Field(None, description="of the real repo, where graph/licenses.yaml does not have it")
    gated: bool = False


class DatasetEntry(RepoEntry):
    """Columns, configs and splits of a dataset, and how its rows are made."""

    configs: dict[str, dict[str, int]] = Field(description="config -> split -> rows of the stand-in")
    row: dict[str, Any] | None = None
    rows: list[dict[str, Any]] = Field([], description="kinds of rows, taken in turn")
    features: dict[str, dict[str, list[str]]] = Field({}, description="column -> {ClassLabel | Translation: names}")
    files: str = "data/{config}-{split}-00000-of-00001.parquet"

    @model_validator(mode="after")
    def _has_rows(self) -> Self:
        if (self.row is None) == (not self.rows):
            raise ValueError("give `row` or `rows`")
        return self

    @property
    def kinds(self) -> list[dict[str, Any]]:
        return [self.row] if self.row is not None else self.rows

    @property
    def columns(self) -> list[str]:
        return list(self.kinds[0])


class TokenizerFacts(Strict):
    """Kind and special tokens of a family's tokenizer, in the order of their ids."""

    kind: Literal["byte-bpe", "sentencepiece", "wordpiece"]
    special: list[str]
    pad: str
    eos: str
    bos: str | None = None
    adds_bos: bool = False


class Family(Strict):
    """What models of one architecture share."""

    config: dict[str, Any]
    tokenizer: TokenizerFacts
    template: str = Field("", description="of chats: the name of a file in templates/, or the template itself")
    ends: list[str] = Field([], description="tokens that end generation, where they are more than eos")
    initializer_range: float

    @property
    def encodes(self) -> bool:
        """A sentence encoder: its stand-in is built by `encoders`."""
        return self.tokenizer.kind == "wordpiece"

    @property
    def sees(self) -> bool:
        return sees(self.config)

    @property
    def template_text(self) -> str:
        """A template is named, or written out."""
        if "{" in self.template or not self.template:
            return self.template
        return (FILE.parent / "templates" / f"{self.template}.jinja").read_text(encoding="utf-8")


class ModelEntry(RepoEntry):
    family: str
    heads: tuple[int, int] = Field(description="attention and key-value heads, in the real model's proportion")
    hidden: int = 64
    learns: list[Skill] = []


class Catalogue(Strict):
    datasets: dict[str, DatasetEntry]
    models: dict[str, ModelEntry]
    families: dict[str, Family]

    @model_validator(mode="after")
    def _families_exist(self) -> Self:
        for name, model in self.models.items():
            if model.family not in self.families:
                raise ValueError(f"{name}: no family {model.family!r}")
        return self

    def dataset(self, repo: str, config: str | None = None, where: str | None = None) -> DatasetEntry:
        """Raises FactoryError where the catalogue has no such dataset or config."""
        entry = self.datasets.get(repo)
        if entry is None:
            raise unknown("dataset", repo, list(self.datasets), where)
        if config is not None and config not in entry.configs:
            raise FactoryError(
                f"the stand-in of {repo} has no config {config!r}", where=where, fix=f"describe it in {OWN}"
            )
        return entry

    def model(self, repo: str, where: str | None = None, *, shown: bool = False) -> ModelEntry:
        """Models behind endpoints, of which no more is known, are all alike; those that are `shown` pictures see.

        Raises:
            FactoryError: the catalogue has no such model.
        """
        if repo not in self.models and is_endpoint(repo):
            return self.models[SEEING_ENDPOINT if shown else BEHIND_ENDPOINT]
        if repo not in self.models:
            raise unknown("model", repo, list(self.models), where)
        return self.models[repo]

    def license(self, repo: str) -> str | None:
        """The licence of the real repo; None where none is declared or known."""
        entry = self.datasets.get(repo) or self.models.get(repo)
        return (entry.license if entry else None) or (data()["refs"].get(repo) or {}).get("license")


def is_endpoint(repo: str) -> bool:
    """Is it the name of a stand-in for a model behind an endpoint?"""
    return repo.startswith("endpoint/")


@cache
def catalogue() -> Catalogue:
    """The entries that come with the factory."""
    return Catalogue.model_validate(yaml.load(FILE.read_text(encoding="utf-8")))


def catalogue_for(folders: Sequence[Path], recipe: str = "") -> Catalogue:
    """With the entries of every ``stand-ins.yaml`` and ``<recipe>.stand-ins.yaml`` in a recipe's folders, the later of
    which win over those of the same name.

    Raises:
        UsageError: such a file is not valid.
    """
    merged = catalogue().model_dump(exclude_unset=True)
    names = [OWN, f"{recipe}.{OWN}"]
    own = [folder / name for folder in folders for name in names if (folder / name).is_file()]
    for path in own:
        try:
            content = yaml.load(path.read_text(encoding="utf-8"))
            merged = {section: {**entries, **(content.get(section) or {})} for section, entries in merged.items()}
            Catalogue.model_validate({**merged, **{key: content[key] for key in content if key not in merged}})
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise UsageError(f"{place}: {first['msg']}" if place else first["msg"], where=str(path)) from None
        except (ValueError, AttributeError, TypeError) as error:
            raise UsageError(f"not a catalogue: {error}", where=str(path)) from None
    return Catalogue.model_validate(merged) if own else catalogue()


def unknown(kind: str, repo: str, known: list[str], where: str | None) -> FactoryError:
    return FactoryError(
        f"no stand-in is known for the {kind} {repo}{nearest(repo, known, 0)}",
        where=where,
        fix=f"describe it under `{kind}s:` in a {OWN} beside the recipe, see docs/rehearsal.md",
    )
