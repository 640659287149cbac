"""The loop of the engine transformers on one thread, in a process of its own and without ray: what an actor does.

    python benchmarks/engines/plain_worker.py MODEL

Standard input: a line {"texts", "tokens", "batch_size"}, whose answer is a line "ready", then a line for each run,
whose answer is [the monotonic clock at its end, tokens].
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))


def main() -> None:
    import torch

    from factory.engines import Request, engine_for
    from factory.profile import Profile

    torch.set_num_threads(1)
    order = json.loads(sys.stdin.readline())
    requests = [Request.chat(text, max_new_tokens=order["tokens"]) for text in order["texts"]]
    profile = Profile.model_validate({"engine": "transformers", "device": "cpu", "batch_size": order["batch_size"]})
    with engine_for(Path(sys.argv[1]), profile) as engine:
        print("ready", flush=True)
        for _ in sys.stdin:
            written = sum(c.completion_tokens for batch in engine.generate(requests) for _, c in batch)
            print(json.dumps([time.monotonic(), written]), flush=True)


if __name__ == "__main__":
    main()
