"""The command line: what each command is called and takes. The work is elsewhere, imported when it is needed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from factory import __version__
from factory.cli.group import Cli
from factory.cli.options import (
    FORCE,
    JSON,
    LIVE,
    LOCKED,
    ON,
    PLACE,
    PROFILE,
    RECIPES,
    REHEARSE,
    commands,
    of_recipe,
    options,
    or_recipe,
)

if TYPE_CHECKING:
    from factory.commands.session import Session


@click.command(cls=Cli, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="factory")
def main() -> None:
    """Declare datasets and models in a recipe; plan, build and publish them to the Hub."""


@main.command()
@RECIPES
@PLACE
@PROFILE
@LOCKED
@REHEARSE
@JSON
@click.option("--diff", is_flag=True, help="Show only what is not done yet, and why.")
@click.option("--assumptions", is_flag=True, help="List every number that the cost rests on, with its source.")
def plan(recipe: tuple[Path, ...], as_json: bool, diff: bool, assumptions: bool, **told: Any) -> None:
    """Show what a publish would do, in its order, and why, with its cost. Touches nothing.

    Of several recipes, what they cost together: steps that they share count once.
    """
    sessions = [commands.session.Session(path, **told) for path in recipe]
    if len(sessions) == 1:
        commands.plan.show_plan(sessions[0], as_json=as_json, diff=diff, assumptions=assumptions)
    else:
        commands.plan.show_family(sessions, as_json=as_json, assumptions=assumptions)


@main.command()
@RECIPES
@PLACE
@PROFILE
@LOCKED
@REHEARSE
@FORCE
@LIVE
@ON
@click.option("--keep", metavar="OWNER/NAME", help="Keep steps in this private Hub dataset, go on from those in it.")
@click.option(
    "--keep-every", metavar="MINUTES", type=click.FloatRange(min=0, min_open=True), help="Of the step at work."
)
@JSON
def publish(
    recipe: tuple[Path, ...], on: str, keep: str | None, keep_every: float | None, force: bool, live: bool,
    as_json: bool, **told: Any,
) -> None:  # fmt: skip
    """Do what the plan shows: build, check the gates, push. Safe to stop and to repeat.

    RECIPE is a file, or the NAME of recipes/NAME.yaml or NAME.yaml. Several are published one after another.
    """
    sessions = [commands.session.Session(path, **told) for path in recipe]
    if on == "here":
        if keep_every and not keep:
            raise click.UsageError("--keep-every says how often --keep copies the step at work")
        how = {"force": force, "live": live, "keep": keep, "keep_every": keep_every}
        commands.publish.run_publish(sessions, as_json=as_json, **how)
        return
    if told["rehearse"] or keep or keep_every:
        raise click.UsageError("--on hf-jobs goes neither with --rehearse nor with --keep")
    if len(sessions) > 1:
        raise click.UsageError("--on hf-jobs takes one recipe: each is a job of its own")
    commands.on_jobs.publish_as_job(sessions[0], force=force, live=live, as_json=as_json)


@main.command()
@of_recipe(PROFILE, LOCKED, REHEARSE)
@click.argument("names", nargs=-1)
@JSON
def build(session: Session, names: tuple[str, ...], as_json: bool) -> None:
    """Build all or some artifacts without pushing."""
    commands.publish.run_build(session, list(names), as_json=as_json)


@main.command()
@of_recipe(REHEARSE)
@click.option("--watch", is_flag=True, help="Wait for a run to begin, refresh until it is over.")
@JSON
def status(session: Session, watch: bool, as_json: bool) -> None:
    """Show what is done, running and rejected and why, also while a run goes on elsewhere."""
    commands.status.show_status(session, as_json=as_json, watch=watch)


@main.command()
@click.argument("dataset", callback=or_recipe)
@click.argument("name", required=False)
@PLACE
@REHEARSE
@click.option("--split", default="train", show_default=True)
@click.option("--rejected", is_flag=True, help="The rows that were sorted out.")
@click.option("--reason", help="Only rows sorted out because of this, e.g. script or 'translate: cut off'.")
@click.option("--check", help="The rows that this check likes least, the worst first.")
@click.option("--rows", default=10, show_default=True, type=click.IntRange(1), help="How many.")
@click.option("--skip", default=0, show_default=True, type=click.IntRange(0), help="Leave out the first ones.")
@click.option("--sample", "draw", type=click.IntRange(1), help="This many, drawn at random.")
@click.option("--seed", default=0, show_default=True, help="Of --sample.")
@click.option("--columns", default="", help="Only these, separated by commas.")
@click.option("--full", is_flag=True, help="Long texts whole.")
@JSON
def look(dataset: str, name: str | None, store: Path, hub: Any, **options: Any) -> None:
    """Look at rows: source beside translation, scores, reasons.

    DATASET is a recipe (then NAME is one of its datasets or steps), a file or folder, or a dataset on the Hub.
    """
    commands.look.show_rows(dataset, name, store, hub, **options)


@main.command()
@of_recipe(REHEARSE)
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path), help="Write a sheet (CSV) of rows drawn at random.")
@click.option(
    "--in",
    "filled",
    type=click.Path(path_type=Path),
    help="Read filled sheets: a file or a folder.",
)
@click.option("--rater", default="", help="Whose sheet it is, where its column `rater` does not say.")
@click.option("--ask", "questions", multiple=True, help="A question of --out, answered yes or no; default: correct.")
@click.option("--rows", default=100, show_default=True, type=click.IntRange(1), help="How many, of --out.")
@click.option("--seed", default=0, show_default=True, help="Of --out: the same seed draws the same rows.")
@click.option("--split", default="train", show_default=True, help="Of --out.")
@click.option("--columns", default="", help="Of --out: show only these, separated by commas.")
@JSON
def rate(session: Session, name: str, out: Path | None, filled: Path | None, as_json: bool, **told: Any) -> None:
    """Let people rate rows of the dataset NAME: a sheet out, filled sheets in, what they say into its card."""
    if out and filled:
        raise click.UsageError("--out writes a sheet and --in reads one: give one of them")
    rater, sheet = told.pop("rater"), {**told, "questions": told["questions"] or ("correct",)}
    if out:
        commands.rate.write(session, name, out, rater=rater, **sheet)
    elif filled:
        commands.rate.read(session, name, filled, rater=rater, as_json=as_json)
    else:
        commands.rate.show(session, name, as_json=as_json)


PAIRS = options(
    click.option("--source-language", default="en", show_default=True, help="ISO 639 code."),
    click.option("--target-language", default="ar", show_default=True, help="ISO 639 code."),
    click.option("--source-column", default="source", show_default=True, help="Column or path, as translation.en."),
    click.option("--target-column", default="target", show_default=True, help="Column or path."),
    click.option("--split", default="train", show_default=True, help="Of a Hub dataset; train[:1000] takes a part."),
    click.option("--checks", help="script,numbers=0.8 takes these; +pii,-numbers changes the default set."),
    click.option("--images", help="Columns of pictures, by commas: they are checked in place of texts, or too."),
    click.option("--processes", type=click.IntRange(1, 256), help="Default: all cores where the file is large."),
)


@main.command("check")
@click.argument("pairs")
@PAIRS
@click.option("--out", type=click.Path(path_type=Path), required=True, help="JSON lines: each row with its outcome.")
@click.option("--meaning", is_flag=True, help="Compare what kept rows mean, too; find rows out of line.")
@click.option("--sample", type=click.IntRange(1), help="Compare the meaning of this many rows, drawn from all.")
@PLACE
@JSON
def check_command(
    pairs: str, out: Path, processes: int | None, sample: int | None, as_json: bool, **told: Any
) -> None:
    """Check any file or Hub dataset of source and translation: scores, verdict and reasons for every row."""
    with commands.check.open_pairs(pairs, **told) as opened:
        if sample and not any(check.embeds for check in opened.checks):
            raise click.UsageError("--sample says of how many rows the meaning is compared: give --meaning")
        commands.check.run_check(opened, out, processes=processes, sample=sample, as_json=as_json)


@main.command("thresholds")
@click.argument("recipe_or_pairs", callback=or_recipe)
@PAIRS
@click.option("--rows", default=100_000, show_default=True, type=click.IntRange(1), help="Rows of pairs looked at.")
@PLACE
@JSON
def thresholds_command(recipe_or_pairs: str, rows: int, processes: int | None, as_json: bool, **told: Any) -> None:
    """Suggest limits of checks from the scores of a recipe's filters, or of any pairs."""
    if recipe_or_pairs.endswith((".yaml", ".yml")):
        commands.thresholds.suggest_for_recipe(Path(recipe_or_pairs), told["store"], told["hub"], as_json=as_json)
        return
    with commands.check.open_pairs(recipe_or_pairs, **told) as opened:
        commands.thresholds.suggest_for_pairs(opened, rows, processes=processes, as_json=as_json)


