"""Where models begin: the Hub, a folder, an endpoint. Each is a node of the graph like any step."""

from __future__ import annotations

import shutil
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from factory.engines import ENDPOINT_FILE
from factory.engines.weights import INDEX, model_files, needed_weights, weight_files
from factory.errors import FactoryError
from factory.models.models import read_config
from factory.models.outline import SMALL_FILES, TEMPLATES, TOKENIZER, read_outline
from factory.step.base import Source
from factory.step.outline import Outline
from factory.store import canonical, file_digest, write_atomically

if TYPE_CHECKING:
    from factory.step.job import Job

SMALL_BYTES = 4_000_000  # a tokenizer that a plan may fetch
UNKNOWN = "unresolved"  # what an endpoint's answers state, before the first one


class HubModel(Source):
    """A model's weights (safetensors only), configuration and tokenizer at a commit; `code`: its own modules too."""

    produces: ClassVar[Literal["dataset", "model"]] = "model"

    repo: str
    revision: str
    code: bool = False

    def parameters(self) -> dict[str, Any]:
        return super().parameters() if self.code else {"repo": self.repo, "revision": self.revision}

    def outline(self, timeout: float) -> Outline:
        """By the small files of the repo, which stay in the cache of the Hub's client.

        Raises:
            FactoryError: there is no model in the repo, or the Hub does not answer in `timeout` seconds.
        """
        from huggingface_hub import hf_hub_download, snapshot_download

        from factory.hub.client import api, hub_errors, no_bars

        with hub_errors(self.repo, kind="model"), no_bars():
            info = api().model_info(self.repo, revision=self.revision, files_metadata=True, timeout=timeout)
            sizes = {file.rfilename: file.size or 0 for file in info.siblings or ()}
            index = None
            if INDEX in sizes:
                index = Path(hf_hub_download(self.repo, INDEX, revision=self.revision)).read_bytes()
            _of_model([*sizes], index, self.repo, self.code)
            small = sizes.get(TOKENIZER, 0) <= SMALL_BYTES
            wanted = [*SMALL_FILES, *TEMPLATES, *([TOKENIZER] if small else [])]
            folder = Path(snapshot_download(self.repo, revision=self.revision, allow_patterns=wanted))
            return read_outline(folder, [*sizes])

    def run(self, job: Job) -> None:
        from huggingface_hub import hf_hub_download, snapshot_download

        from factory.hub.client import api, hub_errors

        target = job.out / "model"
        with hub_errors(self.repo, kind="model"), job.progress.task(f"fetch {self.repo}", unit="files"):
            names = api().list_repo_files(self.repo, revision=self.revision)
            index = None
            if INDEX in names:
                index = Path(hf_hub_download(self.repo, INDEX, revision=self.revision, local_dir=target)).read_bytes()
            wanted = [escape(name) for name in _of_model(names, index, self.repo, self.code)]
            snapshot_download(self.repo, revision=self.revision, local_dir=target, allow_patterns=wanted)
        shutil.rmtree(target / ".cache", ignore_errors=True)  # how far the download was
        if weight_files(target):  # an encoder in modules may have its weights further down
            needed_weights(target, self.repo)


class LocalModel(Source):
    """A model folder on this machine; `digest` covers its files."""

    produces: ClassVar[Literal["dataset", "model"]] = "model"

    path: str
    digest: str

    def parameters(self) -> dict[str, Any]:
        return {"digest": self.digest}

    def outline(self) -> Outline:
        """
        Raises:
            FactoryError: there is no model in the folder, or not the whole of it.
        """
        self._names()
        needed_weights(Path(self.path))
        return read_outline(Path(self.path))

    def run(self, job: Job) -> None:
        source, target = Path(self.path), job.out / "model"
        for name in self._names():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, target / name)
        needed_weights(target, self.path)

    def _names(self) -> list[str]:
        source = Path(self.path)
        names = [path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()]
        index = (source / INDEX).read_bytes() if INDEX in names else None
        code = "config.json" in names and "auto_map" in read_config(source, self.path)
        return _of_model(names, index, self.path, code)


class AnsweringModel(Source):
    """A model behind an endpoint. Its name there is its identity, and the name that its answers state.

    What the recipe calls the endpoint, and its address, may change: the model stays the same.
    """

    produces: ClassVar[Literal["dataset", "model"]] = "model"

    endpoint: str
    model: str
    answers_as: str

    def parameters(self) -> dict[str, Any]:
        return {"model": self.model, "answers_as": self.answers_as}

    def run(self, job: Job) -> None:
        (job.out / "model").mkdir(exist_ok=True)
        write_atomically(job.out / "model" / ENDPOINT_FILE, canonical(self.parameters()).encode())
        job.notes.append(f"{self.model} answers as {self.answers_as}")


def local_model(path: Path) -> LocalModel:
    return LocalModel(path=str(path), digest=file_digest(path))


def _of_model(names: list[str], index: bytes | None, where: str, code: bool) -> list[str]:
    try:
        found = model_files(names, index, code)
        if missing := [name for name in found if name not in names]:
            raise FactoryError(
                f"the index names {missing[0]}, which is not there", fix="take a whole copy of the model"
            )
        return found
    except ValueError as error:
        raise FactoryError(f"{INDEX} cannot be read: {error}", where=where) from None
    except FactoryError as error:
        error.where = where
        raise
