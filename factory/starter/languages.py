"""Languages that a starter recipe can be written for: their English names, and the public data there is for each."""

from dataclasses import dataclass

import langcodes
from babel import Locale

from factory.errors import UsageError, nearest
from factory.text.scripts import script_name, scripts_of

# The languages that OPUS-100 pairs with English (https://aclanthology.org/2020.acl-main.148, appendix).
CODES = """af am ar as az be bg bn br bs ca cs cy da de el eo es et eu fa fi fr fy ga gd gl gu ha he hi hr hu id ig
    is it ja ka kk km kn ko ku ky li lt lv mg mk ml mr ms mt my nb ne nl nn no oc or pa pl ps pt ro ru rw se sh si sk
    sl sq sr sv ta te tg th tk tr tt ug uk ur uz vi wa xh yi zh zu""".split()  # noqa: SIM905
NAMES = {code: Locale("en").languages[code] for code in CODES} | {"bn": "Bengali"}
# Configs of https://huggingface.co/datasets/openai/MMMLU: MMLU's test questions, translated by people. Swahili and
# Yoruba are there too, but OPUS-100 has no pairs (or no test set) for them.
MMMLU = {
    "ar": "AR_XY", "bn": "BN_BD", "de": "DE_DE", "es": "ES_LA", "fr": "FR_FR", "hi": "HI_IN", "id": "ID_ID",
    "it": "IT_IT", "ja": "JA_JP", "ko": "KO_KR", "pt": "PT_BR", "zh": "ZH_CN",
}  # fmt: skip


@dataclass(frozen=True)
class TargetLanguage:
    """A target language: ISO 639 code, English name, writing system, and where its data is."""

    code: str
    name: str
    script: str
    pairs: str
    mmmlu: str | None


def language(text: str) -> TargetLanguage:
    """The language of a code (``hi``, ``hin``, ``pt-BR``) or an English name (``Hindi``).

    Raises:
        UsageError: there is no public data here for it; the nearest known one is named.
    """
    code = {name.lower(): code for code, name in NAMES.items()}.get(text.strip().lower())
    if code is None:
        try:
            code = langcodes.Language.get(text.strip()).language or ""
        except langcodes.LanguageTagError:
            code = ""
    if code not in NAMES:
        hint = nearest(text.strip().title(), NAMES.values(), 0)
        raise UsageError(
            f"no starter recipe for the language {text!r}: OPUS-100 has no pairs with a test set for it{hint}",
            fix=f"known codes: {' '.join(NAMES)}",
        )
    if code == "en":
        raise UsageError("English is the source language", fix="name the target language")
    return TargetLanguage(
        code, NAMES[code], script_name(scripts_of(code)[0]), "-".join(sorted(("en", code))), MMMLU.get(code)
    )
