"""Languages that a starter recipe can be written for, and the public data there is for each."""

from dataclasses import dataclass

from babel import Locale
from langcodes import Language, LanguageTagError, standardize_tag

from factory.errors import UsageError, nearest
from factory.text.language_codes import code_named, is_known, iso_639, same_language, script_of_code
from factory.text.scripts import script_name, scripts_of

# The languages that OPUS-100 pairs with English and has a test set for
# (https://aclanthology.org/2020.acl-main.148, appendix).
OPUS_100 = """af am ar as az be bg bn br bs ca cs cy da de el eo es et eu fa fi fr fy ga gd gl gu ha he hi hr hu id ig
    is it ja ka kk km kn ko ku ky li lt lv mg mk ml mr ms mt my nb ne nl nn no oc or pa pl ps pt ro ru rw se sh si sk
    sl sq sr sv ta te tg th tk tr tt ug uk ur uz vi wa xh yi zh zu""".split()  # noqa: SIM905
NAMES = {**Locale("en").languages, "bn": "Bengali"}
# Configs of https://huggingface.co/datasets/openai/MMMLU: MMLU's test questions, translated by people.
MMMLU = {
    "ar": "AR_XY", "bn": "BN_BD", "de": "DE_DE", "es": "ES_LA", "fr": "FR_FR", "hi": "HI_IN", "id": "ID_ID",
    "it": "IT_IT", "ja": "JA_JP", "ko": "KO_KR", "pt": "PT_BR", "sw": "SW_KE", "yo": "YO_NG", "zh": "ZH_CN",
}  # fmt: skip


@dataclass(frozen=True)
class TargetLanguage:
    """A target language: its code (ISO 639, with a script or region where one was named), English name, writing
    system, and where its data is; `pairs` and `mmmlu` are None where there is none.
    """

    code: str
    name: str
    script: str
    pairs: str | None
    mmmlu: str | None


def language(text: str, source: str = "en") -> TargetLanguage:
    """The language of a code (``hi``, ``hin``, ``zh-Hant``) or a name (``Hindi``, ``Kiswahili``).

    Raises:
        UsageError: ISO 639 has no such language; the nearest name is given. Or it is the language translated from.
    """
    code = _code(text.strip())
    if same_language(code, source):
        raise UsageError(f"{language_name(source)} is the source language", fix="name the target language")
    base = iso_639(code)
    if base != code and script_of_code(base) != script_of_code(code):  # data of the other script does not help
        return TargetLanguage(code, language_name(code), _script(code), None, None)
    pairs = "-".join(sorted(("en", base))) if base in OPUS_100 else None
    return TargetLanguage(code, language_name(code), _script(code), pairs, MMMLU.get(base))


def _code(text: str) -> str:
    """Raises UsageError where no language has this code or name."""
    written_as_code = text.islower() and len(text) <= 3  # `ga` is Irish, and Ga another language
    if not (written_as_code and is_known(text)) and (named := code_named(text)):
        return named
    try:
        code = standardize_tag(text, macro=True)
    except LanguageTagError:
        code = ""
    if not is_known(code):
        hint = nearest(text.title(), (name for code, name in NAMES.items() if is_known(code)), 0)
        raise UsageError(f"no language {text!r}{hint}", fix="an ISO 639 code, as sw or swh, or an English name")
    return code


def language_name(code: str) -> str:
    """What CLDR calls it in English; its code where CLDR has no name for it.

    >>> language_name("zh-Hant"), language_name("aaa")
    ('Traditional Chinese', 'the language with the ISO 639 code aaa')
    """
    tag = Language.get(code)
    whole = "_".join(part for part in (tag.language, tag.script, tag.territory) if part)
    found = NAMES.get(whole) or NAMES.get(tag.language or "")
    return found or f"the language with the ISO 639 code {code}"


def _script(code: str) -> str:
    return script_name(scripts_of(code)[0])
