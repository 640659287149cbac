"""New pieces for a tokenizer that lacks a language, and rows for them in the model."""
