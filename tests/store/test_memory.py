from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from factory.store.memory import AT_ONCE, Memory


def entry(n: int) -> tuple[bytes, tuple[str, str, int, int]]:
    return n.to_bytes(16, "big"), (f"text {n} ي", "stop", n, n + 1)


def test_the_first_entry_of_a_key_stays(tmp_path):
    memory = Memory(tmp_path)
    memory.add(dict([entry(1), entry(2)]))
    memory.add({entry(1)[0]: ("other", "length", 0, 0)})
    memory.close()
    found = Memory(tmp_path).find([entry(n)[0] for n in (1, 2, 3)])
    assert found == dict([entry(1), entry(2)])


def test_more_keys_than_one_query_takes(tmp_path):
    memory = Memory(tmp_path)
    entries = dict(entry(n) for n in range(2 * AT_ONCE + 7))
    memory.add(entries)
    assert memory.find(list(entries)) == entries


def test_trouble_never_stops_a_run(tmp_path):
    (tmp_path / "generations.sqlite").write_bytes(b"this is no database" * 100)
    memory = Memory(tmp_path)
    memory.add(dict([entry(1)]))
    assert memory.find([entry(1)[0]]) == {} and "not a database" in (memory.trouble or "")
    (tmp_path / "file").write_text("")
    assert Memory(tmp_path / "file").trouble


WRITER = """
import sys
from pathlib import Path
from factory.store.memory import Memory
memory = Memory(Path(sys.argv[1]))
print("ready", flush=True)
for n in range(int(sys.argv[2]), 10**6, 2):
    memory.add({n.to_bytes(16, "big"): (f"text {n} ي", "stop", n, n + 1)})
    if memory.trouble:
        print(memory.trouble, flush=True)
        break
"""


def open_at_once(folder: Path, start, troubles) -> None:
    start.wait()
    memory = Memory(folder)
    troubles.put(memory.trouble)
    memory.close()


def test_many_open_a_new_one_at_once(tmp_path):
    forks = multiprocessing.get_context("fork")
    for n in range(20):
        start, troubles = forks.Barrier(6), forks.Queue()
        openers = [forks.Process(target=open_at_once, args=(tmp_path / str(n), start, troubles)) for _ in range(6)]
        for opener in openers:
            opener.start()
        assert [troubles.get() for _ in openers] == [None] * 6
        for opener in openers:
            opener.join()


def test_two_writers_killed_leave_it_whole(tmp_path):
    for _ in range(3):
        writers = [
            subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(n)], stdout=subprocess.PIPE, text=True)
            for n in (0, 1)
        ]
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        time.sleep(random.uniform(0.05, 0.4))
        for writer in writers:
            os.kill(writer.pid, signal.SIGKILL)
            assert writer.communicate()[0] == ""
    base = sqlite3.connect(tmp_path / "generations.sqlite")
    assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    numbers = [row[0] for row in base.execute("SELECT prompt_tokens FROM entry")]
    base.close()
    assert len(numbers) > 10
    assert Memory(tmp_path).find([entry(n)[0] for n in numbers]) == dict(entry(n) for n in numbers)
