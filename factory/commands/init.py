"""`factory init`: a commented recipe for another target language or another base model."""

import re
from pathlib import Path
from typing import Any

from factory.errors import UsageError
from factory.refs import HubRef, is_hub_ref
from factory.starter.languages import TargetLanguage, language

# Bases that Hala tunes (arXiv 2509.14008, section 2.6); their licence is lfm1.0 by their Hub pages.
SIZES = {"350m": "LiquidAI/LFM2-350M", "700m": "LiquidAI/LFM2-700M", "1.2b": "LiquidAI/LFM2-1.2B"}
STARTER = Path(__file__).parents[1] / "starter"
RECIPE_NAME = re.compile(r"[^a-z0-9.]+")


def write_recipe(target: str, size: str, model: str | None, out: Path | None, *, force: bool = False) -> Path:
    """Write the recipe and, beside it, what a rehearsal must know of its data; returns the recipe's path.

    Raises:
        UsageError: an unknown language, a model that is no Hub ref, or a file that is there already.
    """
    chosen = language(target)
    if model is not None and not is_hub_ref(model):
        raise UsageError(f"not a model on the Hub: {model!r}", fix="write it as owner/name")
    base = model or SIZES[size]
    short = RECIPE_NAME.sub("-", HubRef.parse(base).repo.split("/")[1].lower()).strip("-") if model else size
    name = f"{chosen.name.lower().split()[-1].replace('å', 'a')}-{short}"
    path = out or Path(f"{name}.yaml")
    if path.is_dir() or path.suffix not in (".yaml", ".yml"):
        path = path / f"{name}.yaml"
    beside = path.with_name("stand-ins.yaml")
    for there in (path, beside):
        if there.exists() and not force:
            raise UsageError(f"{there} is there already", fix="give another place, or --force")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_recipe(chosen, base, model is None, name, path), encoding="utf-8")
    beside.write_text(_rendered("stand-ins.yaml.jinja", language=chosen), encoding="utf-8")
    return path


def show_written(path: Path) -> None:
    print(f"wrote {path} and {path.with_name('stand-ins.yaml')} (for --rehearse)")
    print(f"next: factory plan {path}")


def _recipe(chosen: TargetLanguage, base: str, known: bool, name: str, path: Path) -> str:
    title = f"{chosen.name}-{base.split('/')[1].split('@')[0]}"
    return _rendered(
        "recipe.yaml.jinja",
        language=chosen,
        base=base,
        base_license="lfm1.0" if known else "unknown  # as its Hub page states it",
        license="lfm1.0" if known else "unknown",
        name=name,
        title=title,
        slug=title.replace(" ", "-").replace("å", "a"),
        file=path,
        prompt=f'"Translate everything that follows into {chosen.name}: {{text}}"',
    )


def _rendered(template: str, **values: Any) -> str:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)  # YAML: no HTML
    return environment.from_string((STARTER / template).read_text("utf-8")).render(**values)
