"""What every verb is: pydantic parameters (its place in the recipe) and a `run` (its work).

Adding a verb means adding one file to this folder with one class in it; the file's name is the verb.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    WrapSerializer,
    model_validator,
)

from factory.hub.names import source_license_problem
from factory.resources import Folders, local_path
from factory.step.outline import Outline
from factory.store.columns import require
from factory.text.template import parse, placeholders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

    from factory.step.job import Job


ReferenceKind = Literal["dataset", "model", "benchmark"]
"""A benchmark is a suite that a recipe evaluates, or a dataset: what is wanted are the texts it measures on."""


@dataclass(frozen=True)
class Reference:
    """Marks a parameter that names another artifact of the recipe or a Hub ref: an edge of the graph."""

    kind: ReferenceKind


def text_beside(name: str, folders: Iterable[Path], kind: str) -> str:
    """The text of a file in one of the recipe's folders, which remember it; `kind` says what it was to be.

    Raises:
        ValueError: there is no such file, or it is not text.
    """
    path = local_path(folders, name)
    if path is None or not path.is_file():
        raise ValueError(f"no such {kind} file: {name}")
    if isinstance(folders, Folders):
        folders.read.add(path.resolve())
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"the {kind} file {name} is not UTF-8 text (byte {error.start})") from error


def read_prompt(value: str, folders: Iterable[Path]) -> str:
    """A prompt is written in place, or is the name of a .txt file beside the recipe.

    Raises:
        ValueError: there is no such file, it is not text, or no template.
    """
    if "\n" not in value and value.endswith(".txt"):
        value = text_beside(value, folders, "prompt").removesuffix("\n")
    parse(value)
    return value


def as_list(value: object) -> object:
    """One name stands for a list of one: for a parameter's `BeforeValidator`."""
    return [value] if isinstance(value, str) else value


def _folders(info: ValidationInfo) -> list[Path]:
    """Where files that a recipe names are looked for."""
    return (info.context or {}).get("folders", [Path()])


class Licensed(BaseModel):
    """A ref with the licence of what it names, for a page that states none."""

    model_config = ConfigDict(extra="forbid")

    ref: str
    license: str


def _with_license(value: Any, info: ValidationInfo) -> Any:
    """The ref alone: its licence is no part of what is made, and is noted for the recipe's roll-up."""
    if not isinstance(value, dict) or "ref" not in value:
        return value
    if set(value) != {"ref", "license"} or not all(isinstance(part, str) for part in value.values()):
        raise ValueError("a ref with its licence is written {ref: owner/name, license: apache-2.0}")
    if problem := source_license_problem(value["license"]):
        raise ValueError(problem)
    (info.context or {}).get("licenses", {})[value["ref"]] = value["license"]
    return value["ref"]


Ref = Annotated[str, BeforeValidator(_with_license, json_schema_input_type=str | Licensed)]
DatasetRef = Annotated[Ref, Reference("dataset")]
ModelRef = Annotated[Ref, Reference("model")]
BenchmarkRef = Annotated[Ref, Reference("benchmark")]
Prompt = Annotated[str, AfterValidator(lambda value, info: read_prompt(value, _folders(info)))]
"""Text with ``{placeholders}``, or a ``.txt`` file next to the recipe: its content is part of the fingerprint."""


def _each_once(paths: list[str]) -> list[str]:
    if doubled := [path for number, path in enumerate(paths) if path in paths[:number]]:
        raise ValueError(f"{doubled[0]!r} is there twice")
    return paths


Columns = Annotated[list[str], Field(min_length=1), AfterValidator(_each_once)]
"""Columns that a verb reads, each by its path: ``question``, ``translation.en``, ``messages[0].content``."""

Pairs = Annotated[dict[str, str], Field(min_length=1)]
"""Columns that a verb reads in pairs: source -> translation."""


