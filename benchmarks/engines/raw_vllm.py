"""`vllm.LLM.generate` and nothing else, in vLLM's own environment: the measure of what an engine costs on top.

Standard input: one line {options, prompts, limits}, then one line for each run. Answers: seconds and tokens of a run.
"""

import json
import os
import sys
import time


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    order = json.loads(sys.stdin.readline())
    from vllm import LLM, SamplingParams

    llm = LLM(**order["options"])
    limits = [SamplingParams(temperature=0, max_tokens=limit, ignore_eos=True) for limit in order["limits"]]
    print(json.dumps({"ready": True}), file=answers)
    for _ in sys.stdin:
        started = time.monotonic()
        outputs = llm.generate(order["prompts"], limits, use_tqdm=False)
        seconds = time.monotonic() - started
        print(json.dumps([seconds, sum(len(o.outputs[0].token_ids) for o in outputs)]), file=answers)


if __name__ == "__main__":
    main()