@main.command()
@of_recipe()
def lock(session: Session) -> None:
    """Resolve every Hub ref to its commit SHA and keep them in the lock file beside the recipe."""
    commands.lock.write_lock(session)


@main.command()
@of_recipe()
@click.argument("name", required=False)
def card(session: Session, name: str | None) -> None:
    """Print the cards as they would be pushed."""
    commands.card.show_cards(session, name)


@main.command()
@of_recipe()
@click.option("--push", is_flag=True, help="Push the Space instead of running it here.")
@click.option("--port", type=click.IntRange(1, 65535), help="[default: the first free one from 7860 on]")
def space(session: Session, push: bool, port: int | None) -> None:
    """Run the recipe's Space on this machine, with the models as they are in the store."""
    commands.space.run_space(session, push=push, port=port)


@main.command("hub")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8090, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--data", type=click.Path(path_type=Path), default=Path(".factory/hub"), show_default=True)
@click.option("--users", type=click.Path(path_type=Path), help="YAML: users, organisations, tokens, roles.")
@click.option("--jobs", is_flag=True, help="Run Jobs that clients submit as processes on this machine.")
def hub_command(host: str, port: int, data: Path, users: Path | None, jobs: bool) -> None:
    """Serve the embedded Hub and its pages."""
    from factory.local_hub import load_users, serve

    serve(data, host=host, port=port, users=load_users(users) if users else None, jobs=jobs)


