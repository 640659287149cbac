"""The recipe language as pydantic models. Every key a maintainer can write is a field in here or in a verb's file."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SerializeAsAny, field_validator

from factory.refs import SplitSlice
from factory.step.base import ModelRef, Ref, Step
from factory.text.language_codes import code_named, is_known

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=80)]


def _paper(value: str) -> str:
    if not re.fullmatch(r"\d{4}\.\d{4,5}(v\d+)?|[a-z-]+(\.[A-Z]{2})?/\d{7}(v\d+)?", value):
        raise ValueError("an arXiv id is written as 2509.14008, without an address")
    return value


Paper = Annotated[str, AfterValidator(_paper)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _code(value: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]+)*", value) or not is_known(value):
        code = code_named(value)
        said = f"which is {code}" if code else "such as en, ar or pt-BR"
        raise ValueError(f"a language is written as its ISO 639 code, {said}")
    return value


Code = Annotated[str, AfterValidator(_code)]


def _host(value: str) -> str:
    if not re.fullmatch(r"(\[[0-9A-Fa-f:]+\]|[^\s/\\:@*?#\[\]]+)(:\d{1,5})?", value):
        raise ValueError("a host is written as images.example.org or example.org:8443, one by one")
    return value


Host = Annotated[str, AfterValidator(_host)]


class Language(Part):
    source: Code = Field(description="language of the sources, ISO 639 code, e.g. en")
    target: Code = Field(description="language of the artifacts, ISO 639 code, e.g. ar")


class Hub(Part):
    namespace: str = Field(description="user or organisation that owns what is pushed")
    collection: str | None = Field(None, description="title of the Hub collection that gathers the artifacts")
    license: str | None = Field(None, description="licence declared for what is pushed, as the Hub spells it")
    license_name: str | None = Field(None, description="of a licence that the Hub does not list: `license: other`")
    license_link: str | None = Field(None, description="where that licence can be read: a URL, or LICENSE in the repo")
    private: bool = False
    endpoint: Literal["local"] | None = Field(
        None, description="local: use the embedded Hub where neither a token nor HF_ENDPOINT is set"
    )

    @property
    def declared_license(self) -> str | None:
        """The declared licence by its own name, whether the Hub lists it or not."""
        return self.license_name if self.license == "other" else self.license


class Publish(Part):
    repo: str = Field(description="name of the repo, or owner/name; the namespace is hub.namespace by default")
    private: bool | None = None
    title: str | None = None
    description: str | None = None
    tags: list[str] = []
    intended_use: str | None = Field(None, description="Markdown: what it is for, printed in the card")
    limits: list[str] = Field([], description="Markdown: what its makers know it cannot do, printed in the card")


class Demo(Part):
    """A generator of the demo world as a source."""

    demo: str = Field(description="name of the generator")
    rows: int = Field(1000, ge=1)
    seed: int = 0


class EndpointModel(Part):
    """A model behind an API, as a `from`."""

    endpoint: str = Field(description="name of its server in the profile: [profiles.NAME.endpoints.<endpoint>]")
    model: str = Field(min_length=1, description="the model's name there, e.g. gpt-4o-2024-11-20")

    @property
    def stand_in(self) -> str:
        """The Hub ref under which a rehearsal, which never leaves the machine, has a stand-in."""
        return "endpoint/" + re.sub(r"[^A-Za-z0-9._-]+|(?<=[.-])[.-]+", "-", self.model).strip(".-")[:80]


class Reported(Part):
    """Scores that a paper states for this artifact: printed in the card as reported, never as measured."""

    source: str
    scores: dict[str, float] = Field(description="suite, or suite.score, to the stated value")


def _publish(value: Any) -> Any:
    return {"repo": value} if isinstance(value, str) else value


PublishField = Annotated[Publish | None, BeforeValidator(_publish, json_schema_input_type=str | Publish | None)]


class ArtifactSpec(Part):
    description: str | None = None
    license: str | None = Field(None, description="licence of the source where its Hub page states none")
    assumed: list[str] = Field([], description="parameters the source document does not state; the card says so")
    publish: PublishField = None


class DatasetSpec(ArtifactSpec):
    from_: Ref | Demo | None = Field(None, alias="from", description="Hub ref, artifact[:split], local path, or demo")
    split: str = Field("train", description="split of the source, e.g. train or train[:405000]")
    data_files: str | None = Field(None, description="files of the Hub repo to read, e.g. train.jsonl")
    column_names: list[str] | None = Field(None, description="of a local csv or tsv file without a header line")
    delimiter: str | None = Field(
        None, min_length=1, max_length=1, description="of a local csv or tsv file, where it cannot be recognised"
    )
    images: list[str] = Field([], description="columns that name pictures: paths relative to the file, or addresses")
    image_hosts: list[Host] = Field([], description="hosts from which pictures may be fetched; default: none")
    steps: list[SerializeAsAny[Step]] = []
    rows: int | None = Field(None, description="rows of the source, for estimates before it was read")
    origin: Literal["authentic", "translated", "source"] | None = Field(
        None,
        description="of its text: written in the target language, translated into it, or in the source language; "
        "default: translated where a step translates",
    )
    gates: list[str] = Field([], description='conditions on its rows, e.g. "authentic >= 35", "rated.correct >= 90"')
    max_failed: float = Field(0.0, ge=0, lt=1, description="share of rows that may fail and the rest still be pushed")

    @field_validator("split")
    @classmethod
    def _split(cls, value: str) -> str:
        SplitSlice.parse(value)
        return value


class ModelSpec(ArtifactSpec):
    from_: Ref | EndpointModel | None = Field(
        None, alias="from", description="Hub ref, model of the recipe, local folder, or a model behind an endpoint"
    )
    steps: list[SerializeAsAny[Step]] = []
    trust_remote_code: bool = Field(False, description="run code from the source repo; needs a pinned commit SHA")
    gates: list[str] = Field(
        [], description='conditions on scores, e.g. "oall-v2 >= base", "acva > base significantly"'
    )
    reported: Reported | None = None

    @property
    def base(self) -> str | None:
        """The model that it begins as, by its reference; None where it begins as nothing or answers elsewhere."""
        return self.from_ if isinstance(self.from_, str) else None


class Space(Part):
    app: str = Field(description="folder below spaces/")
    repo: str
    demo: list[ModelRef] = []
    title: str | None = None


class ReportedCost(Part):
    """What a document says that its work cost, shown beside the plan's own estimate and used for nothing else."""

    dollars: dict[str, float] = Field(min_length=1, description="kind of work -> US dollars: training, translation")
    scope: str = Field(description="what all of it paid for, and on which hardware")
    source: str


