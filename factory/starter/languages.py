"""Languages that a starter recipe can be written for: their English names, and the public data there is for each."""

from __future__ import annotations

from dataclasses import dataclass

from factory.errors import UsageError, nearest
from factory.text.scripts import script_name, scripts_of

# Names of the languages that OPUS-100 pairs with English (https://aclanthology.org/2020.acl-main.148, appendix).
NAMES = {
    "af": "Afrikaans", "am": "Amharic", "ar": "Arabic", "as": "Assamese", "az": "Azerbaijani", "be": "Belarusian",
    "bg": "Bulgarian", "bn": "Bengali", "br": "Breton", "bs": "Bosnian", "ca": "Catalan", "cs": "Czech",
    "cy": "Welsh", "da": "Danish", "de": "German", "el": "Greek", "eo": "Esperanto", "es": "Spanish",
    "et": "Estonian", "eu": "Basque", "fa": "Persian", "fi": "Finnish", "fr": "French", "fy": "Western Frisian",
    "ga": "Irish", "gd": "Scottish Gaelic", "gl": "Galician", "gu": "Gujarati", "ha": "Hausa", "he": "Hebrew",
    "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "ig": "Igbo", "is": "Icelandic",
    "it": "Italian", "ja": "Japanese", "ka": "Georgian", "kk": "Kazakh", "km": "Khmer", "kn": "Kannada",
    "ko": "Korean", "ku": "Kurdish", "ky": "Kyrgyz", "li": "Limburgish", "lt": "Lithuanian", "lv": "Latvian",
    "mg": "Malagasy", "mk": "Macedonian", "ml": "Malayalam", "mr": "Marathi", "ms": "Malay", "mt": "Maltese",
    "my": "Burmese", "nb": "Norwegian Bokmål", "ne": "Nepali", "nl": "Dutch", "nn": "Norwegian Nynorsk",
    "no": "Norwegian", "oc": "Occitan", "or": "Odia", "pa": "Punjabi", "pl": "Polish", "ps": "Pashto",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "rw": "Kinyarwanda", "se": "Northern Sami",
    "sh": "Serbo-Croatian", "si": "Sinhala", "sk": "Slovak", "sl": "Slovenian", "sq": "Albanian", "sr": "Serbian",
    "sv": "Swedish", "ta": "Tamil", "te": "Telugu", "tg": "Tajik", "th": "Thai", "tk": "Turkmen", "tr": "Turkish",
    "tt": "Tatar", "ug": "Uyghur", "uk": "Ukrainian", "ur": "Urdu", "uz": "Uzbek", "vi": "Vietnamese",
    "wa": "Walloon", "xh": "Xhosa", "yi": "Yiddish", "zh": "Chinese", "zu": "Zulu",
}  # fmt: skip
# Configs of https://huggingface.co/datasets/openai/MMMLU: MMLU's test questions, translated by people. Swahili and
# Yoruba are there too, but OPUS-100 has no pairs (or no test set) for them.
MMMLU = {
    "ar": "AR_XY", "bn": "BN_BD", "de": "DE_DE", "es": "ES_LA", "fr": "FR_FR", "hi": "HI_IN", "id": "ID_ID",
    "it": "IT_IT", "ja": "JA_JP", "ko": "KO_KR", "pt": "PT_BR", "zh": "ZH_CN",
}  # fmt: skip


@dataclass(frozen=True)
class Language:
    """A target language: ISO 639 code, English name, writing system, and where its data is."""

    code: str
    name: str
    script: str
    pairs: str
    mmmlu: str | None


def language(text: str) -> Language:
    """The language of a code (``hi``, ``hin``, ``pt-BR``) or an English name (``Hindi``).

    Raises:
        UsageError: there is no public data here for it; the nearest known one is named.
    """
    import langcodes

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
    return Language(
        code, NAMES[code], script_name(scripts_of(code)[0]), "-".join(sorted(("en", code))), MMMLU.get(code)
    )