@main.command("eval")
@click.argument("models", nargs=-1)
@click.option("--suite", required=True, help="oall-v2, mmlu-translation, translation, multiple-choice, perplexity …")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="A field of the suite: n=200, data=owner/name."
)
@click.option("--limit", type=click.IntRange(1), help="Samples of each subtask, for a quick look.")
@click.option("--push", metavar="REPO", help="Dataset of the Hub to add the scores to, a file a result.")
@click.option("--requests", metavar="REPO", help="Score the models that wait in this dataset, and say so there.")
@click.option("--source", default="en", show_default=True, help="Language translated from.")
@click.option("--language", default="ar", show_default=True, help="Language of the benchmark.")
@PLACE
@PROFILE
@JSON
def eval_command(models: tuple[str, ...], push: str | None, requests: str | None, as_json: bool, **told: Any) -> None:
    """Score models (Hub refs or folders) and add them to the store's leaderboard."""
    if bool(models) == bool(requests):
        raise click.UsageError("name the models to score, or --requests REPO, and not both")
    wanted = commands.eval.Wanted(**told)
    if requests:
        commands.requests.run_requests(requests, wanted, push, as_json)
    else:
        commands.eval.run_eval(models, wanted, push, as_json)


@main.command("init")
@click.option("--language", required=True, help="Target language: a code of ISO 639 or a name, e.g. hi or Swahili.")
@click.option("--data", metavar="FILE", help="Translate this file, folder or dataset of the Hub: looks at it first.")
@click.option("--columns", help="Of --data: translate only these, separated by commas.")
@click.option("--source", help="Of --data: the language it is in.  [default: en]")
@click.option("--endpoint", metavar="URL", help="A server of OpenAI's protocol that translates, up to and with /v1.")
@click.option("--translator", metavar="MODEL", help="What translates: a model at --endpoint, else of the Hub.")
@click.option("--api-key-env", "key", metavar="NAME", help="Of --endpoint: the variable that holds its key.")
@click.option("--size", type=click.Choice(["350m", "700m", "1.2b"]), help="Tune LFM2 of this size.  [default: 1.2b]")
@click.option("--model", help="Tune this model of the Hub (owner/name) in place of LFM2.")
@click.option("--force", is_flag=True, help="Overwrite files that are there already.")
@click.argument("out", required=False, type=click.Path(path_type=Path))
def init_command(
    language: str, data: str | None, columns: str | None, source: str | None, size: str | None, model: str | None,
    **told: Any,
) -> None:  # fmt: skip
    """Write a commented recipe: for one's own data (--data), or for another language or base model to tune.

    It plans as it stands. OUT is its file or folder.
    """
    wanted = commands.init.Wanted(language, **told)
    if data is None:
        if columns or source:
            raise click.UsageError("--columns and --source are about --data: give that too")
        commands.init.show_written(commands.init.write_recipe(wanted, size or "1.2b", model))
        return
    if size or model:
        raise click.UsageError("--data makes a dataset: --size and --model are for a recipe that tunes a model")
    chosen = tuple(name.strip() for name in (columns or "").split(",") if name.strip())
    written = commands.init.write_data_recipe(wanted, data, source=source or "en", columns=chosen)
    commands.init.show_written(written)


