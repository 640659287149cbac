"""Writes labelled.jsonl: good English-Arabic pairs and broken ones, of the ways in which models fail to translate.

good.tsv and broken.tsv are written by hand for this benchmark. Further broken pairs are made here of the good ones:
rows out of line, loops, cut ends, dropped passages, lost lists, changed numbers, one leaked example for many sources.
Half of each class, drawn by a digest of the pair, is `held_out`: no limit was chosen and no pattern written by looking
at it.

    python benchmarks/checks/make_labelled.py
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
LEAKED = (
    "ما الذي يسبب تعاقب الليل والنهار على سطح الأرض؟",
    "أي مما يلي يصف وظيفة الجذور في النبات وصفا صحيحا؟ أ) امتصاص الماء ب) صنع الغذاء ج) جذب الحشرات",
)

Pair = tuple[str, str]


def read(name: str) -> list[tuple[str, str, str]]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [
        (kind, unescape(source), unescape(target)) for kind, source, target in (line.split("\t") for line in lines)
    ]


def unescape(text: str) -> str:
    return text.replace("\\\\", "\0").replace("\\n", "\n").replace("\0", "\\")


def out_of_line(good: list[Pair]) -> Iterator[Pair]:
    """The source beside the translation of one of like length."""
    long = sorted((pair for pair in good if len(pair[0]) >= 30), key=lambda pair: len(pair[0]))
    for index in range(0, len(long) - 3, 2):
        yield long[index][0], long[index + 3][1]


def loops(good: list[Pair]) -> Iterator[Pair]:
    for source, target in [pair for pair in good if 40 <= len(pair[0]) <= 120][::5]:
        words = target.rstrip(".؟!").split()
        yield source, " ".join(words[:4] + words[-3:] * 15)
    for source, target in [pair for pair in good if 30 <= len(pair[0]) <= 90][3::14]:
        yield source, f"{target.split()[0]} {'ها' * 60}"


def cut_ends(good: list[Pair]) -> Iterator[Pair]:
    for source, target in [pair for pair in good if len(pair[0]) >= 70 and pair[0][-1] in ".!?"][::2]:
        words = target.split(" ")
        yield source, " ".join(words[: max(3, int(len(words) * 0.6))]).rstrip(".،؛؟!:")


def dropped(good: list[Pair]) -> Iterator[Pair]:
    """Without the last sentences, or with only the first line."""
    for source, target in good:
        if "```" in source:
            continue
        sentences = re.split(r"(?<=[.؟!])\s+", target)
        if "\n" in target:
            yield source, target.split("\n")[0]
        elif len(sentences) > 2:
            yield source, sentences[0]
            yield source, " ".join([sentences[0], sentences[-1]])
        elif len(sentences) == 2 and min(map(len, sentences)) > 20:
            yield source, sentences[0]


def lost_lists(good: list[Pair]) -> Iterator[Pair]:
    for source, target in good:
        if re.search(r"^(?:\d+\.|[-*|]) ", source, re.MULTILINE):
            yield source, re.sub(r"^(?:[\d٠-٩]+\.|[-*]) |[|#]|---", "", target, flags=re.MULTILINE)
            yield (
                source,
                "، ".join(re.sub(r"^(?:[\d٠-٩]+\.|[-*|#]+) ", "", line) for line in target.split("\n") if line),
            )


def changed_numbers(good: list[Pair]) -> Iterator[Pair]:
    for source, target in good:
        if len(re.findall(r"\d", target)) >= 3 and "`" not in source and "http" not in source:
            yield (
                source,
                re.sub(r"\d+", lambda match: str((int(match[0]) * 3 + 7) % 10 ** max(3, len(match[0]))), target),
            )


def leaked_examples(good: list[Pair]) -> Iterator[Pair]:
    questions = [source for source, _ in good if source.endswith("?")][:12]
    for index, source in enumerate(questions):
        yield source, LEAKED[index % 2]


MADE = {
    "out_of_line": out_of_line,
    "loop": loops,
    "cut_off": cut_ends,
    "dropped": dropped,
    "lost_list": lost_lists,
    "changed_numbers": changed_numbers,
    "leaked_example": leaked_examples,
}


def rows() -> Iterator[dict[str, str]]:
    known = read("good.tsv")
    for kind, source, target in known:
        yield row("good", kind, source, target)
    for kind, source, target in read("broken.tsv"):
        yield row("broken", kind, source, target)
    good = [(source, target) for _, source, target in known]
    for kind, make in MADE.items():
        for source, target in make(good):
            yield row("broken", kind, source, target)
    for source, _ in good[::30]:
        yield row("broken", "empty", source, "")


def row(label: str, kind: str, source: str, target: str) -> dict[str, str]:
    digest = zlib.crc32(f"{kind}\0{source}\0{target}".encode())
    half = "held_out" if digest >> 7 & 1 else "tuning"
    return {"label": label, "kind": kind, "half": half, "source": source, "target": target}


if __name__ == "__main__":
    found = list(rows())
    with (HERE / "labelled.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in found)
    print(f"{len(found)} pairs, {sum(one['label'] == 'good' for one in found)} of them good")
