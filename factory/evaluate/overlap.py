"""BLEU, chrF++ and ROUGE-L of a set of translations, each with a bootstrap interval over the segments."""

import unicodedata
from collections.abc import Sequence
from typing import Any

from factory.arrays import np
from factory.evaluate.base import versions
from factory.evaluate.score import BOOTSTRAP_SEED, RESAMPLES, Score, bootstrap

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


def overlap_scores(
    hypotheses: Sequence[str], references: Sequence[str], **about: Any
) -> tuple[list[Score], list[dict[str, float]], dict[str, str]]:
    """Corpus scores in the order of `NAMES`, {name: value} of each segment, and the signatures of the metrics.

    BLEU and chrF++ (word_order=2) are sacrebleu's; ROUGE-L is the mean F1 of rouge-score without stemming, times 100.
    """
    scores: list[Score] = []
    segments: list[dict[str, float]] = [{} for _ in hypotheses]
    signatures = {"bootstrap": f"{RESAMPLES} resamples of segments, percentile, seed {BOOTSTRAP_SEED}"}
    for add in (_sacrebleu, _rouge):
        for score, values, signature in add(hypotheses, references, about):
            scores.append(score)
            signatures[score.name] = signature
            for segment, value in zip(segments, values, strict=True):
                segment[score.name] = value
    return scores, segments, signatures


def _sacrebleu(hypotheses: Sequence[str], references: Sequence[str], about: dict[str, Any]) -> Any:
    from sacrebleu.metrics.bleu import BLEU as Bleu
    from sacrebleu.metrics.chrf import CHRF as Chrf

    for name, metric, sentence in (
        (BLEU, Bleu(tokenize="13a"), Bleu(tokenize="13a", effective_order=True)),
        (CHRF, Chrf(word_order=2), Chrf(word_order=2)),
    ):
        value = metric.corpus_score(list(hypotheses), [list(references)]).score
        signature = str(metric.get_signature())
        # sacrebleu resamples the same statistics for its own intervals, but returns half a width around the mean.
        statistics = np.array(
            metric._extract_corpus_statistics(list(hypotheses), [list(references)]), dtype=np.float64
        )
        score = bootstrap(
            name,
            value,
            statistics,
            lambda total, metric=metric: metric._compute_score_from_stats(total.tolist()).score,
            metric=f"sacrebleu {name} {signature}",
            **about,
        )
        pairs = zip(hypotheses, references, strict=True)
        yield score, [sentence.sentence_score(ours, [theirs]).score for ours, theirs in pairs], signature


def _rouge(hypotheses: Sequence[str], references: Sequence[str], about: dict[str, Any]) -> Any:
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
        rows = np.array([[value, 1.0] for value in values])
        mean = sum(values) / len(values)
        yield bootstrap(name, mean, rows, lambda s: s[0] / s[1], metric=signature, **about), values, signature