def _from_recipe(value: str | None, info: ValidationInfo) -> str | None:
    """Where the recipe's language is known while it is read, the default is settled there."""
    language = (info.context or {}).get("language")
    if value is None and isinstance(language, dict) and isinstance(language.get("target"), str):
        return f"_{language['target']}"
    return value


Suffix = Annotated[str | None, AfterValidator(_from_recipe)]
"""What a translation's column adds to its source's: ``instruction`` and ``instruction_ar``."""


def suffix_of(suffix: str | None, job: Job) -> str:
    return suffix if suffix is not None else f"_{job.language['target']}"


def holding(needed: str, *possible: str) -> AfterValidator:
    """Marks a prompt that the verb itself fills: it must hold `{needed}`, may hold `possible`, and nothing else."""
    return AfterValidator(lambda prompt: require_places(prompt, needed, *possible))


def require_places(prompt: str, needed: str | None, *possible: str) -> str:
    """
    Raises:
        ValueError: the prompt has no place for what is `needed`, or one for what is neither that nor `possible`.
    """
    names, places = placeholders(prompt), [name for name in (needed, *possible) if name]
    if needed is not None and needed not in names:
        raise ValueError(f"the prompt has no {{{needed}}}: every text would be asked the same")
    if odd := [name for name in names if name not in places]:
        known = " and ".join(f"{{{name}}}" for name in places)
        raise ValueError(f"{{{odd[0]}}} is not filled here, only {known}; in braces for good it is {{{{{odd[0]}}}}}")
    return prompt


TextPrompt = Annotated[Prompt, holding("text")]
"""A prompt for one text at a time, which stands where it says ``{text}``."""


def one_or_all(columns: list[str] | None) -> str | list[str] | None:
    """A single column by its name, as identities have it from before there could be several."""
    return columns[0] if columns is not None and len(columns) == 1 else columns


MADE = "made"  # the context in which a step is written down without its limits


def _unless_made(value: Any, write: SerializerFunctionWrapHandler, info: SerializationInfo) -> Any:
    return None if info.context == MADE else write(value)


Limit = WrapSerializer(_unless_made)
"""Marks a parameter (``Annotated[float, Limit]``) that decides what is kept of what a step made, or which columns kept
rows show, and that changes nothing of what is made."""


