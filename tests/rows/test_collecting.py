import gc

import pytest

from factory.rows.collecting import seldom_collected, uncollected


def test_cycles_are_looked_for_again_after_the_outermost_block():
    with uncollected():
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_how_often_cycles_are_looked_for_is_as_before_even_after_a_failure():
    before = gc.get_threshold()
    with pytest.raises(KeyError), seldom_collected():
        assert gc.get_threshold() == (100 * before[0], *before[1:])
        raise KeyError
    assert gc.get_threshold() == before
