"""The card of a model that sees: its snippets run as they are printed, and what it says of serving is safe."""

from __future__ import annotations

import re
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import transformers

from factory.engines.vision import load_processor
from factory.models.models import load_tokenizer
from factory.publishing.cards.model import _pixels
from factory.publishing.cards.text import environment
from tests.tiny_vision import drawn, make_qwen2_vl

ADDRESS = re.compile(r'"https://[^"]+"')


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_qwen2_vl(tmp_path_factory.mktemp("sees"))


def printed(folder: Path) -> str:
    return environment().get_template("partials/load_image.md").render(repo=str(folder), pixels=_pixels(folder))


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The files that the snippets name, and the address of one of them."""
    (tmp_path / "picture.png").write_bytes(drawn("green"))
    (tmp_path / "other.png").write_bytes(drawn("blue", (90, 60)))
    (tmp_path / "frames").mkdir()
    for number in range(3):
        (tmp_path / "frames" / f"{number:04d}.png").write_bytes(drawn("red", (56 + 28 * number, 56)))
    monkeypatch.chdir(tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/picture.png"
    server.shutdown()
    server.server_close()


def test_the_snippets_run_as_printed(
    folder: Path, beside: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not find_spec("torchvision"):  # then AutoProcessor alone cannot be had: the factory's way of loading stands in
        loaded = staticmethod(lambda name: load_processor(Path(name), load_tokenizer(Path(name))))
        monkeypatch.setattr(transformers.AutoProcessor, "from_pretrained", loaded)
    known: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", printed(folder), re.DOTALL)
    assert len(blocks) == 3 and len(ADDRESS.findall("".join(blocks))) == 1
    for block in blocks:
        exec(compile(ADDRESS.sub(repr(beside), block), "README.md", "exec"), known)
    answers = [line for line in capsys.readouterr().out.splitlines() if line.startswith("[")]
    assert [len(eval(answer)) for answer in answers] == [1, 1, 2, 1, 1, 1, 1]
    alone, inline, fetched = (eval(answers[number])[0] for number in (0, 4, 5))
    assert alone == inline == fetched, "one picture, whichever way it comes"
    ask, text = known["ask"], known["text"]
    batch = eval(answers[2])
    assert batch[0] == ask([known["picture"], text("What is in it?")])[0], "a batch says what each alone does"


def test_serving_reads_no_file_and_fetches_nothing(folder: Path) -> None:
    [command] = re.findall(r"```bash\n(.*?)```", printed(folder), re.DOTALL)
    assert "--allowed-local-media-path" not in command and "VLLM_MEDIA_URL_ALLOW_REDIRECTS=0" in command
    assert "--allowed-media-domains none.invalid" in command and "--limit-mm-per-prompt" in command


def test_a_processor_that_does_not_count_pixels_has_no_bounds(tmp_path: Path) -> None:
    assert _pixels(tmp_path) is None
    (tmp_path / "preprocessor_config.json").write_text('{"size": {"height": 9, "width": 9}}')
    assert _pixels(tmp_path) is None
    assert "image_processor.size" not in printed(tmp_path)
