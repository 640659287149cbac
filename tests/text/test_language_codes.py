from __future__ import annotations

import pytest

from factory.errors import UsageError
from factory.text.language_codes import code_named, language_of, require_pair, script_of_code


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("ar-EG", "ar"),
        ("arb_Arab", "ar"),
        ("zho_Hant", "zh"),
        ("nob", "nb"),
        ("iw", "he"),
        ("tl", "fil"),
        ("??", "??"),
    ],
)
def test_one_form_of_a_code(code, language):
    assert language_of(code) == language


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Arabic", "ar"),
        ("ARABIC ", "ar"),
        ("العربية", "ar"),
        ("français", "fr"),
        ("Simplified Chinese", "zh-Hans"),
        ("Moroccan Arabic", "ary"),
        ("Elvish", None),
        ("", None),
        ("xx", None),
    ],
)
def test_a_languages_name_leads_to_its_code(name, code):
    assert code_named(name) == code


def test_scripts_of_codes():
    assert [script_of_code(code) for code in ("sr", "sr-ME", "zh-HK", "kas_Deva")] == ["Cyrl", "Latn", "Hant", "Deva"]


@pytest.mark.parametrize("code", ["xx", "Arabic", "toki", "", "e n", "12", "und", "mul", "zxx", "qaa", "qtz"])
def test_an_unknown_code_is_refused_in_one_line(code):
    for pair in ((code, "en"), ("en", code)):
        with pytest.raises(UsageError, match="no language code"):
            require_pair(*pair)


@pytest.mark.parametrize("code", ["en", "arz", "zh-TW", "por_Latn", "ckb", "sr-Latn"])
def test_known_codes_pass(code):
    require_pair(code, "fr")


@pytest.mark.parametrize(
    "pair", [("en", "en"), ("en", "eng"), ("en-US", "en_GB"), ("zh", "zh-Hans"), ("ar", "arb_Arab")]
)
def test_one_language_twice_is_refused(pair):
    with pytest.raises(UsageError, match="one language"):
        require_pair(*pair)


@pytest.mark.parametrize("pair", [("sr-Latn", "sr-Cyrl"), ("zh-Hans", "zh-Hant"), ("ar", "ary"), ("nb", "nn")])
def test_another_script_or_variety_is_another_language(pair):
    require_pair(*pair)
