"""Every command on every page: what this machine can do is run, the rest is read by the command line's parser."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import click
import pytest

from factory.cli import main
from tests.echo import arabic
from tests.engines.moody_server import MoodyServer

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCED = re.compile(r"^ *```([\w-]*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
SHELLS = ("", "bash", "console", "sh")
COMMAND = re.compile(r"(?:factory|hf|make|pip|python3?|source|eval|_FACTORY_COMPLETE=\w+) ")
INLINE = re.compile(r"`(factory [a-z][^`]*)`")
ADDRESS = "http://127.0.0.1:8000/v1"  # where the pages say that an endpoint is

NOT_RUN = {
    "make": "the target is looked at with `make -n`",
    "pip": "installs packages",
    "python3 -m venv": "installs packages",
    "source": "the tests have an environment",
    "hf": "asks the real Hub for a login, or sends it files",
    "factory publish recipes/ain-demo.yaml": "a quarter of an hour; the slow tests run it",
    "factory publish recipes/hala-1.2b.yaml": "minutes, or a Hub Job; the slow tests rehearse it",
    "factory eval": "models and benchmarks of the real Hub",
    "factory look owner/name": "a dataset of the real Hub",
    "factory check owner/dataset": "a dataset of the real Hub",
    "factory check pairs.jsonl --meaning": "a model of 91 MB; tests/look has it in small",
    "factory hub --": "serves until it is stopped; `factory hub` is started and asked",
    "factory plan recipes/hala-{350m": "five recipes; tests/estimate has them",
    "factory rate recipe.yaml ain-data --in votes/": "sheets of a Space's visitors; tests/commands has some",
    "eval": "for a shell's start; tests/test_cli.py completes in all three",
    "_FACTORY_COMPLETE": "the same",
}
"""Beginning of a command -> why it is parsed and not run."""


def blocks(page: Path) -> Iterator[str]:
    """The commands in fenced blocks, without their comments."""
    for language, block in FENCED.findall(page.read_text("utf-8")):
        for line in block.splitlines() if language in SHELLS else ():
            if COMMAND.match(line.strip()):
                yield re.sub(r"\s+#.*", "", line).strip()


def inline(page: Path) -> Iterator[str]:
    yield from INLINE.findall(FENCED.sub("", page.read_text("utf-8")))


ALL = [(page.name, command) for page in PAGES for command in blocks(page)]
RUN = [(name, command) for name, command in ALL if not command.startswith(tuple(NOT_RUN))]


def require_known(command: str) -> None:
    """The command line knows the command and every option, and takes the values that are no placeholders."""
    words = [word.strip("[],…") for word in shlex.split(re.sub(r"[|>&;].*|\[\w+, .*", "", command))[1:]]
    found: click.Command = main
    while isinstance(found, click.Group) and words and not words[0].startswith("-"):
        found = found.commands[words.pop(0)]
    words = [word for word in words if word]
    context = click.Context(found)
    try:
        found.make_parser(context).parse_args(words)
    except click.exceptions.BadOptionUsage as error:
        assert "requires an argument" in str(error), command  # as text says it: `--requests`


@pytest.mark.parametrize(("page", "command"), [(p.name, c) for p in PAGES for c in [*blocks(p), *inline(p)]])
def test_the_command_line_knows_it(page: str, command: str) -> None:
    if command.startswith("factory "):
        require_known(command)
    elif command.startswith("make "):
        subprocess.run(["make", "-n", *shlex.split(command)[1:]], cwd=ROOT, check=True, capture_output=True)


def test_an_unknown_option_is_found() -> None:
    with pytest.raises(click.exceptions.NoSuchOption):
        require_known("factory publish RECIPE --rehears-it")
    with pytest.raises(KeyError):
        require_known("factory publsh RECIPE")


def test_every_exception_is_of_a_command_that_is_there() -> None:
    assert not [start for start in NOT_RUN if not any(command.startswith(start) for _, command in ALL)]


RECIPE = """\
recipe: 1
name: small
language: {source: en, target: ar}
hub: {namespace: me, endpoint: local}
datasets:
  orca-ar:
    from: {demo: parallel, rows: 60}
    steps:
      - columns: {en: translation.en, ar: translation.ar}
      - dedup: {columns: [en]}
      - filter: {columns: {en: ar}}
  ain-data:
    from: orca-ar
    steps: [sample: {n: 20}]
    publish: ain-data
