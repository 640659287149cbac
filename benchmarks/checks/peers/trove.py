"""Seconds that datatrove's filters need for the targets of a file: run by speed.py in datatrove's own environment."""

import json
import sys
import time
from pathlib import Path

from datatrove.data import Document
from datatrove.pipeline.filters import GopherRepetitionFilter

with Path(sys.argv[1]).open(encoding="utf-8") as file:
    documents = [Document(text=json.loads(line)[1], id=str(number)) for number, line in enumerate(file)]
seconds = {}
for name, make in {"repetition": lambda: GopherRepetitionFilter(language="ar")}.items():
    one = make()
    for document in documents[:100]:
        one.filter(document)
    started = time.process_time()
    for document in documents:
        one.filter(document)
    seconds[name] = time.process_time() - started
print(json.dumps(seconds))
