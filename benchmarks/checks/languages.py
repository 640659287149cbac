"""What the default checks reject of professional translations, and what they find of damaged ones, by language.

    python benchmarks/checks/languages.py NAME=FOLDER [NAME=FOLDER …] [--source eng_Latn] [--limit 1012]

A FOLDER holds files `xxx_Yyyy.devtest` (ISO 639-3, ISO 15924), line N the same sentence in all of them, as FLORES-200
does. Whatever is rejected of them counts as a false reject. The last folder's sentences are damaged as well, in ways
that a program can do in every language; `DAMAGES` says how. Writes results/checks_languages.json and the table of
docs/languages.md.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.checks import damages
from benchmarks.checks.damages import Damage, Pair
from benchmarks.measure import save
from factory.checks import DEFAULT, parse_check
from factory.checks.scoring import Scored
from factory.text.language_codes import language_of, script_of_code

DOCS = Path(__file__).resolve().parents[2] / "docs" / "languages.md"
DAMAGED = 200  # sentences of each language that are damaged


class Texts:
    """The lines of a folder's files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names = sorted(file.stem for file in folder.glob("*.devtest"))

    def pairs(self, source: str, target: str, limit: int) -> list[Pair]:
        columns = (
            (self.folder / f"{name}.devtest").read_text(encoding="utf-8").split("\n") for name in (source, target)
        )
        return [(a, b) for a, b in list(zip(*columns, strict=True))[:limit] if a and b]


def code_of(name: str) -> str:
    """The code that a maintainer would write: without the script that CLDR expects anyway."""
    code = name.replace("_", "-")
    language = language_of(code)
    return language if script_of_code(language) == script_of_code(code) else f"{language}-{script_of_code(code)}"


def refusals(pairs: list[Pair], source: str, target: str) -> dict[int, list[str]]:
    """The pairs that the default checks reject, and which of them do."""
    sources, targets = [a for a, _ in pairs], [b for _, b in pairs]
    checks = [parse_check(name).in_language(code_of(target), code_of(source)) for name in DEFAULT]
    scored = Scored([check.survey([(sources, targets)]) if check.surveys else check for check in checks], len(pairs))
    scored.add((sources, targets))
    return {row: [check.name for check, _ in found] for row, found in scored.refused().items()}


DAMAGES: dict[str, Damage] = {
    "untranslated": damages.untranslated,
    "half untranslated": damages.half_untranslated,
    "half dropped": damages.half_dropped,
    "numbers changed": damages.numbers_changed,
    "entities changed": damages.entities_changed(),
    "next row": damages.shifted,
}


def wrong_language(texts: Texts, source: str, target: str) -> list[Pair]:
    """The same sentences in another language, of the same script where the folder has one."""
    same = [name for name in OTHERS if name[-4:] == target[-4:] and name[:3] != target[:3]]
    other = next((name for name in [*same, *OTHERS] if name in texts.names and name not in (source, target)), None)
    return texts.pairs(source, other, DAMAGED) if other else []


OTHERS = ("deu_Latn", "fra_Latn", "ukr_Cyrl", "kaz_Cyrl", "urd_Arab", "pes_Arab", "mar_Deva", "tam_Taml")


def measure(texts: dict[str, Texts], source: str, target: str, limit: int) -> dict[str, Any]:
    result: dict[str, Any] = {"false_rejects": {}, "by": {}, "recall": {}}
    for name, folder in texts.items():
        if target in folder.names:
            pairs = folder.pairs(source, target, limit)
            refused = refusals(pairs, source, target)
            by = Counter(check for checks in refused.values() for check in checks)
            result["false_rejects"][name] = round(len(refused) / len(pairs), 4)
            result["by"][name] = {check: round(n / len(pairs), 4) for check, n in by.most_common(5)}
    last = list(texts.values())[-1]
    if target in last.names:
        pairs = last.pairs(source, target, DAMAGED)
        made = {name: damage(pairs, code_of(target)) for name, damage in DAMAGES.items()}
        damaged = {name: [(one.source, one.bad) for one in broken] for name, broken in made.items()}
        damaged["wrong language"] = wrong_language(last, source, target)
        for name, broken in damaged.items():
            if len(broken) >= 5:
                result["recall"][name] = round(len(refusals(broken, source, target)) / len(broken), 3)
    return result


def table(results: dict[str, dict[str, Any]], names: list[str]) -> str:
    damages = ["wrong language", *DAMAGES]
    lines = [
        f"| language | {' | '.join(names)} | {' | '.join(damages)} |",
        "| --- " * (1 + len(names) + len(damages)) + "|",
    ]
    for target, result in sorted(results.items(), key=lambda entry: code_of(entry[0])):
        shares = [
            f"{100 * share:.1f} %" if (share := result["false_rejects"].get(name)) is not None else ""
            for name in names
        ]
        recalls = [f"{recall:.2f}" if (recall := result["recall"].get(name)) is not None else "" for name in damages]
        lines.append(f"| {code_of(target)} | {' | '.join([*shares, *recalls])} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--source", default="eng_Latn")
    parser.add_argument("--limit", type=int, default=1012)
    options = parser.parse_args()
    texts = {name: Texts(Path(path)) for name, _, path in (item.partition("=") for item in options.folder)}
    targets = sorted({name for folder in texts.values() for name in folder.names} - {options.source})
    results = {target: measure(texts, options.source, target, options.limit) for target in targets}
    save("checks_languages", {"source": options.source, "languages": results})
    head = DOCS.read_text(encoding="utf-8").split("\n| language |")[0]
    DOCS.write_text(f"{head}\n{table(results, list(texts))}", encoding="utf-8")


if __name__ == "__main__":
    main()
