from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
import warnings

import pytest
import tqdm

from factory.profile import Profile
from factory.step.surroundings import quiet_libraries, seeded, seldom_collected, uncollected

FAULTS = """
import resource, sys
from contextlib import nullcontext
import torch
from factory.step.surroundings import freed_memory_kept

torch.set_num_threads(1)

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for n in range(20):
        torch.ones(12_000_000 + n)  # 48 MB, which is given back at once
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
given_back = faults()
with freed_memory_kept():
    faults()
    kept = faults()
print(given_back, kept, faults())
"""


def test_nothing_but_errors_comes_through(capfd):
    log = logging.getLogger("some.library")
    log.addHandler(logging.StreamHandler())
    with quiet_libraries():
        log.warning("a warning")
        warnings.warn("another", stacklevel=1)
        logging.basicConfig(level=logging.DEBUG)
        assert list(tqdm.tqdm(range(3), desc="a bar")) == [0, 1, 2]
        assert list(tqdm.tqdm(range(2), "positional")) == [0, 1]
        log.error("an error")
    printed = capfd.readouterr()
    assert printed.out == "" and printed.err == "an error\n"
    log.warning("after")
    list(tqdm.tqdm(range(3), desc="a bar"))
    assert "after" in (printed := capfd.readouterr().err) and "a bar" in printed


def test_loguru_is_quiet_and_back_again():
    from loguru import logger

    seen = []
    sink = logger.add(seen.append, format="{message}")
    say = logger.patch(lambda record: None)
    exec(compile("say.info('hello')", "x", "exec"), {"say": say, "__name__": "llmcompressor.entry"})
    with quiet_libraries():
        exec(compile("say.info('hello')", "x", "exec"), {"say": say, "__name__": "llmcompressor.entry"})
    exec(compile("say.info('bye')", "x", "exec"), {"say": say, "__name__": "llmcompressor.entry"})
    logger.remove(sink)
    assert [message.strip() for message in seen] == ["hello", "bye"]


def test_an_error_inside_puts_everything_back():
    import torch

    before = torch.get_num_threads(), torch.get_rng_state(), dict(os.environ), logging.root.manager.disable
    with pytest.raises(ZeroDivisionError), seeded(Profile(threads=before[0] + 1), 7):
        assert torch.get_num_threads() == before[0] + 1
        os.environ["LEFT_BY_A_LIBRARY"] = "1"
        torch.rand(3)
        _ = 1 / 0
    after = torch.get_num_threads(), torch.get_rng_state(), dict(os.environ), logging.root.manager.disable
    assert before[1].equal(after[1])
    assert (before[0], *before[2:]) == (after[0], *after[2:])


def test_the_seed_decides_what_is_drawn():
    import random

    import numpy
    import torch

    def draw(seed):
        with seeded(Profile(), seed):
            return random.random(), numpy.random.rand(), torch.rand(1).item()

    assert draw(1) == draw(1)
    assert not set(draw(1)) & set(draw(2))


@pytest.mark.skipif(sys.platform != "linux", reason="of the GNU C library")
def test_freed_memory_is_used_again_inside_and_given_back_outside() -> None:
    done = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    given_back, kept, afterwards = map(int, done.stdout.split())
    assert kept * 10 < given_back, done.stdout
    assert afterwards > kept * 10, done.stdout


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
