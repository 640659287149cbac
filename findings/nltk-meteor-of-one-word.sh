#!/usr/bin/env bash
# Package: nltk 3.9.1, `nltk.translate.meteor_score`, the METEOR of most Python code (Hugging Face's `evaluate` calls it).
# Expected: a text that equals its reference has the highest score, 1, whatever its length: the paper's penalty is for
#   matches that lie in pieces, and METEOR's own scorer (Java, 1.5) takes none from a text that is the reference.
# Seen: the penalty 0.5 (chunks / matches)^3 is taken all the same. An answer of one word that is right has 0.5, of two
#   0.9375, of three 0.9815, of ten 0.9995.
# Why it matters: a gate such as AIN's METEOR of 80 refuses every perfect answer of one word, and a mean over short answers
#   has a ceiling that depends on their lengths. Texts whose words all match in order need a rule of their own.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install -qq --disable-pip-version-check nltk==3.9.1
cat > seen.py <<'PY'
from nltk.translate.meteor_score import single_meteor_score


class NoSynonyms:  # WordNet is a download of its own; equal words match before it is asked
    def synsets(self, word):
        return []


for count in (1, 2, 3, 10):
    words = [f"word{number}" for number in range(count)]
    print(count, round(single_meteor_score(words, words, wordnet=NoSynonyms()), 4))
PY
venv/bin/python seen.py > seen.txt
cat > expected.txt <<'TXT'
1 0.5
2 0.9375
3 0.9815
10 0.9995
TXT
echo "words of a text, and nltk's METEOR of the text against itself:"
cat seen.txt
if ! cmp -s seen.txt expected.txt; then
    echo "CHANGED: nltk no longer scores as stated." >&2
    exit 1
fi
echo "As stated: a text that equals its reference has less than 1, one of a single word half."
