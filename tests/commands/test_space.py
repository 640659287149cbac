"""`factory space`: pushed to the embedded Hub, and run here."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner, Result

from factory.cli import main
from factory.commands.space import run_app
from factory.errors import FactoryError
from factory.graph.nodes import Graph
from factory.hub.client import api
from factory.publishing.artifacts import publish
from tests.publishing.test_stages import own_names, repo
from tests.shelf import build, shelf

pytestmark = pytest.mark.usefixtures("embedded_hub")


def push(graph: Graph) -> Result:
    arguments = ["space", str(graph.loaded.path), "--push", "--store", str(graph.store.root), "--hub", "remote"]
    return CliRunner().invoke(main, arguments)


def config(url: str) -> dict:
    path = api().hf_hub_download(url.rpartition("/spaces/")[2], "space.json", repo_type="space")
    return json.loads(Path(path).read_text(encoding="utf-8"))


def test_the_space_is_pushed_with_what_is_on_the_hub(tmp_path: Path) -> None:
    graph = build(shelf(tmp_path, own_names()))
    first = push(graph)
    assert first.exit_code == 0, first.output
    note, url = first.stdout.splitlines()
    assert "left out of the Space: tuned" in note and config(url)["models"] == []

    publish(graph, "tuned")
    again = push(graph)
    assert again.stdout.splitlines() == [url]
    assert [model["repo"] for model in config(url)["models"]] == [repo(graph, "tuned")]


def test_a_model_that_is_not_built_is_named(tmp_path: Path) -> None:
    done = push(shelf(tmp_path, own_names()))
    assert done.exit_code == 1 and "not built yet: tuned" in done.stderr


@pytest.fixture
def app(tmp_path: Path) -> Callable[[str], Path]:
    """A folder with this program as its app.py."""

    def write(text: str) -> Path:
        (tmp_path / "app.py").write_text(text)
        return tmp_path

    return write


def test_the_address_is_the_one_that_the_app_has(app: Callable[[str], Path], capfd: pytest.CaptureFixture) -> None:
    run_app(app("print('* Running on local URL:  http://127.0.0.1:7861')\nprint('ready')"), None)
    assert capfd.readouterr().out.splitlines() == ["http://127.0.0.1:7861", "ready"]


def test_the_port_that_was_asked_for_reaches_the_app(app: Callable[[str], Path], capfd: pytest.CaptureFixture) -> None:
    run_app(app("import os; print(os.environ['GRADIO_SERVER_PORT'])"), 7999)
    assert capfd.readouterr().out == "7999\n"


@pytest.mark.parametrize(
    ("program", "code", "said"),
    [
        ("raise ValueError('no such model')", "exit code 1", "ValueError: no such model"),
        ("import sys; sys.exit(3)", "exit code 3", "it left no message"),
    ],
)
def test_a_crash_is_shown_with_its_last_words(
    app: Callable[[str], Path], capfd: pytest.CaptureFixture, program: str, code: str, said: str
) -> None:
    with pytest.raises(FactoryError) as raised:
        run_app(app(program), None)
    assert code in str(raised.value) and said in str(raised.value)
    assert ("Traceback" in capfd.readouterr().out) == ("raise" in program)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_the_app_ends_with_the_command(app: Callable[[str], Path], ending: int) -> None:
    folder = app("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)")
    code = (
        f"from pathlib import Path; from factory.commands.space import run_app; run_app(Path({str(folder)!r}), None)"
    )
    command = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert command.stdout is not None
    child = psutil.Process(int(command.stdout.readline()))
    command.send_signal(ending)
    command.wait(60)
    gone, _ = psutil.wait_procs([child], timeout=60)
    assert gone == [child]
