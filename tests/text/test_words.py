from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from factory.text.words import hash_ngrams, hash_words, words


def test_scripts_without_spaces_have_a_word_per_letter():
    assert words("我爱 Paris。") == ["我", "爱", "paris"]
    assert words("١٢ كِتاب، Book") == ["12", "كتاب", "book"]


@given(texts=st.lists(st.lists(st.sampled_from("abcd"), max_size=9), max_size=6), n=st.integers(1, 4))
def test_equal_hashes_mean_equal_ngrams_within_a_text(texts, n):
    hashes, starts = hash_words(texts)
    found, first = hash_ngrams(hashes, starts, n)
    flat = [word for text in texts for word in text]
    here = [tuple(flat[i : i + n]) for i in first]
    wanted = [tuple(text[i : i + n]) for text in texts for i in range(len(text) - n + 1)]
    assert here == wanted
    assert len(set(found.tolist())) == len(set(wanted))
    assert len({*zip(found.tolist(), here, strict=True)}) == len(set(wanted))