"""


def answered(server: MoodyServer, prompt: str, before: int) -> Any:
    """The text after the instruction: in Arabic letters, or with the letters of each word turned round."""
    head, _, text = prompt.partition(": ")
    said = arabic(text) if "Arabic" in head else " ".join(word[::-1] for word in text.split(" "))
    choice = {"finish_reason": "stop", "message": {"role": "assistant", "content": said}}
    return 200, {}, {"choices": [choice], "usage": {"prompt_tokens": 1, "completion_tokens": 1}, "model": "my-model"}


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Runs a command in a folder with what the pages name, as a reader's shell in an activated environment does."""
    folder = tmp_path_factory.mktemp("reader")
    binary = folder / "bin" / "factory"
    binary.parent.mkdir()
    binary.write_text(f"#!{sys.executable}\nfrom hf_factory import main\n\nmain()\n")
    binary.chmod(0o755)
    questions = [{"question": f"How many boats are there on river number {n}?", "id": n} for n in range(30)]
    (folder / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in questions))
    pairs = [{"source": f"There are {n} boats.", "target": f"هناك {n} قوارب."} for n in range(30)]
    (folder / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in pairs))
    (folder / "recipe.yaml").write_text(RECIPE)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "FACTORY_"))}
    path = f"{binary.parent}:{kept['PATH']}"
    environment = kept | {"PATH": path, "PYTHONPATH": str(ROOT), "HF_HOME": str(folder / "hf"), "HF_HUB_OFFLINE": "1"}

    def run(command: str) -> str:
        if command == "factory hub":
            return served(folder, environment)
        if "--in sheet-anna.csv" in command:
            filled_in(folder / "sheet.csv", folder / "sheet-anna.csv")
        line = command.replace(ADDRESS, server.url)
        with building(folder, environment) if command.endswith("--watch") else nullcontext():
            done = subprocess.run(["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    with MoodyServer(answered) as server:
        run("factory build recipe.yaml")
        yield run


def filled_in(sheet: Path, votes: Path) -> None:
    """The sheet with a yes under every question."""
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        names = list(reader.fieldnames or ())
        rows = [row | {name: "yes" for name in names if name.endswith("?")} for row in reader]
    with votes.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


@contextmanager
def building(folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """Runs that begin and end, for somebody who watches."""
    again = "while sleep 3; do rm -rf .factory/ain-data; factory build recipe.yaml; done"
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(
        ["bash", "-c", again], cwd=folder, env=environment, start_new_session=True, **silent
    ) as runs:
        try:
            yield
        finally:
            os.killpg(runs.pid, signal.SIGTERM)
    subprocess.run(["factory", "build", "recipe.yaml"], cwd=folder, env=environment, check=True, **silent)


def served(folder: Path, environment: dict[str, str]) -> str:
    """What the embedded Hub's first page says, where the pages say that it is."""
    hub = subprocess.Popen(
        ["factory", "hub", "--port", "0"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert hub.stdout
        address = next(found[0] for line in hub.stdout if (found := re.search(r"http://[\d.]+:\d+", line)))
        for _ in range(50):
            try:
                with urllib.request.urlopen(f"{address}/datasets", timeout=10) as answer:
                    return answer.read().decode()
            except OSError:
                time.sleep(0.2)
        raise AssertionError("the embedded Hub does not answer")
    finally:
        hub.terminate()
        hub.wait(timeout=30)


@pytest.mark.parametrize("page", list(dict.fromkeys(name for name, _ in RUN)))
def test_the_page_s_commands_run_in_their_order(page: str, shell: Callable[[str], str]) -> None:
    said = {command: shell(command) for name, command in RUN if name == page}
    if page in ("README.md", "quickstart.md"):
        assert "my-name/questions-" in said["factory hub"]


def test_the_demo_s_hub_is_where_the_readme_says() -> None:
    """`make demo` writes to the store in which `factory hub`, without options, looks."""
    options = {option.name: option.default for option in main.commands["hub"].params}
    store = {option.name: option.default for option in main.commands["publish"].params}
    assert options["data"] == store["store"] / "hub"
    assert "--store" not in (ROOT / "Makefile").read_text("utf-8")
