"""Seconds that OpusFilter's filters need for the pairs of a file: run by speed.py in OpusFilter's own environment."""

import json
import sys
import time
from pathlib import Path

from opusfilter import filters

FILTERS = {
    "length_ratio": lambda: filters.LengthRatioFilter(threshold=3, unit="char"),
    "script": lambda: filters.CharacterScoreFilter(scripts=["Latin", "Arabic"], thresholds=[0.5, 0.5]),
    "repetition": lambda: filters.RepetitionFilter(),
    "numbers": lambda: filters.NonZeroNumeralsFilter(threshold=0.5),
    "echo": lambda: filters.SimilarityFilter(threshold=0.9),
    "unfinished": lambda: filters.TerminalPunctuationFilter(threshold=-2),
}

with Path(sys.argv[1]).open(encoding="utf-8") as file:
    pairs = [tuple(json.loads(line)) for line in file]
seconds = {}
for name, make in FILTERS.items():
    one = make()
    sum(one.accept(score) for score in one.score(pairs[:100]))
    started = time.process_time()
    sum(one.accept(score) for score in one.score(pairs))
    seconds[name] = time.process_time() - started
print(json.dumps(seconds))
