"""What the check `meaning` rejects of professional translations and finds of other rows' translations, by language.

    python benchmarks/checks/meaning.py FOLDER [--rows 200] [--vectors FOLDER] [--source eng_Latn] [--damage arb_Arab]

FOLDER is as for `languages.py`. For each language: true pairs that the default limit rejects; translations of a row of
another document, and of the very next row, that it finds, and that a limit would find which rejects 1 % of the true
pairs; what the default checks, without `meaning`, find of them; lost and inserted rows that `factory.look.alignment`
places exactly. `--damage` names languages whose pairs are also damaged as `languages.py` does it. Vectors are kept in
the folder of `--vectors`, by which a stopped run goes on. Writes results/checks_meaning.json, its plot, and the table
of docs/meaning.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.checks.languages import DAMAGES, Pair, Texts, code_of, rejected
from benchmarks.measure import RESULTS, save
from factory.checks import Check, parse_check
from factory.look.alignment import Alignment, Stretch
from factory.rows.embeddings import bundled

DOCS = Path(__file__).resolve().parents[2] / "docs" / "meaning.md"
APART = 20  # rows: a row of another document is at least this far away
TIMED = 16  # pairs embedded for the speed
KINDS = ("numbers changed", "entities changed", "half dropped")
MOVED = (("lost", 1), ("lost", 2), ("inserted", 1), ("inserted", 2))


class Kept:
    """The bundled model, each text asked once; what it said is kept in a folder, a file for each language."""

    def __init__(self, folder: Path | None) -> None:
        self.folder, self.model = folder, bundled()
        self.known: dict[str, Any] = {}

    def open(self, name: str, texts: Sequence[str]) -> None:
        file = self.folder / f"{name}.npz" if self.folder else None
        if file and file.exists():
            with np.load(file) as held:
                self.known |= dict(zip(held["texts"].tolist(), held["vectors"], strict=True))
        self(texts)
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
            np.savez(file, texts=np.array(texts), vectors=np.stack([self.known[text] for text in texts]))

    def __call__(self, texts: Sequence[str]) -> Any:
        missing = [text for text in dict.fromkeys(texts) if text not in self.known]
        if missing:
            self.known |= dict(zip(missing, self.model.encode(missing), strict=True))
        return np.stack([self.known[text] for text in texts])


def scores(check: Check, pairs: list[Pair]) -> Any:
    return np.array(check.scores([a for a, _ in pairs], [b for _, b in pairs]))


def measure(pairs: list[Pair], source: str, target: str, encode: Kept) -> dict[str, Any]:
    random, count = Random(0), len(pairs)
    check = parse_check("meaning").in_language(code_of(target), code_of(source)).embedding_with(encode)
    check = check.survey([([a for a, _ in pairs], [b for _, b in pairs])])
    wrong = {
        "another row": [pairs[(row + random.randrange(APART, count - APART)) % count][1] for row in range(count)],
        "next row": [pairs[(row + 1) % count][1] for row in range(count)],
    }
    true = scores(check, pairs)
    strict = float(np.quantile(true, 0.01))
    result: dict[str, Any] = {"rows": count, "false": float((true < check.limit).mean()), "limit at 1 %": strict}
    for name, targets in wrong.items():
        damaged = [(a, b) for (a, _), b in zip(pairs, targets, strict=True)]
        found = scores(check, damaged)
        result[name] = {
            "found": float((found < check.limit).mean()),
            "at 1 % false": float((found < strict).mean()),
        }
        if name == "another row":
            result[name]["by the default checks"] = rejected(damaged, source, target)[0] / count
    result["out of line"] = out_of_line(pairs, encode)
    return result


def out_of_line(pairs: list[Pair], encode: Kept) -> float:
    """Share of lost or inserted rows that are placed to the row, with the direction and how far."""
    sources, targets = map(list, zip(*pairs, strict=True))
    exact = tried = 0
    for kind, rows in MOVED:
        for place in range(20, len(pairs) - 20, 30):
            if kind == "lost":
                moved, wanted = targets[:place] + targets[place + rows :], Stretch(place, None, rows)
            else:
                moved = targets[:place] + targets[-rows:] + targets[place:-rows]
                wanted = Stretch(place + rows, None, -rows)
            left = sources[: len(moved)]
            alignment = Alignment(encode)
            alignment.add((left, moved), 0)
            found = alignment.stretches(
                lambda start, stop, moved=moved, left=left: (left[start:stop], moved[start:stop])
            )
            exact += found == [wanted]
            tried += 1
    return exact / tried


def damages(pairs: list[Pair], source: str, target: str, encode: Kept) -> dict[str, Any]:
    check = parse_check("meaning").in_language(code_of(target), code_of(source)).embedding_with(encode)
    check = check.survey([([a for a, _ in pairs], [b for _, b in pairs])])
    strict = float(np.quantile(scores(check, pairs), 0.01))
    found = {}
    for kind in KINDS:
        if broken := DAMAGES[kind](pairs[:100], code_of(target)):
            values = scores(check, broken)
            found[kind] = {
                "found": float((values < check.limit).mean()),
                "at 1 % false": float((values < strict).mean()),
            }
    return found | paragraphs(pairs, check)


def paragraphs(pairs: list[Pair], check: Check) -> dict[str, Any]:
    """Documents of five paragraphs of two sentences, and the same with one paragraph of another document."""
    parts = [tuple(" ".join(side) for side in zip(*pairs[row : row + 2], strict=True)) for row in range(0, 100, 2)]
    documents = [parts[row : row + 5] for row in range(0, len(parts), 5)]
    good = [tuple("\n\n".join(side) for side in zip(*document, strict=True)) for document in documents]
    bad = []
    for number, document in enumerate(documents):
        other = documents[(number + 1) % len(documents)]
        for place in range(5):
            changed = [(a, other[place][1] if row == place else b) for row, (a, b) in enumerate(document)]
            bad.append(tuple("\n\n".join(side) for side in zip(*changed, strict=True)))
    return {
        "one of five paragraphs": {
            "found": float((scores(check, bad) < check.limit).mean()),
            "false": float((scores(check, good) < check.limit).mean()),
        }
    }


def speed(pairs: list[Pair]) -> dict[str, float]:
    """Rows of two texts per second of processor time, of the model alone."""
    model = bundled()
    texts = [side for pair in pairs[:TIMED] for side in pair]
    started, clock = time.process_time(), time.monotonic()
    model.encode(texts)
    return {
        "rows per processor second": TIMED / (time.process_time() - started),
        "rows per second": TIMED / (time.monotonic() - clock),
        "characters per row": sum(map(len, texts)) / TIMED,
    }


def table(languages: dict[str, dict[str, Any]]) -> str:
    lines = [
        "| language | good pairs rejected | another row | next row | another row, 1 % false | next row, 1 % false |"
        " another row, default checks | rows out of line |",
        "| --- " * 8 + "|",
    ]
    for name, result in sorted(languages.items(), key=lambda entry: code_of(entry[0])):
        one, other = result["another row"], result["next row"]
        cells = [f"{100 * result['false']:.1f} %"]
        cells += [
            f"{share:.2f}" for share in (one["found"], other["found"], one["at 1 % false"], other["at 1 % false"])
        ]
        cells += [f"{one['by the default checks']:.2f}", f"{result['out of line']:.2f}"]
        lines.append(f"| {code_of(name)} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def plot(languages: dict[str, dict[str, Any]]) -> None:
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    names = sorted(languages, key=lambda name: languages[name]["next row"]["at 1 % false"])
    figure, axes = plt.subplots(figsize=(7, 0.18 * len(names) + 1.2))
    for kind, mark in (("another row", "o"), ("next row", "x")):
        axes.plot([languages[name][kind]["at 1 % false"] for name in names], range(len(names)), mark, label=kind)
    axes.set_yticks(range(len(names)), [code_of(name) for name in names], fontsize=7)
    axes.set_xlabel("found by `meaning` at a limit that rejects 1 % of good pairs")
    axes.legend()
    figure.tight_layout()
    figure.savefig(RESULTS / "checks_meaning.svg")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--source", default="eng_Latn")
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--damage", nargs="*", default=[])
    parser.add_argument("--only", nargs="*", help="these languages; default: all of the folder")
    options = parser.parse_args()
    texts, encode = Texts(options.folder), Kept(options.vectors)
    results: dict[str, Any] = {"source": options.source, "languages": {}, "damages": {}}
    for target in sorted(set(options.only or texts.names) - {options.source}):
        pairs = texts.pairs(options.source, target, options.rows)
        encode.open(options.source, [a for a, _ in pairs])
        encode.open(target, [b for _, b in pairs])
        results["languages"][target] = measure(pairs, options.source, target, encode)
        if target in options.damage:
            results["damages"][target] = damages(pairs, options.source, target, encode)
    results["speed"] = speed(pairs)
    save("checks_meaning", results)
    plot(results["languages"])
    head = DOCS.read_text(encoding="utf-8").split("\n| language |")[0]
    DOCS.write_text(f"{head}\n{table(results['languages'])}", encoding="utf-8")


if __name__ == "__main__":
    main()
