"""What is imported is declared, and what is reached through private names is as it was."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from factory.step.surroundings import contained

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
APART = {"vllm"}  # lives in an environment of its own, see docs/engines.md
APPS = {path.stem for path in (ROOT / "spaces").glob("*/*")}  # an app's modules have names of their own
OWN = {"factory", "tests", "benchmarks", "measure", *APPS}
ZERO_GPU = {"spaces"}  # is there on the Hub's machines of that kind alone
PEERS = {
    "distilabel",
    "datatrove",
    "gguf",
    "opusfilter",
    "vllm",
}  # what benchmarks compare with, named in their READMEs


def distribution(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", name, maxsplit=1)[0]).lower()


DECLARED = {distribution(line) for line in PROJECT["dependencies"]}
EXTRAS = {distribution(line) for lines in PROJECT["optional-dependencies"].values() for line in lines}


def imports(folder: Path) -> Iterator[tuple[Path, str]]:
    """(file, top-level module) of every absolute import of another's module."""
    for path in sorted(folder.rglob("*.py")):
        beside = {other.stem for other in path.parent.iterdir()} if folder.name == "benchmarks" else set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in names:
                top = name.partition(".")[0]
                if top not in sys.stdlib_module_names | OWN | beside:
                    yield path, top


@pytest.mark.parametrize(
    ("folder", "allowed"),
    [
        ("factory", EXTRAS | APART),
        ("spaces", EXTRAS | ZERO_GPU),
        ("benchmarks", EXTRAS | PEERS),
        ("tests", EXTRAS | APART),
    ],
)
def test_every_import_is_declared(folder: str, allowed: set[str]) -> None:
    providers = packages_distributions()
    undeclared = {
        f"{path.relative_to(ROOT)} imports {top}"
        for path, top in imports(ROOT / folder)
        if not {distribution(name) for name in [top, *providers.get(top, [])]} & (DECLARED | allowed)
    }
    assert not undeclared, "\n".join(sorted(undeclared))


def test_nothing_is_declared_that_is_not_imported() -> None:
    providers = packages_distributions()
    found = {distribution(name) for _, top in imports(ROOT / "factory") for name in [top, *providers.get(top, [])]}
    held = {"xxhash", "nltk", "gradio", "python-multipart"}  # for lighteval, rouge-score, the Spaces and starlette
    assert found | held >= DECLARED


PRIVATE = {
    "trl.trainer.utils:_use_triton": ["device"],
    "trl:SFTTrainer._prepare_dataset": [
        "self", "dataset", "processing_class", "args", "packing", "formatting_func", "dataset_name",
    ],
    "trl:DPOTrainer._prepare_dataset": ["self", "dataset", "processing_class", "args", "dataset_name"],
    "trl:SFTTrainer._get_train_sampler": ["self", "train_dataset"],
    "trl:DPOTrainer._get_train_sampler": ["self", "train_dataset"],
    "trl.trainer.base_trainer:_BaseTrainer._send_telemetry": ["self"],
    "sacrebleu.metrics.bleu:BLEU._extract_corpus_statistics": ["self", "hypotheses", "references"],
    "sacrebleu.metrics.bleu:BLEU._compute_score_from_stats": ["self", "stats"],
    "sacrebleu.metrics.chrf:CHRF._extract_corpus_statistics": ["self", "hypotheses", "references"],
    "sacrebleu.metrics.chrf:CHRF._compute_score_from_stats": ["self", "stats"],
    "re:_parser.parse": ["str", "flags", "state"],
    "lighteval.pipeline:Pipeline._init_tasks_and_requests": ["self", "tasks"],
    "lighteval.tasks.registry:Registry._update_task_configs": ["self"],
    "lighteval.models.transformers.transformers_model:TransformersModel._loglikelihood_tokens": [
        "self", "docs", "rolling",
    ],
}  # fmt: skip
"""Every private name of another library that the factory calls or overrides, with its parameters."""


@pytest.mark.parametrize("door", PRIVATE)
def test_a_private_name_takes_what_it_took(door: str) -> None:
    module, _, path = door.partition(":")
    with contained():  # lighteval switches gradients off when it is imported
        found = importlib.import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    assert list(inspect.signature(found).parameters) == PRIVATE[door]  # type: ignore[arg-type]


def test_private_attributes_are_still_read() -> None:
    """TRL's count of tokens and choice of a kernel, the number of GPUs, a registry: what has no signature."""
    import tqdm
    from transformers import TrainingArguments
    from trl import SFTTrainer
    from trl.trainer import utils

    with contained():
        from lighteval.tasks.registry import Registry
    assert "self._total_train_tokens +=" in inspect.getsource(SFTTrainer)
    assert re.search(r"(?<!import )\b_use_triton\(", inspect.getsource(utils))
    assert "return self._n_gpu" in inspect.getsource(TrainingArguments.n_gpu.fget)
    assert "self._task_registry" in inspect.getsource(Registry._update_task_configs)
    assert "disable" in inspect.signature(tqdm.std.tqdm.__init__).parameters


def test_no_other_private_names_are_reached() -> None:
    """`thing._name` where `thing` is not self, cls or super() and the name is not one of the package's own."""
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "factory").rglob("*.py")}
    own = {name for text in texts.values() for name in re.findall(r"(?:def |self\.|class )(_[a-z]\w*)", text)}
    known = {part for door in PRIVATE for part in re.split(r"[:.]", door)} | {
        "_n_gpu",
        "_exit",
        "_replace",
        "_asdict",
        "_fields",
    }
    reached = {
        f"{path.relative_to(ROOT)}: {node.attr}"
        for path, text in texts.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and re.match(r"_[a-z]", node.attr) and node.attr not in own | known
    }
    assert not reached, "\n".join(sorted(reached))
