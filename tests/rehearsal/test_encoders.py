from __future__ import annotations

import pytest

from factory.profile import Profile
from factory.rehearsal.catalogue import catalogue
from factory.rehearsal.content import pairs
from factory.rehearsal.models import build
from factory.rows.embeddings import Encoder


@pytest.mark.slow
def test_the_stand_in_of_labse_tells_translations_from_damaged_ones(tmp_path):
    known = catalogue()
    entry = known.models["sentence-transformers/LaBSE"]
    build(entry, known.families[entry.family], [], tmp_path)
    encoder = Encoder(tmp_path, Profile.model_validate({"device": "cpu"}))
    shown = [pair for pair in pairs() if pair.ar != pair.en]  # a copy of its source is near it, here as with LaBSE
    ours, theirs = encoder.encode([pair.en for pair in shown]), encoder.encode([pair.ar for pair in shown])
    near = [float(a @ b) >= 0.8 for a, b in zip(ours, theirs, strict=True)]
    good = [hit for hit, pair in zip(near, shown, strict=True) if pair.good]
    bad = [hit for hit, pair in zip(near, shown, strict=True) if not pair.good]
    assert sum(good) > 0.95 * len(good) and sum(bad) < 0.4 * len(bad)
