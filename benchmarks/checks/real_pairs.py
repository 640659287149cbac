"""Real pairs from English, for the benchmarks of speed: Tatoeba's to Arabic and FLORES-200's to languages of many
scripts. They are read from a folder and belong to no project of ours.
"""

from __future__ import annotations

from pathlib import Path

Pair = tuple[str, str]
LANGUAGES = {
    "arb_Arab": "ar", "pes_Arab": "fa", "urd_Arab": "ur", "heb_Hebr": "he", "amh_Ethi": "am", "rus_Cyrl": "ru",
    "ukr_Cyrl": "uk", "ell_Grek": "el", "hin_Deva": "hi", "ben_Beng": "bn", "tam_Taml": "ta", "tha_Thai": "th",
    "zho_Hans": "zh", "jpn_Jpan": "ja", "kor_Hang": "ko", "deu_Latn": "de", "fra_Latn": "fr", "spa_Latn": "es",
    "pol_Latn": "pl", "tur_Latn": "tr", "vie_Latn": "vi", "ind_Latn": "id", "swh_Latn": "sw",
}  # fmt: skip


def real_pairs(data: Path) -> dict[str, list[Pair]]:
    """Target language -> English sentences and their translations.

    `data` holds ``flores200/xxx_Yyyy.devtest`` (line N the same sentence in all) and ``parallel/train.en-ar.tsv``
    (English, tab, Arabic, tab, origin).
    """
    english = _lines(data / "flores200" / "eng_Latn.devtest")
    found = {
        code: list(zip(english, _lines(data / "flores200" / f"{name}.devtest"), strict=True))
        for name, code in LANGUAGES.items()
    }
    rows = (line.split("\t") for line in _lines(data / "parallel" / "train.en-ar.tsv"))
    found["ar"] += [(source, target) for source, target, _ in rows]
    return found


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").rstrip("\n").split("\n")
