"""The bilingual micro-world: words, grammars, facts, and the corpora and benchmark made from them."""
