from __future__ import annotations

import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
from contextlib import nullcontext
import torch
from factory.step.allocator import freed_memory_kept

torch.set_num_threads(1)

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for n in range(60):
        torch.ones(12_000_000 + n)  # 48 MB, which is given back at once
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
given_back = faults()
with freed_memory_kept():
    faults()
    kept = faults()
print(given_back, kept, faults())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="of the GNU C library")
def test_freed_memory_is_used_again_inside_and_given_back_outside() -> None:
    done = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    given_back, kept, afterwards = map(int, done.stdout.split())
    assert kept * 10 < given_back, done.stdout
    assert afterwards > kept * 10, done.stdout
