#!/usr/bin/env bash
# Package: babel 2.19.0. `localedata.load(name, merge_inherited=False)` is the documented way to what CLDR says of one
#   locale itself, without its parents: what one wants to list the names that a variety really changes.
# Expected: asking for it changes nothing for others; `Locale` and the formatting functions go on as before.
# Seen: the part is stored in the cache that all of Babel shares, under the locale's name. From then on, in that process,
#   plural forms of Arabic are "other" for every number, German's name in European Portuguese is None, and an amount there
#   has a full stop and "EUR" for a comma and "€", without an error; numbers and dates raise KeyError. The other way
#   round as well: after a first use of the locale the same call returns the inherited data, whatever it was asked for.
# Why it matters: what a check or a test knows of a language depends on who asked Babel first. Reading the parts in a
#   process of their own, or `localedata._cache.clear()` after each, avoids it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install -qq --disable-pip-version-check babel==2.19.0
cat > seen.py <<'PY'
import sys
from datetime import date

from babel import Locale, localedata
from babel.dates import format_date
from babel.numbers import format_currency

parts_first = sys.argv[1] == "parts first"
if parts_first:
    for name in ("ar_EG", "pt_PT"):
        localedata.load(name, merge_inherited=False)
arabic, portuguese = Locale.parse("ar_EG"), Locale.parse("pt_PT")
try:
    day = format_date(date(2026, 11, 30), "long", locale=portuguese)
except KeyError:
    day = "KeyError"
print([arabic.plural_form(number) for number in (0, 1, 2, 5, 11)])
print(portuguese.languages.get("de"))
print(format_currency(1234.5, "EUR", locale=portuguese).replace("\xa0", " "))
print(day)
if not parts_first:
    print("languages" in localedata.load("ar_EG", merge_inherited=False))
PY
venv/bin/python seen.py "as usual" > usual.txt
venv/bin/python seen.py "parts first" > after.txt
cat > expected-usual.txt <<'TXT'
['zero', 'one', 'two', 'few', 'many']
alemão
1 234,50 €
30 de novembro de 2026
True
TXT
cat > expected-after.txt <<'TXT'
['other', 'other', 'other', 'other', 'other']
None
1 234.50 EUR
KeyError
TXT
echo "Babel as usual (the last line: its own data hold names of all languages, which only its parent has):"
cat usual.txt
echo "After the own data of the two locales were asked for:"
cat after.txt
if ! cmp -s usual.txt expected-usual.txt || ! cmp -s after.txt expected-after.txt; then
    echo "CHANGED: Babel no longer behaves as stated." >&2
    exit 1
fi
echo "As stated: to ask for a locale's own data changes what all others get, and what one gets depends on who came first."
