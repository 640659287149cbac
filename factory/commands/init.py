"""`factory init`: a commented recipe for one's own file, or for another target language or base model."""

import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.errors import UsageError
from factory.look.proposal import Proposal, propose
from factory.recipe.jsonschema import recipe_schema
from factory.refs import HubRef, is_hub_ref
from factory.starter.endpoints import declared
from factory.starter.files import called, rendered, write
from factory.starter.languages import TargetLanguage, language, language_name
from factory.text.figures import counted
from factory.text.language_codes import require_known

# Bases that Hala tunes (arXiv 2509.14008, section 2.6); their licence is lfm1.0 by their Hub pages.
SIZES = {"350m": "LiquidAI/LFM2-350M", "700m": "LiquidAI/LFM2-700M", "1.2b": "LiquidAI/LFM2-1.2B"}
# Translates where nothing else is named and no pairs are known: 119 languages (https://qwenlm.github.io/blog/qwen3).
TRANSLATOR = "Qwen/Qwen3-4B-Instruct-2507"
SCHEMA = "recipe.schema.json"


@dataclass(frozen=True)
class Translator:
    """What translates and is not trained by the recipe: its `from`, as YAML, and its licence."""

    from_: str
    license: str


@dataclass(frozen=True)
class Written:
    """A recipe's file, what was written beside it, and what its own data looked like."""

    path: Path
    beside: tuple[Path, ...] = ()
    proposal: Proposal | None = None


@dataclass(frozen=True)
class Wanted:
    """What the command line says.

    Attributes:
        translator: its name at the `endpoint`, else a model of the Hub. `key`: the variable with the API key.
        out: a file, or the folder for one.
    """

    target: str
    out: Path | None = None
    force: bool = False
    endpoint: str | None = None
    translator: str | None = None
    key: str | None = None

    def translating(self, folder: Path, default: str | None) -> tuple[Translator | None, dict[Path, str]]:
        """The translator, None where none is named and there is no default; and the factory.toml that it needs.

        Raises:
            UsageError: a model that is none of the Hub, or an endpoint without a model.
        """
        if self.endpoint is None:
            if self.key:
                raise UsageError("--api-key-env is about --endpoint", fix="give both")
            name = self.translator or default
            if name is None:
                return None, {}
            return Translator(_on_hub(name), "apache-2.0" if name == TRANSLATOR else f"unknown  # {PAGE}"), {}
        if self.translator is None:
            raise UsageError("which model does the endpoint have?", fix="name it with --translator")
        name, settings = declared(folder, self.endpoint, self.key)
        from_ = f"{{endpoint: {name}, model: {json.dumps(self.translator)}}}"
        return Translator(from_, "unknown  # of what it writes, by its provider's terms"), settings


PAGE = "as its Hub page states it"


def write_recipe(wanted: Wanted, size: str = "1.2b", model: str | None = None) -> Written:
    """A recipe that makes and tunes on instructions in another language, with what a rehearsal must know of its data.

    Raises:
        UsageError: an unknown language, a model that is no Hub ref, or a file that is there already.
    """
    chosen = language(wanted.target)
    base = _on_hub(model) if model else SIZES[size]
    short = _ascii(HubRef.parse(base).repo.split("/")[1].lower()) if model else size
    name = f"{_short(chosen)}-{short}"
    path = _place(wanted.out, name)
    translator, settings = wanted.translating(path.parent, None if chosen.pairs else TRANSLATOR)
    title = f"{_spoken(chosen)}-{base.split('/')[1].split('@')[0]}"
    values = {
        "language": chosen,
        "base_code": chosen.pairs and chosen.pairs.replace("en", "", 1).strip("-"),
        "base": base,
        "base_license": f"unknown  # {PAGE}" if model else "lfm1.0",
        "license": "unknown" if model or (translator and wanted.endpoint) else "lfm1.0",
        "name": name,
        "title": title,
        "slug": _ascii(title),
        "called": called(path),
        "prompt": _prompt(chosen),
        "translator": translator,
    }
    stand_ins = path.with_name(f"{path.stem}.stand-ins.yaml")
    beside = {stand_ins: rendered("stand-ins.yaml.jinja", **values)} if chosen.pairs or chosen.mmmlu else {}
    return _written(path, rendered("recipe.yaml.jinja", **values), beside, settings, wanted.force)


