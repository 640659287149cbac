"""Makes `factory/text/languages.tsv` from professional translations: how long texts get, and how CLD2 takes them.

    python benchmarks/checks/learn_languages.py FOLDER [FOLDER …]

Each FOLDER holds files `xxx_Yyyy.devtest` (ISO 639-3, ISO 15924, a region may follow), line N the same sentence in all
of them, and `eng_Latn.devtest`, which was translated. What several folders have of a language is put together.

- length: median of characters of translation for one of English, over sentences of at least 40 characters.
- detected: CLD2's own code of the language; where it has none, the code that it most often gives to the language's
  texts. Kept if CLD2 gives it or a code of the next column to 97 % of the texts of which it is sure (of at least half
  of all).
- stops: share of translations that end in a mark of `factory.text.punctuation.text_ends`, of those whose source ends
  in a full stop.
- asks: share of translations with a question mark, of those whose source ends in one.
- prefixed: share of translations with a word like kwaseMelika: small letters, a capital, small letters.
- splits: share of translations with several sentences, of those whose source has one.
- digits: share of translations with a digit of any script, of those whose source has a number of three digits or more.
- kin: other codes that it gives to at least 0.5 % of the texts it is sure of; never English, as texts that are
  not translated are what has to be found.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections import Counter
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from factory.text.language_codes import language_of, script_of_code
from factory.text.languages import SHORTEST, detect, own_code
from factory.text.punctuation import asking_marks, between_sentences, text_ends

TABLE = Path(__file__).resolve().parents[2] / "factory" / "text" / "languages.tsv"
ENGLISH = "eng_Latn"
SURE, KIN, ENOUGH = 0.97, 0.005, 0.5
QUESTIONS = 20
PREFIXED = re.compile(r"\b[a-z]{2,}[A-Z][a-z]+\b")


def lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").split("\n")


def labels(texts: list[str]) -> Counter[str]:
    """How often CLD2 names each language first, of the texts that it is sure of."""
    found: Counter[str] = Counter()
    for text in texts:
        if shares := detect(text):
            found[max(shares, key=shares.__getitem__).split("-")[0]] += 1
    return found


def how_detected(code: str, texts: list[str]) -> tuple[str, str]:
    found = labels(texts)
    expected = own_code(code) or next((label for label, _ in found.most_common() if label not in ("en", "xx")), "")
    own, every = expected.split("-")[0], found.total()
    kin = sorted(label for label, n in found.items() if n >= KIN * every and label not in (own, "en", "xx"))
    sure = sum(found[label] for label in (own, *kin))
    if every < ENOUGH * len(texts) or sure < SURE * every:
        return "", ""
    return expected, " ".join(kin)


def habits(code: str, pairs: list[tuple[str, str]]) -> list[str]:
    """Shares of `stops`, `asks`, `digits`, `prefixed` and `splits`."""
    stops = [b.rstrip()[-1:] in text_ends() for a, b in pairs if a.rstrip().endswith(".")]
    asks = [bool(asking_marks(code).intersection(b)) for a, b in pairs if a.rstrip().endswith("?")]
    digits = [any(map(str.isdecimal, b)) for a, b in pairs if re.search(r"\d{3}", a)]
    prefixed = [PREFIXED.search(b) is not None for _, b in pairs]
    splits = [between_sentences().search(b) is not None for a, b in pairs if not between_sentences().search(a)]
    marks = stops, asks, digits, prefixed, splits
    return [f"{sum(of) / len(of) if len(of) >= QUESTIONS else math.nan:.3g}" for of in marks]


def row(key: tuple[str, str], pairs: list[tuple[str, str]]) -> str:
    code, sentences = "-".join(key), [(a, b) for a, b in pairs if len(a) >= SHORTEST]
    length = median(len(b) / len(a) for a, b in sentences)
    detected = how_detected(code, [b for _, b in sentences if len(b) >= SHORTEST])
    return "\t".join([*key, f"{length:.3f}", *detected, *habits(code, pairs)])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="+", type=Path)
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for folder in parser.parse_args().folder:
        english = lines(folder / f"{ENGLISH}.devtest")
        for file in sorted(folder.glob("*.devtest")):
            code = file.stem.replace("_", "-")
            if file.stem != ENGLISH:
                pairs = found.setdefault((language_of(code), script_of_code(code) or ""), [])
                pairs += ((a, b) for a, b in zip(english, lines(file), strict=True) if a and b)
    table = {key: row(key, pairs) for key, pairs in found.items()}
    names = "language\tscript\tlength\tdetected\tkin\tstops\tasks\tdigits\tprefixed\tsplits"
    text = [f"# {names}", f"# Made by benchmarks/checks/{Path(__file__).name} from {SOURCES}."]
    TABLE.write_text("\n".join([*text, *(table[key] for key in sorted(table))]) + "\n", encoding="utf-8")


SOURCES = "NTREX-128 (Federmann et al., 2022, CC BY-SA 4.0) and FLORES-200 devtest (NLLB Team, 2022, CC BY-SA 4.0)"

if __name__ == "__main__":
    main()
