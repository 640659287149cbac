"""Seconds that datatrove's filters need for the texts that our checks look at: run by speed.py in its own environment.

Each filter gets the translations as documents. Gopher's rules count repeated lines and n-grams of words, symbols per
word, and more; C4's is held to its rule on the ends of lines. Words are those of datatrove's tokenizer for Arabic. Its
language filter downloads a model and is left out.
"""

import json
import sys
import time
from pathlib import Path

from datatrove.data import Document
from datatrove.pipeline.filters import C4QualityFilter, GopherQualityFilter, GopherRepetitionFilter
from datatrove.pipeline.formatters import PIIFormatter

ARABIC = "arb_Arab"
C4_OFF = {"min_num_sentences": -1, "min_words_per_line": -1, "max_word_length": -1, "remove_citations": False}
C4_OFF |= dict.fromkeys(("filter_lorem_ipsum", "filter_javascript", "filter_curly_bracket", "filter_policy"), False)
STEPS = {
    "repetition": lambda: GopherRepetitionFilter(language=ARABIC).filter,
    "symbols": lambda: GopherQualityFilter(language=ARABIC, min_stop_words=0, min_doc_words=0).filter,
    "unfinished": lambda: C4QualityFilter(language=ARABIC, **C4_OFF).filter,
    "pii": lambda: lambda document: step.format(document.text),
}
step = PIIFormatter()

with Path(sys.argv[1]).open(encoding="utf-8") as file:
    texts = [json.loads(line)[1] for line in file]
seconds = {}
for name, make in STEPS.items():
    one = make()
    for text in texts[:100]:
        one(Document(text, "0"))
    documents = [Document(text, "0") for text in texts]
    started = time.process_time()
    for document in documents:
        one(document)
    seconds[name] = time.process_time() - started
print(json.dumps(seconds))