def write_data_recipe(wanted: Wanted, data: str, *, source: str = "en", columns: tuple[str, ...] = ()) -> Written:
    """A recipe that translates a file, or checks the pairs in it, and publishes what comes of it.

    Args:
        data: a file, a folder or a dataset of the Hub.
        columns: those to translate, by default as `propose` finds them.

    Raises:
        UsageError: no such language or column, data that cannot be read or holds no text, or files there already.
    """
    require_known(source)
    chosen = language(wanted.target, source)
    proposal = propose(data, source, chosen.code, columns)
    file = Path(data).expanduser()
    folder_or_file = file.resolve().name if file.exists() else HubRef.parse(data).repo.split("/")[1]
    name = f"{_ascii(folder_or_file.split('.')[0].lower())}-{chosen.code.lower()}"
    path = _place(wanted.out, name)
    translated = bool(proposal.texts or proposal.lists)
    translator, settings = wanted.translating(path.parent, TRANSLATOR) if translated else (None, {})
    text = rendered(
        "data.yaml.jinja",
        language=chosen,
        source=source,
        data=_from(file, path.parent) if file.exists() else data,
        rows=proposal.rows,
        name=path.stem,
        repo=name,
        description=json.dumps(f"{language_name(source)} and {chosen.name} side by side.", ensure_ascii=False),
        called=called(path),
        prompt=_prompt(chosen),
        translator=translator,
        left=proposal.left,
        **_columns(proposal, chosen.code),
    )
    written = _written(path, text, {}, settings, wanted.force)
    return Written(written.path, written.beside, proposal)


def show_written(written: Written) -> None:
    """Say what was written, what it does with the data, and what to do next."""
    print(f"wrote {', '.join(map(str, [written.path, *written.beside]))}")
    if found := written.proposal:
        rows = "" if found.rows is None else f"{counted(found.rows, 'row')}; "
        for before, after in found.pairs:
            print(f"{rows}pairs: {before} with {after}")
        if texts := [*found.texts, *found.lists]:
            print(f"{rows}to translate: {', '.join(texts)}")
        for column, why in found.left.items():
            print(f"  {column} stays as it is: {why}")
    print(f"next: factory plan {called(written.path)}")


def _columns(found: Proposal, code: str) -> dict[str, Any]:
    """The proposal as values of the template: flat names for what lies inside, and what is left in the end."""
    flat: dict[str, str] = {}
    taken = dict.fromkeys(path.partition(".")[0] for path in found.columns)

    def named(path: str, item: int | None = None) -> str:
        if "." not in path and item is None:
            return path
        number = "" if item is None else f"_{item + 1}"
        name = f"{path.rsplit('.', 1)[-1]}{number}"
        name = name if name not in taken else f"{path.replace('.', '_')}{number}"
        taken[name] = None
        flat[name] = path if item is None else f"{path}[{item}]"
        return name

    whole = list(taken)
    pairs = [(named(before), named(after)) for before, after in found.pairs]
    texts = [named(path) for path in found.texts]
    lists = {path: [named(path, item) for item in range(length)] for path, length in found.lists.items()}
    made = [f"{name}_{code}" for name in texts]
    items = [name for names in lists.values() for name in names]
    inner = [name for name in flat if name not in items]
    return {
        "flat": flat,
        "texts": [*texts, *items],
        "pairs": [*pairs, *((name, f"{name}_{code}") for name in [*texts, *items])],
        "kept": [*whole, *inner, *made],
        "lists": {
            f"{path.rsplit('.', 1)[-1]}_{code}": [f"{name}_{code}" for name in names] for path, names in lists.items()
        },
    }


def _written(path: Path, text: str, beside: dict[Path, str], settings: dict[Path, str], force: bool) -> Written:
    write({path: text, **beside}, force=force)
    schema = path.with_name(SCHEMA)
    write({schema: json.dumps(recipe_schema(), indent=2, ensure_ascii=False) + "\n", **settings}, force=True)
    return Written(path, (*beside, schema, *settings))


def _place(out: Path | None, name: str) -> Path:
    path = out or Path(f"{name}.yaml")
    return path if path.suffix in (".yaml", ".yml") and not path.is_dir() else path / f"{name}.yaml"


def _from(file: Path, folder: Path) -> str:
    """A `from` that finds the file from the recipe's folder."""
    if file.is_absolute():
        return str(file)
    try:
        return f"./{file.absolute().relative_to(folder.absolute())}"
    except ValueError:
        return str(file.absolute())


def _on_hub(model: str) -> str:
    if not is_hub_ref(model):
        raise UsageError(f"not a model on the Hub: {model!r}", fix="write it as owner/name")
    return model


def _spoken(chosen: TargetLanguage) -> str:
    """For titles: the name, or the code of a language that has none."""
    return chosen.code if chosen.code in chosen.name else chosen.name


def _short(chosen: TargetLanguage) -> str:
    return _ascii(_spoken(chosen).lower()).split("-")[-1]


def _ascii(text: str) -> str:
    """In the letters that the Hub's names have: without accents, and with dashes for what is none."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9.]+", "-", letters).strip("-.") or "data"


def _prompt(chosen: TargetLanguage) -> str:
    return json.dumps(f"Translate everything that follows into {chosen.name}: {{text}}", ensure_ascii=False)
