import pytest

from factory.models.merge.settings import Filtered, positions, uncovered, value_at

NAMES = ["model.embed_tokens.weight", *(f"model.layers.{i}.mlp.up_proj.weight" for i in range(3)), "lm_head.weight"]


@pytest.mark.parametrize(
    "setting",
    [
        0.3,
        [0.1, 0.9],
        [0, 1, 0.5, 0.25],
        [Filtered(filter="mlp", value=[0, 1]), Filtered(filter="lm_head", value=0.2), Filtered(value=0.7)],
    ],
)
def test_values_are_mergekit_s(setting):
    from mergekit.config import ConditionalParameter, evaluate_setting

    from factory.models.merge.settings import plain

    theirs = plain(setting)
    if isinstance(theirs, list) and isinstance(theirs[0], dict):
        theirs = [ConditionalParameter.model_validate(item) for item in theirs]
    for name in NAMES:
        for position in (0.0, 1 / 3, 0.5, 1.0):
            wanted = evaluate_setting(name, theirs, position, validate=float)
            assert value_at(setting, name, position) == pytest.approx(wanted, abs=1e-12)


def test_positions_run_over_each_stack():
    names = [*NAMES, "visual.blocks.0.norm1.weight", "visual.blocks.1.norm1.weight", "visual.merger.mlp.2.weight"]
    assert list(positions(names).values()) == [0, 0, 0.5, 1, 0, 0, 1, 0]
    assert positions(["model.layers.0.w"]) == {"model.layers.0.w": 1}


def test_filters_must_cover_every_tensor():
    assert uncovered([Filtered(filter="mlp", value=1)])
    assert not uncovered([Filtered(filter="mlp", value=1), Filtered(value=0)])
    assert not uncovered(0.5)