class Recipe(Part):
    recipe: Literal[1]
    name: Name
    title: str | None = None
    description: str | None = None
    paper: Paper | None = Field(None, description="arXiv id of the document that the recipe follows")
    citation: str | None = Field(None, description="BibTeX printed in the cards")
    authors: list[str] = Field([], description="Markdown: who made what is published, printed in the cards")
    reported_cost: ReportedCost | None = None
    language: Language
    hub: Hub
    include: list[str] = []
    env: dict[str, str | None] = Field({}, description="environment variables that ${NAME} may use, with defaults")
    datasets: dict[Name, DatasetSpec] = {}
    models: dict[Name, ModelSpec] = {}
    evaluate: dict[str, SerializeAsAny[Step]] = {}
    space: Space | None = None

    def artifact(self, name: str) -> DatasetSpec | ModelSpec:
        """The dataset or model of this name.

        Raises:
            KeyError: there is none.
        """
        return self.datasets.get(name) or self.models[name]

    def repo_id(self, name: str) -> str | None:
        """``owner/name`` that an artifact is published as; None where it is not, or is none of the recipe."""
        spec = self.datasets.get(name) or self.models.get(name)
        return self.in_namespace(spec.publish.repo) if spec and spec.publish else None

    def in_namespace(self, repo: str) -> str:
        """``owner/name`` of a repo that may be written without its owner."""
        return repo if "/" in repo else f"{self.hub.namespace}/{repo}"

    def is_private(self, name: str) -> bool:
        """Whether an artifact's repo is to be private."""
        publish = self.artifact(name).publish
        return self.hub.private if publish is None or publish.private is None else publish.private
