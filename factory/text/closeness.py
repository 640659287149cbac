"""How much of a text is in another text of the same meaning: BLEU, chrF++, METEOR and ROUGE-L of one pair."""

from __future__ import annotations

from functools import cache
from typing import Any

from factory.text.arabic import unmarked
from factory.text.scripts import scripts_of
from factory.text.words import words

METRICS = ("bleu", "chrf", "meteor", "rouge_precision", "rouge_recall", "rouge_f1")
_SNOWBALL = {"ar": "arabic", "da": "danish", "de": "german", "es": "spanish", "fi": "finnish", "fr": "french"}
_SNOWBALL |= {"hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese"}
_SNOWBALL |= {"ro": "romanian", "ru": "russian", "sv": "swedish"}
_BLEU_TOKENIZERS = {"zh": "zh", "ja": "char", "th": "char", "lo": "char", "km": "char", "my": "char"}


def closeness(hypothesis: str, reference: str, language: str) -> dict[str, float]:
    """The scores of `METRICS`, each from 0 to 100.

    - bleu: sacrebleu's sentence BLEU-4 (effective order, exponential smoothing, tokenizer 13a; ``intl``, which knows
      the marks of every script, where letters are not Latin; by characters or its own ``zh`` in scripts without
      spaces).
    - chrf: sacrebleu's chrF++ (word_order=2).

    In Arabic script both are of the texts without vowel marks and tatweel, which writers leave out or put in at will.

    - meteor: nltk's, with the parameters of Banerjee and Lavie (2005), matching words and stems (Porter for English,
      Snowball where it knows the language). Synonyms are left out: WordNet would have to be downloaded and knows
      English only. So the score is rarely above, and often below, METEOR with synonyms. Texts whose words all match
      in the same order have 100, as METEOR's own scorer gives them; nltk takes half from a text of one word.
    - rouge_*: ROUGE-L of rouge-score over words of any script; its own tokenizer deletes all but a-z and 0-9.
    """
    bleu, chrf, rouge = _scorers(_code(language))
    fit = rouge.score(reference, hypothesis)["rougeL"]
    plain = unmarked if "Arab" in scripts_of(language) else str
    return {
        "bleu": bleu.sentence_score(plain(hypothesis), [plain(reference)]).score,
        "chrf": chrf.sentence_score(plain(hypothesis), [plain(reference)]).score,
        "meteor": _meteor(hypothesis, reference, language),
        "rouge_precision": 100 * fit.precision,
        "rouge_recall": 100 * fit.recall,
        "rouge_f1": 100 * fit.fmeasure,
    }


class _Words:
    def tokenize(self, text: str) -> list[str]:
        return words(text)


@cache
def _scorers(code: str) -> tuple[Any, Any, Any]:
    from rouge_score.rouge_scorer import RougeScorer
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    usual = "13a" if "Latn" in scripts_of(code) else "intl"
    bleu = BLEU(tokenize=_BLEU_TOKENIZERS.get(code, usual), effective_order=True)
    return bleu, CHRF(word_order=2), RougeScorer(["rougeL"], tokenizer=_Words())


class _NoSynonyms:
    def synsets(self, word: str) -> list[Any]:
        return []


class _Unstemmed:
    def stem(self, word: str) -> str:
        return word


@cache
def _stemmer(code: str) -> Any:
    from nltk.stem.porter import PorterStemmer
    from nltk.stem.snowball import SnowballStemmer

    if code == "en":
        return PorterStemmer()
    return SnowballStemmer(_SNOWBALL[code]) if code in _SNOWBALL else _Unstemmed()


def _meteor(hypothesis: str, reference: str, language: str) -> float:
    from nltk.translate.meteor_score import single_meteor_score

    ours, theirs = words(hypothesis), words(reference)
    if not ours or not theirs:
        return 0.0
    stemmer, nothing = _stemmer(_code(language)), _NoSynonyms()
    if [stemmer.stem(word.lower()) for word in ours] == [stemmer.stem(word.lower()) for word in theirs]:
        return 100.0
    return 100 * single_meteor_score(theirs, ours, stemmer=stemmer, wordnet=nothing)  # type: ignore[arg-type]


def _code(language: str) -> str:
    return language.lower().replace("_", "-").split("-")[0]
