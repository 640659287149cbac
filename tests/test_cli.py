"""The command line as a user meets it: a real process, its output and its exit code."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from factory.cli import main
from factory.cli.group import Cli

RECIPE = """\
recipe: 1
name: small
language: {source: en, target: ar}
hub: {namespace: me, endpoint: local}
datasets:
  a:
    from: {demo: instructions, rows: 30}
    steps:
      - columns: {q: question, a: response}
"""


def factory(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "FACTORY_"))}
    return subprocess.run(
        [sys.executable, "-m", "factory", *map(str, arguments)],
        cwd=cwd,
        env=clean | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(cwd / "hf")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(RECIPE)
    return path


def test_plan_then_build_then_nothing_to_do(recipe: Path) -> None:
    planned = factory("plan", recipe, "--json", cwd=recipe.parent)
    assert planned.returncode == 0, planned.stderr
    assert {node["state"] for node in json.loads(planned.stdout)["nodes"]} == {"new"}
    assert not (recipe.parent / ".factory").exists()

    built = factory("build", recipe, "--json", cwd=recipe.parent)
    assert built.returncode == 0, built.stderr
    assert json.loads(built.stdout)["built"] == ["a/00-load", "a/01-columns"]

    again = factory("plan", recipe, "--json", cwd=recipe.parent)
    assert {node["state"] for node in json.loads(again.stdout)["nodes"]} == {"done"}
    status = factory("status", recipe, "--json", cwd=recipe.parent)
    assert [entry["kept"] for entry in json.loads(status.stdout)["steps"]] == [30, 30]

    assert "0 artifacts to make" in factory("plan", recipe, "--diff", cwd=recipe.parent).stdout
    recipe.write_text(RECIPE.replace("rows: 30", "rows: 20"))
    changed = factory("plan", recipe, "--diff", cwd=recipe.parent)
    assert "changed" in changed.stdout and "a/00-load" in changed.stdout and "rows" in changed.stdout, changed.stdout


def test_watching_waits_for_a_run_to_begin_and_ends_with_it(recipe: Path) -> None:
    command = [sys.executable, "-m", "factory", "status", str(recipe), "--watch"]
    with subprocess.Popen(command, cwd=recipe.parent, stdout=subprocess.PIPE, text=True) as watching:
        time.sleep(2)
        assert watching.poll() is None
        built = factory("build", recipe, cwd=recipe.parent)
        assert built.returncode == 0, built.stderr
        said, _ = watching.communicate(timeout=60)
    assert watching.returncode == 0 and "2 of 2 steps done" in said


def test_a_wrong_recipe_exits_with_2_and_places(recipe: Path) -> None:
    recipe.write_text(RECIPE.replace("columns:", "colums:"))
    result = factory("publish", recipe, cwd=recipe.parent)
    assert result.returncode == 2
    assert "small.yaml:9:9: no dataset verb 'colums'; did you mean 'columns'?" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plan", "gone.yaml"], "no such recipe: gone.yaml"),
        (["plan", "small.yaml", "--profile", "gone"], "no factory.toml with a profile 'gone'"),
        (["build", "small.yaml", "b"], "no artifact 'b'"),
        (["card", "small.yaml", "b"], "no artifact 'b'"),
        (["publsh", "small.yaml"], "No such command"),
    ],
)
def test_wrong_arguments_exit_with_2_and_one_line(recipe: Path, arguments: list[str], words: str) -> None:
    result = factory(*arguments, cwd=recipe.parent)
    assert result.returncode == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_a_step_that_fails_exits_with_1_and_keeps_finished_work(recipe: Path) -> None:
    recipe.write_text(RECIPE.replace("from: {demo: instructions, rows: 30}", "from: owner/missing"))
    result = factory("build", recipe, "--hub", "remote", cwd=recipe.parent)
    assert result.returncode == 1
    assert "owner/missing" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_errors_are_json_where_json_is_asked_for(recipe: Path) -> None:
    recipe.write_text(RECIPE.replace("from: {demo: instructions, rows: 30}", "from: owner/missing"))
    result = factory("build", recipe, "--json", "--hub", "remote", cwd=recipe.parent)
    told = json.loads(result.stderr.splitlines()[-1])
    assert result.returncode == told["exit_code"] == 1 and "owner/missing" in f"{told['where']}{told['error']}"
    recipe.write_text(RECIPE.replace("columns:", "colums:"))
    result = factory("plan", recipe, "--json", cwd=recipe.parent)
    told = json.loads(result.stderr)
    assert result.returncode == told["exit_code"] == 2 and "colums" in told["error"] and not result.stdout


def test_what_nobody_foresaw_is_json_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main.commands["doctor"], "callback", lambda **_: 1 / 0)
    result = CliRunner().invoke(main, ["doctor", "--json"])
    told = json.loads(result.stderr)
    assert result.exit_code == 1 and told["error"].startswith("ZeroDivisionError") and "mistake" in told["fix"]


def test_the_schema_is_a_json_schema(recipe: Path) -> None:
    import jsonschema

    from factory.text import yaml

    schema = json.loads(factory("schema", cwd=recipe.parent).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    good = yaml.load(RECIPE)
    assert not list(validator.iter_errors(good))
    good["datasets"]["a"]["steps"] = [{"colums": {}}]
    assert list(validator.iter_errors(good))


def test_a_recipe_is_named_and_several_are_published_though_one_fails(tmp_path: Path) -> None:
    (tmp_path / "recipes").mkdir()
    for place, name in (("recipes/one.yaml", "one"), ("two.yaml", "two")):
        (tmp_path / place).write_text(
            RECIPE.replace("small", name).replace("  a:\n", f"  {name}-rows:\n    publish: {name}\n")
        )
    (tmp_path / "broken.yaml").write_text(RECIPE.replace("{demo: instructions, rows: 30}", "owner/missing"))
    done = factory("publish", "one", "broken", "two", "--json", cwd=tmp_path)
    assert done.returncode == 1 and "owner/missing" in done.stderr, done.stderr
    assert [[*document["pushed"]] for document in json.loads(done.stdout)] == [["one-rows"], ["two-rows"]]
    looked = factory("look", "one", "one-rows", "--json", "--rows", "1", cwd=tmp_path)
    assert [*json.loads(looked.stdout)[0]] == ["row", "q", "a"]
    (tmp_path / "broken.yaml").write_text(RECIPE.replace("columns:", "colums:"))
    refused = factory("publish", "one", "broken", cwd=tmp_path)
    assert refused.returncode == 2 and not refused.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_completes_commands_options_and_recipes(recipe: Path, shell: str) -> None:
    folder = recipe.parent / "recipes"
    folder.mkdir()
    (folder / "named.yaml").write_text(RECIPE)

    def asked(*words: str) -> str:
        told = {
            "COMP_WORDS": " ".join(["factory", *words]),
            "COMP_CWORD": words[-1] if shell == "fish" else str(len(words)),
        }
        return factory(cwd=recipe.parent, _FACTORY_COMPLETE=f"{shell}_complete", **told).stdout

    assert "factory" in factory(cwd=recipe.parent, _FACTORY_COMPLETE=f"{shell}_source").stdout
    assert "publish" in asked("pub")
    assert "--rehearse" in asked("publish", "--re")
    assert "named" in asked("plan", "na")


def commands(group: click.Group = main, *above: str) -> Iterator[list[str]]:
    """Every command as it is called, those of groups too."""
    for name, command in group.commands.items():
        yield [*above, name]
        if isinstance(command, click.Group):
            yield from commands(command, *above, name)


def test_help_imports_nothing_that_a_command_works_with() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from factory.cli import main\n"
        f"for called in {[[], *commands()]}:\n"
        "    assert CliRunner().invoke(main, [*called, '--help']).exit_code == 0, called\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {name for name in loaded if name.partition(".")[0] == "factory"} == {
        "factory",
        "factory.cli",
        "factory.cli.group",
        "factory.cli.options",
        "factory.errors",
    }
    assert not loaded & {"numpy", "pyarrow", "pydantic", "rich", "yaml", "torch", "huggingface_hub", "jinja2"}


def test_what_this_user_may_not_read_is_no_mistake_of_ours() -> None:
    @click.command(cls=Cli)
    def refused() -> None:
        pass

    @refused.command()
    def read() -> None:
        raise PermissionError(13, "Permission denied", "m/model.safetensors")

    result = CliRunner().invoke(refused, ["read"])
    assert result.exit_code == 1
    assert result.stderr == "error: m/model.safetensors: Permission denied (let this user read and write there)\n"
