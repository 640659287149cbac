"""Tokens per word on FLORES-200 before and after `expand_vocab`, for tokenizers trained here on English.

The Llama-2-type tokenizer is BPE over characters with bytes for those it lacks. Llama 2's own vocabulary holds the
Arabic letters; one trained on English alone does not and starts far higher. Both are measured, and byte-level BPE.

    python benchmarks/expand_vocab/run.py DATA [--size 16000]

DATA holds parallel/train.en-ar.tsv, instructions/ and flores200/.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1]))

import measure

from factory.models.vocabulary.fertility import tokens_per_word
from factory.models.vocabulary.grow import grown
from factory.models.vocabulary.kinds import kind_of, next_id
from factory.models.vocabulary.learn import learn
from factory.models.vocabulary.letters import Letters
from tests.tokenizer_kinds import llama_type

LETTERS = "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيًٌٍَُِّْ،؟"


def english(data: Path) -> list[str]:
    pairs = (data / "parallel/train.en-ar.tsv").read_text(encoding="utf-8").splitlines()
    found = [line.split("\t")[0] for line in pairs]
    for row in json.loads((data / "instructions/alpaca_en_demo.json").read_text(encoding="utf-8")):
        found += [value for value in row.values() if isinstance(value, str) and value]
    for line in (data / "instructions/user_oriented_instructions.jsonl").read_text(encoding="utf-8").splitlines():
        found += list(_strings(json.loads(line)))
    return found


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)


def byte_level(texts: list[str], size: int) -> dict[str, Any]:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
    )
    return json.loads(made.to_str())


def one(document: dict[str, Any], arabic: list[str], size: int, flores: dict[str, list[str]], checked: list[str]):
    from tokenizers import Tokenizer

    started = time.monotonic()
    kind = kind_of(document)
    pieces = learn(document, kind, lambda: arabic, Letters.of("ar"), size)
    wide = grown(document, pieces)
    seconds = time.monotonic() - started
    before, after = (Tokenizer.from_str(json.dumps(part)) for part in (document, wide))
    changed = [text for text in checked if before.encode(text).ids != after.encode(text).ids]
    lost = sum(after.decode(after.encode(text).ids).strip() != text.strip() for text in flores["ar"])
    words = {
        language: {
            name: round(tokens_per_word(tokenizer, texts) or 0, 3)
            for name, tokenizer in (("before", before), ("after", after))
        }
        for language, texts in flores.items()
    }
    return {
        "kind": kind,
        "vocabulary": {"before": next_id(document), "after": next_id(wide)},
        "tokens_per_word": words,
        "arabic_fewer_percent": round(100 * (1 - words["ar"]["after"] / words["ar"]["before"]), 1),
        "english_texts_checked": len(checked),
        "english_texts_cut_otherwise": len(changed),
        "arabic_texts_not_decoded_to_themselves": lost,
        "seconds": round(seconds, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--size", type=int, default=16_000)
    arguments = parser.parse_args()
    data: Path = arguments.data
    texts = english(data)
    arabic = [
        line.split("\t")[1]
        for line in (data / "parallel/train.en-ar.tsv").read_text(encoding="utf-8").splitlines()
        if line.count("\t") >= 1
    ]
    flores = {
        language: (data / f"flores200/{name}.devtest").read_text(encoding="utf-8").splitlines()
        for language, name in (("ar", "arb_Arab"), ("en", "eng_Latn"))
    }
    letters = Letters.of("ar")
    checked = [text for text in [*flores["en"], *texts] if not any(character in letters for character in text)]
    documents = {
        "Llama-2 type, Arabic letters as pieces": json.loads(llama_type(texts, 12_000, LETTERS).to_str()),
        "Llama-2 type, English only": json.loads(llama_type(texts, 12_000).to_str()),
        "byte-level BPE, English only": byte_level(texts, 12_000),
    }
    runs = {name: one(document, arabic, arguments.size, flores, checked) for name, document in documents.items()}
    content = {
        "what": "FLORES-200 devtest, 1,012 sentences; pieces learnt on the Arabic side of 17,283 Tatoeba pairs",
        "pieces_asked_for": arguments.size,
        "runs": runs,
    }
    print(json.dumps(content, indent=2))
    measure.save("expand_vocab", content)
    plot(runs)


def plot(runs: dict[str, Any]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
    for row, run in enumerate(runs.values()):
        for offset, (language, label) in enumerate((("ar", "Arabic"), ("en", "English"))):
            words = run["tokens_per_word"][language]
            for when, shade in (("before", 0.35), ("after", 1.0)):
                axes.barh(
                    row + 0.2 * (2 * offset - 1) + (0.09 if when == "after" else -0.09),
                    words[when],
                    height=0.17,
                    color="#4878a8" if language == "ar" else "#808890",
                    alpha=shade,
                    label=f"{label}, {when}" if row == 0 else None,
                )
    axes.set_yticks(range(len(runs)), list(runs))
    axes.invert_yaxis()
    axes.set_xlabel("tokens per word on FLORES-200")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(measure.RESULTS / "expand_vocab.svg")


if __name__ == "__main__":
    main()
