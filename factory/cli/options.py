"""What commands are told alike: a recipe by its path or name, a store, a Hub, a profile."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class Commands:
    """The modules of `factory.commands`, each imported when it is first named: `--help` needs none of them."""

    def __getattr__(self, name: str) -> Any:
        return import_module(f"factory.commands.{name}")


commands = Commands()


def found_recipe(name: str) -> Path | None:
    """The recipe that is called so: ``recipes/NAME.yaml`` or ``NAME.yaml``, where no file has the very name."""
    if Path(name).exists():
        return None
    return next((path for path in (Path("recipes") / f"{name}.yaml", Path(f"{name}.yaml")) if path.is_file()), None)


def or_recipe(context: click.Context, parameter: click.Parameter, value: str) -> str:
    found = found_recipe(value)
    return str(found) if found else value


class RecipePath(click.Path):
    """The path of a recipe, or its name."""

    name = "recipe"

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return found_recipe(str(value)) or super().convert(value, param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem  # which `--help` does not need

        names = sorted(path.stem for path in Path("recipes").glob("*.yaml") if path.stem.startswith(incomplete))
        return [*map(CompletionItem, names), *super().shell_complete(ctx, param, incomplete)]


RECIPE = click.argument("recipe", type=RecipePath())
RECIPES = click.argument("recipe", nargs=-1, required=True, type=RecipePath())
STORE = click.option(
    "--store", type=click.Path(path_type=Path), default=Path(".factory"), show_default=True, envvar="FACTORY_STORE",
    help="Folder of all artifacts.",
)  # fmt: skip
HUB = click.option(
    "--hub", type=click.Choice(["auto", "local", "remote"]), default="auto", show_default=True,
    help="local: the embedded Hub; remote: HF_ENDPOINT with HF_TOKEN; auto: what the recipe and the environment say.",
)  # fmt: skip
PROFILE = click.option("--profile", help="Compute settings: a [profiles.NAME] table of factory.toml.")
LOCKED = click.option("--locked", is_flag=True, help="Use only the commit SHAs in the lock file.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON to standard output.")
REHEARSE = click.option(
    "--rehearse", is_flag=True, help="Run the whole recipe here, each Hub ref answered by a tiny stand-in."
)
LIVE = click.option(
    "--live", is_flag=True, help="In long runs, push a card of the datasets in progress, every ten minutes at most."
)
ON = click.option(
    "--on", type=click.Choice(["here", "hf-jobs"]), default="here", show_default=True,
    help="hf-jobs: as a Hub Job on the hardware that the profile names, its log followed here.",
)  # fmt: skip
FORCE = click.option("--force", is_flag=True, help="Overwrite commits that others made to the target repos.")


def options(*chosen: Any) -> Any:
    """A decorator that gives a command these, in the order in which `--help` lists them."""

    def add(command: Any) -> Any:
        for option in reversed(chosen):
            command = option(command)
        return command

    return add


PLACE = options(STORE, HUB)


def of_recipe(*more: Callable[..., Any]) -> Callable[..., Any]:
    """A command about one recipe: what it is told of recipe, store and Hub, and by `more`, comes as a `Session`."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def command(**given: Any) -> None:
            kind = commands.session.Session
            told = {field.name: given.pop(field.name) for field in fields(kind) if field.name in given}
            function(kind(**told), **given)

        return options(RECIPE, PLACE, *more)(command)

    return decorate
