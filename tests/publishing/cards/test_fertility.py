from types import SimpleNamespace

from factory.publishing.cards.text import environment


def test_fertility_is_a_table_of_both_sides():
    sides = {
        "ar": {"texts": 40, "words": 240, "before": 5.928, "after": 1.854},
        "others": {"texts": 40, "words": 320, "before": 1.468, "after": 1.468},
    }
    metrics = {"added": 12444, "tokenizer": "SentencePiece BPE", "vocab_size": 24444, "fertility": sides}
    made = SimpleNamespace(manifest=SimpleNamespace(metrics=SimpleNamespace(**metrics)))
    text = environment().get_template("partials/fertility.md").render(expanded=[made])
    assert "| ar | 5.93 | 1.85 | 40 | 240 |" in text
    assert "| without letters of that language | 1.47 | 1.47 | 40 | 320 |" in text
    assert environment().get_template("partials/fertility.md").render(expanded=[]).strip() == ""
