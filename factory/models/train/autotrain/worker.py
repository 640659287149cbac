"""Runs AutoTrain inside AutoTrain's own environment and says on standard output, in JSON lines, what happens.

Started by path with `python -P`, so nothing of this package can be imported here. Answers: {"log": {loss, …}} for
every entry of the trainer's log, {"error": text} for what AutoTrain logs as an error, {"ended": exit code}. AutoTrain
ends with 0 also where its training failed, so the code alone says nothing.
"""

import ast
import json
import os
import re
import signal
import subprocess
import sys
import threading

LOGGED = re.compile(r"(INFO|ERROR)\s*\|.*? - (.*)")  # loguru's line: level | time | place - message


def main(config: str) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    threading.Thread(target=_end_with_factory, daemon=True).start()
    command = [sys.executable, "-m", "autotrain.cli.autotrain", "--config", config]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )

    def answer(event: dict) -> None:
        answers.write(json.dumps(event) + "\n")
        answers.flush()

    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="", flush=True)
        if event := read_line(line):
            answer(event)
    answer({"ended": process.wait()})


def read_line(line: str) -> dict:
    """The event that a line of AutoTrain's output tells of; empty where it tells of none."""
    found = LOGGED.search(line)  # a progress bar may stand before it
    if found is None:
        return {}
    level, message = found[1], found[2].strip()
    if level == "ERROR":
        return {"error": message}
    try:
        entry = ast.literal_eval(message) if message.startswith("{") else {}
    except (ValueError, SyntaxError):
        return {}
    return {"log": entry} if isinstance(entry, dict) and ("loss" in entry or "train_loss" in entry) else {}


def _end_with_factory() -> None:
    """Standard input ends when the factory does, however it ends: then nothing of this process group may stay."""
    while os.read(0, 4096):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1])
