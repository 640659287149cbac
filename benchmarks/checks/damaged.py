"""What the default checks find of each kind of damage, and which clean pairs they reject for it.

    python benchmarks/checks/damaged.py DATA [--languages ar,fr,…] [--show KIND]

DATA holds `flores200/xxx_Yyyy.devtest` (line N the same sentence in all), for Arabic `parallel/train.en-ar.tsv` and
`mmlu-translation/sample500.jsonl`. Pairs that the checks reject as they are count as clean pairs rejected, not as
damage found: recall is that of the others. Forms set aside begin with a star.
Writes results/checks_damaged.json and a picture of it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.checks import damages as by
from benchmarks.checks.damage_words import (
    INSTRUCTIONS,
    LABELS,
    OTHER_INSTRUCTIONS,
    OTHER_LABELS,
    OTHER_RESIDUE,
    OTHER_THINKING,
    RESIDUE,
    THINKING,
)
from benchmarks.checks.damages import SET_ASIDE, Damage, Pair, changing, of_words, rebuilt, script, spaced, table
from benchmarks.checks.languages import Texts, code_of, refusals
from benchmarks.measure import save

TARGETS = (
    "arb_Arab", "fra_Latn", "deu_Latn", "spa_Latn", "rus_Cyrl", "zho_Hans", "jpn_Jpan", "hin_Deva", "tur_Latn",
    "pes_Arab", "ind_Latn", "heb_Hebr",
)  # fmt: skip
SENTENCES = 1012


def latin(code: str) -> bool:
    return script(code) == "Latn"


def arabic(code: str) -> bool:
    return script(code) == "Arab"


def not_joining(code: str) -> bool:
    return spaced(code) and code not in by.JOINERS


KINDS: dict[str, dict[str, Damage]] = {
    "answer letter": {
        "word: letter": by.letter_changed("{}: {}", own=False),
        "word: letter of the script": by.letter_changed("{}: {}", own=True),
        "*word: (letter)": by.letter_changed("{}: ({})", own=False),
        "*bold": by.letter_changed("**{}:** {}.", own=False),
    },
    "paragraph again": {
        "the first at the end": rebuilt(5, "\n\n", lambda lines, draw: [*lines, lines[0]]),
        "the first in the middle": rebuilt(5, "\n\n", lambda lines, draw: [*lines[:4], lines[0], lines[4]]),
        "*the second, no stop": rebuilt(6, "\n\n", lambda lines, draw: [*lines, lines[1][:-1]]),
        "*the first sentence in the last line": rebuilt(
            4, "\n", lambda lines, draw: [*lines[:3], f"{lines[3]} {lines[0]}"]
        ),
    },
    "invisible characters": {
        **{
            name: changing(by.inside_words(sign), only)
            for name, sign, only in (
                ("zero-width space", "\u200b", spaced),
                ("zero-width non-joiner", "\u200c", not_joining),
                ("right-to-left mark", "\u200f", spaced),
                ("byte order mark", "\ufeff", spaced),
                ("soft hyphen", "\u00ad", spaced),
                ("*word joiner", "\u2060", spaced),
                ("*left-to-right mark", "\u200e", spaced),
            )
        },
        "right-to-left override": changing(lambda text, draw: f"\u202e{text}"),
        "one soft hyphen": changing(by.in_one_word("\u00ad"), spaced),
        "*one zero-width space": changing(by.in_one_word("\u200b"), spaced),
        "*left-to-right override": changing(lambda text, draw: f"\u202d{text}\u202c"),
    },
    "letters lost": {
        "a tenth": changing(by.letters_lost("?", 10)),
        "a quarter": changing(by.letters_lost("?", 4)),
        "accents": changing(by.accents_lost, latin),
        "*few": changing(by.letters_lost("?", 25)),
        "*three marks each": changing(by.letters_lost("???", 12)),
        "*boxes": changing(by.letters_lost("□", 12)),
    },
    "full-width punctuation": {
        "all": changing(by.marks_as(by.FULL_WIDTH), spaced),
        "*commas": changing(by.marks_as(dict.fromkeys(",،", "，")), spaced),
        "*stops": changing(by.marks_as(dict.fromkeys(".।", "。")), spaced),
    },
    **{kind: {"another": by.entities_changed(kind)} for kind in ("month", "weekday", "currency", "scale", "compass")},
    "country or city": {"country": by.entities_changed("territory"), "city": by.entities_changed("city")},
    "currency sign": {"dollars as euros": by.sign_changed},
    "per cent lost": {"all": by.percent_lost(True), "*the first": by.percent_lost(False)},
    "bold lost": {
        "both": by.bold("**", 2),
        "one of two": by.bold("**", 1),
        "*underlines": by.bold("__", 2),
        "*italics": by.bold("*", 2),
    },
    "stutter": {
        "a word four times": of_words(by.again(4), only=spaced),
        "two characters four times": changing(by.again_dense, lambda code: not spaced(code)),
        "*five times, commas": of_words(by.again(5, ", "), only=spaced),
    },
    "stretched": {
        "tatweel": changing(by.stretched, arabic),
        "presentation forms": changing(by.presented(0), arabic),
        "*tatweel in a word": changing(by.stretched_once, arabic),
        "*medial forms": changing(by.presented(9), arabic),
    },
    "lone fence": {
        "at the end": changing(lambda text, draw: f"{text}\n```"),
        "*in front": changing(lambda text, draw: f"```text\n{text}"),
        "*tildes": changing(lambda text, draw: f"{text}\n~~~\n"),
    },
    "label": {
        "in front": by.in_front(LABELS, " "),
        "above": by.in_front(LABELS, "\n"),
        "*others": by.in_front(OTHER_LABELS, " "),
        "*others above": by.in_front(OTHER_LABELS, "\n\n"),
    },
    "Latin words": {
        "names": changing(by.put_in("IP", "API", "Google", "Windows"), lambda code: not latin(code)),
        "*others": changing(by.put_in("BBC", "Excel", "HTTP", "London", "RAM"), lambda code: not latin(code)),
    },
    "values swapped": {
        "columns": table(by.columns_swapped),
        "values of two rows": table(by.values_swapped),
        "*columns rotated": table(by.columns_rotated),
        "*rows": table(by.row_values_swapped),
        "*list items": table(by.row_values_swapped, "- {}: {} ({})"),
    },
    "sentence dropped": {
        "one of five": rebuilt(5, " ", by.one_dropped),
        "*the last of four": rebuilt(4, " ", by.last_dropped),
        "*one of three": rebuilt(3, " ", by.one_dropped),
    },
    "another paragraph": {"one of five": by.another_in},
    "mojibake": {
        "as cp1252": changing(by.misread("cp1252")),
        "*as latin-1": changing(by.misread("latin-1")),
        "*as cp1251": changing(by.misread("cp1251")),
        "*entities": changing(by.as_named, latin),
    },
    "said twice": {
        "side by side": changing(lambda text, draw: text + text),
        "*in two lines": changing(lambda text, draw: f"{text}\n{text}"),
        "*three times": changing(lambda text, draw: " ".join([text] * 3)),
        "*without the last mark": changing(lambda text, draw: f"{text[:-1]} {text[:-1]}"),
    },
    "instruction added": {
        "behind": by.behind(INSTRUCTIONS, " "),
        "below": by.behind(INSTRUCTIONS, "\n"),
        "*others": by.behind(OTHER_INSTRUCTIONS, " "),
    },
    "reasoning tags": {"known": by.thinking(THINKING), "*others": by.thinking(OTHER_THINKING)},
    "prompt residue": {
        "in both": by.residue(RESIDUE),
        "in the translation": by.residue_in_target(RESIDUE),
        "*others in both": by.residue(OTHER_RESIDUE),
        "*others": by.residue_in_target(OTHER_RESIDUE),
    },
}


def clean_sets(data: Path, target: str) -> dict[str, list[Pair]]:
    """Pairs that are taken to be good, by their origin."""
    found = {"FLORES-200": Texts(data / "flores200").pairs("eng_Latn", target, SENTENCES)}
    if target == "arb_Arab":
        rows = (data / "parallel" / "train.en-ar.tsv").read_text("utf-8").splitlines()
        found["Tatoeba"] = [(cells[0], cells[1]) for row in rows if len(cells := row.split("\t")) > 1]
        lines = (data / "mmlu-translation" / "sample500.jsonl").read_text("utf-8").splitlines()
        found["MMLU"] = [(question(row["en"]), question(row["ar"])) for row in map(json.loads, lines)]
    return found


def question(one: dict[str, Any]) -> str:
    return "\n".join(
        [one["question"], *(f"{letter}. {text}" for letter, text in zip("ABCD", one["choices"], strict=True))]
    )


def measured(kind: str, pairs: list[Pair], target: str, show: bool) -> dict[str, dict[str, Any]]:
    """Of every form of a kind: documents, the share of them rejected clean, recall of the others, checks that find."""
    found = {}
    for form, damage in KINDS[kind].items():
        broken = damage(pairs, code_of(target))
        if not broken:
            continue
        before = refusals([(one.source, one.good) for one in broken], "eng_Latn", target)
        after = refusals([(one.asked or one.source, one.bad) for one in broken], "eng_Latn", target)
        kept = [row for row in range(len(broken)) if row not in before]
        checks = Counter(check for row in kept for check in after.get(row, ()))
        found[form] = {
            "n": len(kept),
            "clean_rejected": round(1 - len(kept) / len(broken), 3),
            "found": sum(row in after for row in kept),
            "by": dict(checks.most_common(3)),
        }
        if show:
            missed = [row for row in kept if row not in after]
            print(target, form, len(missed), "missed of", len(kept), found[form]["by"])
            for row in missed[:4]:
                print("   ", repr(broken[row].source[-160:]), "\n    ", repr(broken[row].bad[-240:]))
    return found


def summary(by_language: dict[str, dict[str, dict[str, Any]]]) -> dict[str, Any]:
    """One kind over all languages: recall of forms looked at and set aside, of the worst language, and by form."""
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    checks: Counter[str] = Counter()
    for forms in by_language.values():
        for form, result in forms.items():
            for name in ("set aside" if form[0] == SET_ASIDE else "looked at", form):
                totals[name][0] += result["found"]
                totals[name][1] += result["n"]
            checks.update(result["by"])
    recall = {name: round(hits / n, 3) for name, (hits, n) in totals.items() if n}
    languages = {
        language: round(sum(r["found"] for r in forms.values()) / n, 3)
        for language, forms in by_language.items()
        if (n := sum(r["n"] for r in forms.values())) >= 5
    }
    return {"recall": recall, "by_language": languages, "by": dict(checks.most_common(4))}


def plot(kinds: dict[str, Any], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 8))
    names = [*kinds][::-1]
    for form, mark in (("looked at", "o"), ("set aside", "x")):
        chosen = [name for name in names if form in kinds[name]["recall"]]
        axes.plot([kinds[name]["recall"][form] for name in chosen], chosen, mark, label=form)
    axes.axvline(0.85, color="grey", linewidth=0.8)
    axes.set_xlim(0, 1.02)
    axes.set_xlabel("share of the damaged pairs that the default checks reject")
    axes.legend(loc="lower left")
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--languages", help="FLORES-200 codes, apart by commas", default=",".join(TARGETS))
    parser.add_argument("--show", metavar="KIND", help="print what is missed of this kind alone (for tuning)")
    options = parser.parse_args()
    targets, kinds = options.languages.split(","), [options.show] if options.show else [*KINDS]
    clean: dict[str, dict[str, Any]] = {}
    found: dict[str, dict[str, Any]] = {kind: {} for kind in kinds}
    for target in targets:
        sets = clean_sets(options.data, target)
        for kind in kinds:
            if forms := measured(kind, sets["FLORES-200"], target, bool(options.show)):
                found[kind][code_of(target)] = forms
        for name, pairs in {} if options.show else sets.items():
            refused = refusals(pairs, "eng_Latn", target)
            checks = Counter(check for names in refused.values() for check in names)
            clean[f"{name} {code_of(target)}"] = {"n": len(pairs), "rejected": len(refused), "by": dict(checks)}
    result = {"clean": clean, "kinds": {kind: summary(forms) for kind, forms in found.items() if forms}}
    for kind, one in result["kinds"].items():
        print(f"{kind:24}", json.dumps(one, ensure_ascii=False))
    if not options.show:
        print(json.dumps(clean, ensure_ascii=False))
        plot(result["kinds"], save("checks_damaged", {**result, "forms": found}).with_suffix(".svg"))


if __name__ == "__main__":
    main()
