"""`factory eval` as a user runs it: a tiny model from a folder and from the embedded Hub, into one leaderboard."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from factory.evaluate.board import leaderboard
from factory.store import Store
from tests.support import random_model

PUSH = "from huggingface_hub import HfApi; import sys; api = HfApi(); api.create_repo('someone/tiny');"
PUSH += " api.upload_folder(repo_id='someone/tiny', folder_path=sys.argv[1])"


def run(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "FACTORY_"))}
    clean |= {"OMP_NUM_THREADS": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    return subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=cwd, env=clean | environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def evaluate(cwd: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return run("-m", "factory", "eval", *arguments, "--hub", "local", cwd=cwd)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, the same pushed to the store's embedded Hub, and texts to score."""
    from factory.local_hub import LocalHub

    place = tmp_path_factory.mktemp("eval")
    for name, seed in (("one", 1), ("two", 2)):
        random_model(place / "made" / name, seed=seed, template=None).model.rename(place / name)
    rows = [{"text": f"سطر رقم {i}", "language": "ar"} for i in range(6)]
    (place / "texts.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    with LocalHub(place / ".factory" / "hub") as hub:
        pushed = run("-c", PUSH, place / "two", cwd=place, HF_HOME=str(place / "home"), **hub.environment())
        assert pushed.returncode == 0, pushed.stderr
    return place


def test_models_meet_in_one_leaderboard(place: Path) -> None:
    settings = ("--suite", "perplexity", "--set", "data=./texts.jsonl", "--set", "text=text")
    first = evaluate(place, "./one", *settings, "--json")
    assert first.returncode == 0, first.stdout + first.stderr
    [alone] = json.loads(first.stdout)
    assert alone["model"] == str(place / "one") and alone["scores"][alone["headline"]]["value"] > 1

    second = evaluate(place, "someone/tiny", *settings)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "someone/tiny" in second.stdout and "one" in second.stdout, "the table shows the other model beside it"
    board = leaderboard(Store(place / ".factory"))
    assert {entry.model for entry in board} == {str(place / "one"), "someone/tiny"}
    assert len({entry.protocol for entry in board}) == 1 and len({entry.source for entry in board}) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("./one", "--suite", "perplexty"), "did you mean 'perplexity'"),
        (("nowhere", "--suite", "perplexity"), "no such model"),
        (("./one", "--suite", "perplexity", "--set", "n"), "KEY=VALUE"),
        (("./one", "--suite", "perplexity", "--set", "data=./texts.jsonl", "--set", "colour=3"), "colour"),
    ],
)
def test_mistakes_are_refused_before_any_work(place: Path, arguments: tuple[Any, ...], message: str) -> None:
    done = evaluate(place, *arguments)
    assert done.returncode == 2 and message in done.stderr, done.stderr


QUEUE = """
import json, sys
from huggingface_hub import HfApi
api = HfApi()
api.create_repo('someone/queue', repo_type='dataset', exist_ok=True)
sha = api.model_info('someone/tiny').sha
for model, revision in (('someone/tiny', sha), ('someone/gone', 'a' * 40)):
    request = {'model': model, 'revision': revision, 'precision': 'float32'}
    path = f'{model}_eval_request_False_float32_Original_{revision[:12]}.json'
    api.upload_file(path_or_fileobj=json.dumps(request).encode(), path_in_repo=path, repo_id='someone/queue',
                    repo_type='dataset')
"""
READ = """
import json, sys
from huggingface_hub import HfApi, hf_hub_download
api = HfApi()
for name in sorted(api.list_repo_files(sys.argv[1], repo_type='dataset')):
    if name.endswith('.json'):
        print(name + '\\t' + json.dumps(json.load(open(hf_hub_download(sys.argv[1], name, repo_type='dataset')))))
"""
PERPLEXITY = ("--suite", "perplexity", "--set", "data=./texts.jsonl", "--set", "text=text")


def on_hub(place: Path, code: str, *arguments: object) -> str:
    from factory.local_hub import LocalHub

    with LocalHub(place / ".factory" / "hub") as hub:
        home = str(place / "home")
        done = run("-c", code, *arguments, cwd=place, HF_HOME=home, **hub.environment())
    assert done.returncode == 0, done.stderr
    return done.stdout


def stored(place: Path, repo: str) -> dict[str, Any]:
    lines = [line.split("\t", 1) for line in on_hub(place, READ, repo).splitlines()]
    return {name: json.loads(content) for name, content in lines}


def test_scores_are_pushed_once_and_name_no_place_of_this_machine(place: Path) -> None:
    for _ in range(2):
        done = evaluate(place, "./one", *PERPLEXITY, "--push", "someone/results")
        assert done.returncode == 0, done.stderr
    [(path, content)] = stored(place, "someone/results").items()
    assert path.startswith("local/one/results_") and path.endswith(".json")
    assert content["config_general"]["model_name"] == content["factory"]["model"] == "local/one"
    assert content["results"]["all"] and str(place / "one") not in json.dumps(content)


def test_a_copy_under_another_name_is_not_measured_again(place: Path) -> None:
    first = evaluate(place, "./one", *PERPLEXITY, "--json")
    if not (place / "copy").exists():
        (place / "copy").mkdir()
        for path in (place / "one").iterdir():
            (place / "copy" / path.name).write_bytes(path.read_bytes())
    second = evaluate(place, "./copy", *PERPLEXITY, "--json")
    assert second.returncode == 0, second.stderr
    scores = {entry["model"].rpartition("/")[2]: entry["scores"] for entry in json.loads(second.stdout)}
    assert first.returncode == 0 and scores["copy"] == scores["one"]


def test_a_queue_is_worked_past_a_model_that_fails(place: Path) -> None:
    on_hub(place, QUEUE)
    done = evaluate(place, *PERPLEXITY, "--requests", "someone/queue", "--push", "someone/queued")
    assert done.returncode == 1 and "1 of 2 requests failed: someone/gone" in done.stderr, done.stderr
    state = {content["model"]: content for content in stored(place, "someone/queue").values()}
    assert state["someone/tiny"]["status"] == "FINISHED" and state["someone/gone"]["status"] == "FAILED"
    assert "someone/gone" in state["someone/gone"]["note"]
    assert [path.rpartition("/")[0] for path in stored(place, "someone/queued")] == ["someone/tiny"]

    again = evaluate(place, *PERPLEXITY, "--requests", "someone/queue")
    assert again.returncode == 0 and "no request waits" in again.stdout, again.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name the models to score"),
        (("./one", "--requests", "a/b"), "not both"),
        (("./one", "--limit", "3"), "no limit of its own"),
        (("./one", "--push", "no repo"), "--push: 'no repo' is no name of a repo"),
        (("--requests", "no repo"), "--requests: 'no repo' is no name of a repo"),
        (("--requests", "a/b", "--push", "a/b--c"), "--push: the repo name 'b--c' has '--' in it"),
    ],
)
def test_what_is_to_be_scored_is_said_once(place: Path, arguments: tuple[Any, ...], message: str) -> None:
    done = evaluate(place, *arguments, *PERPLEXITY)
    assert done.returncode == 2 and message in done.stderr, done.stderr
