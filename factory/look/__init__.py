"""Rows for people: which columns are source and translation, which are scores, and why a row was sorted out."""
