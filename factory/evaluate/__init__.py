"""Evaluation: suites that score a model, gates that judge the scores, and the forms the Hub reads them in.

`suites()` names every suite; each is one file in `factory/evaluate/suites/`.
"""
