"""Writes labelled.jsonl: good English-Arabic pairs and broken ones, of the ways in which models fail to translate.

good.tsv and broken.tsv are written by hand for this benchmark. Further broken pairs are made here of the good ones:
rows out of line, loops, cut ends, dropped passages and lines, lost lists, changed numbers, translations said twice,
gone on with, dressed up or garbled, one leaked example for many sources.
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


def one_number(good: list[Pair]) -> Iterator[Pair]:
    """With another last digit in the last number."""
    for source, target in good:
        found = re.findall(r"\d+", target)
        if found and "`" not in source and "http" not in source:
            place = target.rindex(found[-1]) + len(found[-1]) - 1
            yield source, f"{target[:place]}{(int(target[place]) + 3) % 10}{target[place + 1 :]}"


def lost_lines(good: list[Pair]) -> Iterator[Pair]:
    for source, target in good:
        lines = target.split("\n")
        if "```" not in source and len(list(filter(None, lines))) > 2:
            middle = len(lines) // 2
            middle += not lines[middle]
            yield source, "\n".join(lines[:middle] + lines[middle + 1 :])


def doubled(good: list[Pair]) -> Iterator[Pair]:
    for number, (source, target) in enumerate(pair for pair in good if 15 <= len(pair[0]) <= 120):
        if number % 5 == 0:
            yield source, f"{target}{(' ', chr(10), chr(10) * 2)[number % 3]}{target}"


def gone_on(good: list[Pair]) -> Iterator[Pair]:
    """With the beginning of the next row."""
    long = [pair for pair in good if 40 <= len(pair[0]) <= 120 and pair[0][-1] == "."]
    for (source, target), (_, following) in zip(long[::3], long[1::3], strict=False):
        yield source, f"{target} {following}"


def wrapped(good: list[Pair]) -> Iterator[Pair]:
    ways = (
        "«{}»",
        '"{}"',
        "**{}**",
        '{{"translation": "{}"}}',
        "<translation>{}</translation>",
        "> {}",
        "```\n{}\n```",
    )
    plain = [pair for pair in good if pair[0][0].isalpha() and pair[0][-1] in ".?" and "\n" not in pair[0]]
    for number, (source, target) in enumerate(plain[1::4]):
        yield source, ways[number % len(ways)].format(target)


def garbled(good: list[Pair]) -> Iterator[Pair]:
    plain = [pair for pair in good if 30 <= len(pair[0]) <= 120 and not re.search(r"[A-Za-z`]", pair[1])]
    for number, (source, target) in enumerate(plain[2::5]):
        middle = len(target) // 2
        yield (
            source,
            (
                target[:middle] + "\ufffd" + target[middle + 1 :],
                target.encode("unicode_escape").decode(),
                target[::-1],
                target.replace(" ", ""),
                " ".join(target.replace(" ", "")),
            )[number % 5],
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
    "lost_line": lost_lines,
    "changed_numbers": changed_numbers,
    "changed_number": one_number,
    "doubled": doubled,
    "gone_on": gone_on,
    "wrapped": wrapped,
    "garbled": garbled,
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
