"""Learning pieces on top of a tokenizer that stays as it is.

BPE goes on where the old merges end: text is cut by the old tokenizer, and merges are counted over its pieces. They
are appended after all old merges, and BPE applies merges in order, so the old ones run to their end first; what no new
merge touches stays as it was. New pieces hold only letters of the language's script, so other text is never touched.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from factory.models.vocabulary.grow import grown
from factory.models.vocabulary.kinds import SPACE, Kind, Piece, spelled
from factory.models.vocabulary.letters import Letters

SPARE = 1.25  # learnt beyond what is asked for: some pieces are not of the script, or known
AT_ONCE = 10_000  # words in one line
PRIVATE = 0xF0000  # private use planes: one character for each old piece


Texts = Callable[[], Iterable[str]]


def learn(document: dict[str, Any], kind: Kind, texts: Texts, letters: Letters, size: int) -> list[Piece]:
    """At most `size` new pieces, most useful first: any beginning of the list is a tokenizer of its own."""
    if kind == "SentencePiece unigram":
        return _unigram(document, texts, letters, size)
    single = _characters(document, texts, letters)[:size] if kind == "SentencePiece BPE" else []
    return single + _merges(grown(document, single), kind, texts, letters, size - len(single))


def _characters(document: dict[str, Any], texts: Texts, letters: Letters) -> list[Piece]:
    """Characters of the script without a piece of their own, which were written in bytes so far."""
    counts: Counter[str] = Counter()
    for text in texts():
        counts.update(text)
    vocab = document["model"]["vocab"]
    known = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return [Piece(letter) for letter, count in known if letter in letters and letter not in vocab and count > 1]


def _merges(document: dict[str, Any], kind: Kind, texts: Texts, letters: Letters, size: int) -> list[Piece]:
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    if size <= 0:
        return []
    cutter = Tokenizer.from_str(json.dumps(document))
    symbols: dict[str, str] = {}
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.WhitespaceSplit()  # type: ignore[assignment]

    runs: Counter[str] = Counter()
    for text in texts():
        for run in _runs(cutter.encode(text, add_special_tokens=False), kind):
            runs["".join([symbols.setdefault(piece, chr(PRIVATE + len(symbols))) for piece in run])] += 1
    limit = len(symbols) + int(size * SPARE) + 100
    trainer = trainers.BpeTrainer(vocab_size=limit, min_frequency=2, show_progress=False)
    trained.train_from_iterator(_repeated(runs), trainer)
    pieces = {symbol: piece for piece, symbol in symbols.items()}
    known, found = set(document["model"]["vocab"]), []
    for merge in json.loads(trained.to_str())["model"]["merges"]:
        left, right = ("".join(pieces[symbol] for symbol in part) for part in merge)
        text = left + right
        if text in known or not {left, right} <= known:
            continue
        spelling = spelled(text, kind)
        if spelling is not None and letters.cover(spelling):
            known.add(text)
            found.append(Piece(text, (left, right)))
    return found[:size]


def _repeated(counts: Counter[str]) -> Iterator[str]:
    """Each word as often as it was counted: a trainer takes no counts."""
    for word, count in counts.items():
        for left in range(count, 0, -AT_ONCE):
            yield " ".join([word] * min(left, AT_ONCE))


def _runs(encoding: Any, kind: Kind) -> Iterator[list[str]]:
    """The pieces of each word that can be merged: no ASCII but a space at the beginning, no byte-fallback pieces."""
    run: list[str] = []
    before = None
    for piece, word in zip(encoding.tokens, encoding.word_ids, strict=True):
        begins, joins = _place(piece, kind)
        if run and (begins or not joins or word != before):
            if len(run) > 1:
                yield run
            run = []
        before = word
        if joins:
            run.append(piece)
    if len(run) > 1:
        yield run


@cache
def _place(piece: str, kind: Kind) -> tuple[bool, bool]:
    """(a word begins with it, it can be merged with its neighbours)."""
    spelling = spelled(piece, kind)
    if spelling is None:
        return False, False
    rest = spelling.removeprefix(b" ")
    return rest != spelling, all(byte >= 0x80 for byte in rest)


def _unigram(document: dict[str, Any], texts: Texts, letters: Letters, size: int) -> list[Piece]:
    """Pieces of a unigram model of the language's words, none less likely than the least likely old piece."""
    from tokenizers import Tokenizer, models, trainers

    old = Tokenizer.from_str(json.dumps(document))
    trained = Tokenizer(models.Unigram())
    if old.normalizer is not None:
        trained.normalizer = old.normalizer
    if old.pre_tokenizer is not None:
        trained.pre_tokenizer = old.pre_tokenizer
    trainer = trainers.UnigramTrainer(vocab_size=int(size * SPARE) + 100, show_progress=False, unk_token="<unk>")

    def words() -> Iterator[str]:
        for text in texts():
            yield " ".join(word for word in text.split() if all(character in letters for character in word))

    trained.train_from_iterator(words(), trainer)
    known = {piece for piece, _ in document["model"]["vocab"]}
    least = min(score for _, score in document["model"]["vocab"])  # decides what an unknown character costs
    found = [
        Piece(piece, score=max(score, least))
        for piece, score in json.loads(trained.to_str())["model"]["vocab"]
        if piece not in known and letters.cover(piece.replace(SPACE, " ").encode())
    ]
    return sorted(found, key=lambda piece: (-piece.score, piece.text))[:size]
