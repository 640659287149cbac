"""BLEU, chrF++ and ROUGE-L of a set of translations, each with a bootstrap interval over the segments."""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from factory.arrays import np
from factory.evaluate.base import asked, versions
from factory.evaluate.samples import BOOTSTRAP_SEED, RESAMPLES, Part, sacrebleu_metric
from factory.evaluate.score import Score, bootstrap

BLEU, CHRF, ROUGE_REPORT, ROUGE_UNICODE = "bleu", "chrf++", "rougeL (report's tokenizer)", "rougeL (Unicode tokenizer)"
NAMES = (BLEU, CHRF, ROUGE_REPORT, ROUGE_UNICODE)


class UnicodeTokenizer:
    """Words of any script for rouge-score: runs of letters, marks and digits, lower-cased.

    rouge-score's own tokenizer keeps ``[a-z0-9]`` only: of an Arabic sentence nothing is left, and two equal Arabic
    sentences score 0. Published ROUGE-L of Arabic was often computed so; it is given too, under its own name.

    >>> UnicodeTokenizer().tokenize("القِطّةُ، 3 Cats!")
    ['القِطّةُ', '3', 'cats']
    """

    def tokenize(self, text: str) -> list[str]:
        return "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in text.lower()).split()


class Overlap(NamedTuple):
    """Corpus scores in the order of `NAMES`; {name: value} of each segment; {name: signature of the metric}; {name:
    what the score was made from}.
    """

    scores: list[Score]
    segments: list[dict[str, float]]
    signatures: dict[str, str]
    parts: dict[str, Part]


def overlap_scores(
    hypotheses: Sequence[str],
    references: Sequence[str],
    *,
    sources: Sequence[str] | None = None,
    clusters: Sequence[str] | None = None,
    **about: Any,
) -> Overlap:
    """BLEU and chrF++ (word_order=2) by sacrebleu; ROUGE-L is the mean F1 of rouge-score without stemming, times 100.

    `sources` is what was to be translated, `clusters` which document each segment is of.
    """
    keys = [asked(*pair) for pair in zip(sources or references, references, strict=True)]
    found = Overlap([], [{} for _ in hypotheses], {}, {})
    drawn = "segments" if clusters is None else "segments and, where that is wider, of whole documents"
    found.signatures["bootstrap"] = f"{RESAMPLES} resamples of {drawn}, percentile, seed {BOOTSTRAP_SEED}"
    for measure in (_sacrebleu, _rouge):
        for name, form, statistics, values, signature in measure(hypotheses, references):
            part = found.parts[name] = Part(keys, statistics, form, clusters)
            metric = f"sacrebleu {name} {signature}" if form == name else signature
            found.scores.append(bootstrap(name, part, metric=metric, **about))
            found.signatures[name] = signature
            for segment, value in zip(found.segments, values, strict=True):
                segment[name] = value
    return found


Measured = Iterator[tuple[str, str, Any, list[float], str]]
"""Name, `Form`, (n, k) statistics, value of each segment, signature."""


def _sacrebleu(hypotheses: Sequence[str], references: Sequence[str]) -> Measured:
    from sacrebleu.metrics.bleu import BLEU as Bleu

    for name, sentence in ((BLEU, Bleu(tokenize="13a", effective_order=True)), (CHRF, sacrebleu_metric(CHRF))):
        metric = sacrebleu_metric(name)
        metric.corpus_score(list(hypotheses), [list(references)])  # the signature is of what was scored
        # sacrebleu resamples the same statistics for its own intervals, but returns half a width around the mean.
        statistics = metric._extract_corpus_statistics(list(hypotheses), [list(references)])
        pairs = zip(hypotheses, references, strict=True)
        values = [sentence.sentence_score(ours, [theirs]).score for ours, theirs in pairs]
        yield name, name, np.array(statistics, dtype=np.float64), values, str(metric.get_signature())


def _rouge(hypotheses: Sequence[str], references: Sequence[str]) -> Measured:
    from rouge_score.rouge_scorer import RougeScorer

    version = versions("rouge-score")["rouge-score"]
    for name, tokenizer, words in (
        (ROUGE_REPORT, None, "default tokenizer [a-z0-9]: deletes Arabic"),
        (ROUGE_UNICODE, UnicodeTokenizer(), "tokens are runs of Unicode letters, marks and digits"),
    ):
        scorer = RougeScorer(["rougeL"], use_stemmer=False, tokenizer=tokenizer)
        pairs = zip(hypotheses, references, strict=True)
        values = [100 * scorer.score(theirs, ours)["rougeL"].fmeasure for ours, theirs in pairs]
        signature = f"rouge-score {version}, F1, no stemmer, {words}"
        yield name, "ratio", np.array([[value, 1.0] for value in values]), values, signature
