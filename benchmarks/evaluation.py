"""Multiple-choice evaluation: ours beside plain lighteval, the same model, questions and answers, in one run.

    python benchmarks/evaluation.py            -> benchmarks/results/evaluation.json

The model has the size of the demo's. Plain lighteval is its own TransformersModel on the very documents; both score
every choice in float32 with the same batch size. They take turns, and of several rounds the best counts.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from measure import save

from factory.demo.benchmark import benchmark_rows
from factory.engines import scorer_for
from factory.evaluate.lighteval_model import scoring_model
from factory.evaluate.suites.multiple_choice import MultipleChoice
from factory.profile import Profile
from factory.step.surroundings import contained

OPTIONS = ["Option 1", "Option 2", "Option 3", "Option 4"]


def model(folder: Path) -> Path:
    """Of the demo's base model the size and the kind, from nothing; its tokenizer learnt on the questions."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import Lfm2Config, Lfm2ForCausalLM, PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer, raw.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=4096, special_tokens=["<s>", "</s>"], show_progress=False)
    raw.train_from_iterator((str(row["ar"]) for row in benchmark_rows(0)), trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, bos_token="<s>", eos_token="</s>", pad_token="</s>")
    torch.manual_seed(0)
    config = Lfm2Config(
        vocab_size=4096,
        hidden_size=128,
        intermediate_size=344,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        layer_types=["conv", "full_attention"] * 2,
        block_auto_adjust_ff_dim=False,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    Lfm2ForCausalLM(config).save_pretrained(folder)  # random: the time is the same
    tokenizer.save_pretrained(folder)
    return folder


def questions(formulation: Any, n: int) -> list[Any]:
    suite = MultipleChoice(
        models=["m"], data=["d"], question="Question", options=OPTIONS, answer="Answer Key", formulation=formulation
    )
    return [suite._doc(row["ar"]) for row in benchmark_rows(0)[:n]]


def plain(folder: Path) -> Any:
    import torch
    from lighteval.models.transformers.transformers_model import TransformersModel, TransformersModelConfig
    from transformers import AutoModelForCausalLM

    class Offline(TransformersModelConfig):
        def get_model_sha(self) -> str:
            return ""

    config = Offline(
        model_name="m",
        tokenizer=str(folder),
        batch_size=32,
        device="cpu",
        cache_dir=str(folder),
        override_chat_template=False,
    )
    return TransformersModel.from_model(AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32), config)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--questions", type=int, default=300)
    chosen = options.parse_args()
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as scratch, contained():
        folder = model(Path(scratch) / "model")
        theirs = plain(folder)
        profile = Profile(engine="transformers", device="cpu", dtype="float32", batch_size=32)
        with scorer_for(folder, profile) as scorer:
            ours = scoring_model(
                scorer, chat_template=False, scoring="clean", cache=scratch, advance=lambda *_, **__: None
            )
            for formulation in ("MCF", "CF"):
                docs = questions(formulation, chosen.questions)
                seconds: dict[str, list[float]] = {"ours": [], "lighteval": []}
                answers: dict[str, Any] = {}
                for _ in range(chosen.rounds):
                    for name, score in (("ours", ours.loglikelihood), ("lighteval", theirs._loglikelihood_tokens)):
                        started = time.perf_counter()
                        answers[name] = [response.logprobs for response in score(docs)]
                        seconds[name].append(time.perf_counter() - started)
                apart = max(
                    abs(a - b)
                    for one, other in zip(answers["ours"], answers["lighteval"], strict=True)
                    for a, b in zip(one, other, strict=True)
                )
                best = {name: round(min(times), 4) for name, times in seconds.items()}
                found[formulation] = {
                    "questions": len(docs),
                    "seconds": best,
                    "ratio": round(best["ours"] / best["lighteval"], 3),
                    "nats_apart": apart,
                }
                print(formulation, found[formulation])
    save("evaluation", {"rounds": chosen.rounds, **found})


if __name__ == "__main__":
    main()