class Step(BaseModel):
    """One verb of a recipe. Fields are its parameters; everything in them is part of the artifact's identity.

    Attributes:
        verb: the name in the recipe: the module's file name.
        version: raise it when the same parameters give other results, so that finished artifacts are made anew.
        produces: what `run` leaves in ``job.out``: dataset shards (``data/…``), a model folder, or an evaluation's
            ``results.json`` and ``details.parquet``.
        starts: True for a verb that needs no `from` (mix, init).
        uses_language: the recipe's source and target language are part of the identity.
        later: parameters that came later: where they say nothing new, identities are as they were without them.
        renamed: words of the release before -> what they are called now. They are still read, with a note.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    verb: ClassVar[str] = ""
    version: ClassVar[int] = 1
    produces: ClassVar[Literal["dataset", "model", "evaluation"]]
    starts: ClassVar[bool] = False
    uses_language: ClassVar[bool] = False
    later: ClassVar[tuple[str, ...]] = ()
    renamed: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.verb = cls.__module__.rsplit(".", 1)[-1]

    def references(self) -> Iterator[tuple[str, str, ReferenceKind]]:
        """(parameter as a recipe writes it, value, kind) of every one that names an artifact or a Hub ref."""
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            for kind in reference_kinds(field):
                for item in value if isinstance(value, list | tuple | dict) else [value]:
                    if item is not None:
                        yield field.alias or name, item, kind

    def generators(self) -> tuple[str, ...]:
        """Parameters whose models are asked for texts and for nothing else, so that one behind an endpoint will do."""
        return ()

    def viewers(self) -> tuple[str, ...]:
        """Of the `generators`, those whose models are shown pictures."""
        return ()

    def asks_plainly(self, parameter: str) -> bool:
        """Whether the model that a parameter names is asked without a chat template."""
        return False

    def engines(self) -> tuple[str, ...]:
        """Engines that `run` needs whatever the profile says."""
        return ()

    @model_validator(mode="before")
    @classmethod
    def _read_old_words(cls, given: Any, info: ValidationInfo) -> Any:
        return cls.in_new_words(given, _folders(info))[0] if isinstance(given, dict) else given

    @classmethod
    def in_new_words(cls, given: Mapping[str, Any], folders: Iterable[Path]) -> tuple[dict[str, Any], dict[str, str]]:
        """(the parameters in this release's words, {old word: what is written now} of those that have changed).

        Raises:
            ValueError: the old word and the new one are both there, or the old one's value has no new form.
        """
        words = {name: value for name, value in given.items() if name not in cls.renamed}
        said: dict[str, str] = {}
        for old, new in cls.renamed.items():
            if old not in given:
                continue
            if new in given:
                raise ValueError(f"{old!r} is the old word for {new!r}: give {new!r} alone")
            said[old] = f"`{new}`"
            known, value = words.get(new), cls.in_new_shape(old, given[old])
            if isinstance(known, dict) and isinstance(value, dict):
                value = known | value
            if isinstance(known, list) and isinstance(value, list):
                value = [*known, *(item for item in value if item not in known)]
            if value is not None:
                words[new] = value
        return words, said

    @classmethod
    def in_new_shape(cls, old: str, value: Any) -> Any:
        """The value of an old word as the new one takes it: one column is a list of one."""
        return [value] if isinstance(value, str) else value

    def parameters(self) -> dict[str, Any]:
        """What goes into the fingerprint: every parameter, defaults included, references by their own fingerprints.

        Renamed parameters have their old words here, so that what an earlier release made stays valid.
        """
        silent = {name for name in self.later if getattr(self, name) == type(self).model_fields[name].default}
        found = self.model_dump(mode="json", exclude={name for name, _, _ in self.references()} | silent)
        for old, new in self.renamed.items():
            if new in found:
                found[old] = found.pop(new)
        return found

    def made(self) -> dict[str, Any]:
        """`parameters` with nothing in place of every `Limit`: all that decides on what is made."""
        written, unlimited = (self.model_dump(mode="json", context=context) for context in (None, MADE))
        return {
            name: unlimited[name] if unlimited.get(name) != written.get(name) else value
            for name, value in self.parameters().items()
        }

    def check_columns(self, columns: list[str] | None) -> list[str] | None:
        """Columns after this step, given those before it (None: not known before the work).

        A verb with a list of `columns` reads those; one that adds some or reads others says so.

        Raises:
            FactoryError: a column that the step needs is not there.
        """
        named = getattr(self, "columns", None)
        require(named if isinstance(named, list) else (), columns)
        return columns

    def check_model(self, model: Outline, named: Mapping[str, Outline]) -> Outline:
        """The model after this step, given that before it and those that its parameters name.

        Raises:
            FactoryError: the step cannot be done with one of them.
        """
        return model

    def run(self, job: Job) -> None:
        raise NotImplementedError


class Source(Step):
    """A step with nothing before it."""

    starts: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.verb = "load" if cls.produces == "dataset" else "fetch"


def reference_kinds(field: FieldInfo) -> list[ReferenceKind]:
    """What a parameter names: nothing, for most."""
    return list(dict.fromkeys(_reference_kinds(field.annotation, field.metadata)))


def _reference_kinds(annotation: Any, metadata: list[Any]) -> Iterator[ReferenceKind]:
    """Reference marks in a field's own metadata or anywhere inside its annotation (``list[DatasetRef]``)."""
    from typing import get_args

    for mark in metadata:
        if isinstance(mark, Reference):
            yield mark.kind
    for argument in get_args(annotation):
        if isinstance(argument, Reference):
            yield argument.kind
        else:
            yield from _reference_kinds(argument, [])