@main.command("schema")
def schema_command() -> None:
    """Print the recipe language as a JSON Schema, for editors."""
    from factory.recipe.jsonschema import recipe_schema

    click.echo(json.dumps(recipe_schema(), indent=2, ensure_ascii=False))


@main.group("engines", invoke_without_command=True)
@JSON
@click.pass_context
def engines_group(context: click.Context, as_json: bool) -> None:
    """List, install and check what generates text."""
    if context.invoked_subcommand is None:
        context.invoke(engines_list, as_json=as_json)


@engines_group.command("list")
@JSON
def engines_list(as_json: bool) -> None:
    """Show each engine: whether it is installed, which version, where, and what to do."""
    commands.engines.show_engines(as_json=as_json)


@engines_group.command("install")
@click.argument("name")
@click.option("--folder", type=click.Path(path_type=Path), envvar="FACTORY_ENGINES", help="Of all environments.")
def engines_install(name: str, folder: Path | None) -> None:
    """Make the environment of an engine that lives apart: vllm or autotrain."""
    commands.engines.install_engine(name, folder)


@engines_group.command("check")
@click.argument("name")
@PROFILE
def engines_check(name: str, profile: str | None) -> None:
    """Generate with a tiny model made on the spot (openai: through the profile's endpoint)."""
    commands.engines.check_engine(name, profile)


@main.command()
@click.option(
    "--store", metavar="[DIR]", is_flag=False, flag_value="",
    help="Compare every file of a store with what was written; without DIR of the one in use.",
)  # fmt: skip
@JSON
def doctor(store: str | None, as_json: bool) -> None:
    """Check Python, packages, devices, disk, token and Hub; or, with --store, what a store holds."""
    folder = Path(store or os.environ.get("FACTORY_STORE", ".factory"))
    if store is None:
        commands.doctor.examine(folder, as_json=as_json)
    else:
        commands.doctor_store.examine_store(folder, as_json=as_json)
