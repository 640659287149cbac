#!/usr/bin/env bash
# Packages: lighteval 0.13.0 (its module of standard errors), sacrebleu 2.6.0 as the metric and as the judge.
# Expected: the standard error that stands beside a corpus score (BLEU, chrF, TER and all that is no mean) is the spread
#   of the score over the resampled corpora.
# Seen: that spread is divided once more by the square root of the number of resamples, 1,000: errors are 31.6 times too
#   small. The very same average has an error of 0.0216 when its function is called `mean` and 0.0007 when it is called
#   `average`: the word "mean" in the name decides which way is taken. More resamples give an even smaller error.
# Why it matters: two translators whose BLEU scores differ by noise look many standard errors apart.
# The module is loaded by its path, since importing the whole package takes torch, which the module does not use.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install -qq --disable-pip-version-check numpy==2.4.6 scipy==1.17.1 tqdm==4.70.1 sacrebleu==2.6.0
venv/bin/pip install -qq --disable-pip-version-check --no-deps lighteval==0.13.0
cat > check.py <<'PY'
import importlib.metadata
import importlib.util
import random
import sys

from sacrebleu.metrics import BLEU


def mean(values):
    return sum(values) / len(values)


def average(values):
    return sum(values) / len(values)


def bleu(pairs):
    hypotheses, references = zip(*pairs, strict=True)
    return BLEU().corpus_score(hypotheses, [references]).score


def main():
    path = importlib.metadata.distribution("lighteval").locate_file("lighteval/metrics/utils/stderr.py")
    spec = importlib.util.spec_from_file_location("lighteval_stderr", path)
    stderr = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stderr)

    chance = random.Random(0)
    answers = [float(chance.random() < 0.4) for _ in range(500)]
    by_mean = stderr.get_stderr_function(mean)(answers)
    by_average = stderr.get_stderr_function(average)(answers)
    print(f"Accuracy of 500 answers {mean(answers):.3f}: error by `mean` {by_mean:.4f}, by `average` {by_average:.4f}")

    words = [f"word{number}" for number in range(30)]
    references = [" ".join(chance.choices(words, k=12)) for _ in range(100)]
    hypotheses = [" ".join(w if chance.random() < 0.8 else "other" for w in line.split()) for line in references]
    pairs = list(zip(hypotheses, references, strict=True))
    reported = stderr.get_stderr_function(bleu)(pairs)
    score = BLEU().corpus_score(hypotheses, [references], n_bootstrap=1000)
    # sacrebleu tells half the width of the 95 % interval, which is 1.96 standard errors.
    judged = score._ci / 1.96
    print(f"BLEU of 100 sentences {score.score:.1f}: error by lighteval {reported:.3f}, by sacrebleu {judged:.3f}")

    ratios = by_mean / by_average, judged / reported
    print(f"Too small by factors of {ratios[0]:.1f} and {ratios[1]:.1f}; the square root of 1,000 is 31.6")
    if not all(27 < ratio < 37 for ratio in ratios):
        sys.exit("CHANGED: the bootstrapped error is no longer divided by the root of the resamples.")
    print("As stated: errors of scores that are no mean are some 31.6 times too small.")


if __name__ == "__main__":
    main()
PY
LIGHTEVAL_DISABLE_TQDM=1 venv/bin/python check.py
