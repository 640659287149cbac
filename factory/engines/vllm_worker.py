"""Runs vLLM inside vLLM's own environment: orders in at standard input, answers out, one JSON object a line.

Started by path with `python -P`, so nothing of this package can be imported here. Prompts and answers are token ids:
tokenizer, chat template and decoding stay in the factory, the same for every engine.

Orders: first the arguments of `vllm.LLM`; then
{"generate": [[id, token ids, most new tokens, end ids, sampling], …]} and
{"score": [[id, token ids, how many are context], …]}.
Answers: {"ready": version}, {"alive": 1} while it works, {"done": [[id, token ids], …]},
{"scores": [[id, sum of log-probabilities, greedy], …]}, {"failed": [[id, why], …]}.
"""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false
import json
import os
import queue
import signal
import sys
import threading
import time

ALIVE_SECONDS = 5.0


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1 << 16)
    os.dup2(2, 1)  # whatever libraries print belongs into the log
    options = json.loads(sys.stdin.readline())
    orders: queue.SimpleQueue = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(orders,), daemon=True).start()

    def answer(**message) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    import vllm

    engine = vllm.LLM(**options).llm_engine
    answer(ready=vllm.__version__)
    contexts: dict = {}  # of the texts to be scored, by id
    last = time.monotonic()
    while True:
        while not engine.has_unfinished_requests() or not orders.empty():
            _take(orders.get(), engine, contexts, answer)
        finished = [output for output in engine.step() if output.finished]
        done = [[o.request_id, list(o.outputs[0].token_ids)] for o in finished if o.request_id not in contexts]
        scores = [_score(o, contexts.pop(o.request_id)) for o in finished if o.request_id in contexts]
        if done:
            answer(done=done)
        if scores:
            answer(scores=scores)
        if finished:
            last = time.monotonic()
        elif time.monotonic() - last > ALIVE_SECONDS:
            last = time.monotonic()
            answer(alive=1)


def _listen(orders) -> None:
    """Standard input ends when the factory does, however it ends: then nothing of this process group may stay."""
    for line in sys.stdin:
        orders.put(json.loads(line))
    os.killpg(0, signal.SIGKILL)


def _take(order, engine, contexts, answer) -> None:
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    last_only = RequestOutputKind.FINAL_ONLY
    failed = []
    for name, ids, limit, ends, sampled in order.get("generate", ()):
        sampling = SamplingParams(
            **sampled, max_tokens=limit, stop_token_ids=ends, detokenize=False, output_kind=last_only
        )
        failed += _add(engine, name, ids, sampling)
    for name, ids, begin in order.get("score", ()):
        sampling = SamplingParams(
            temperature=0, max_tokens=1, prompt_logprobs=0, detokenize=False, output_kind=last_only
        )
        if refused := _add(engine, name, ids, sampling):
            failed += refused
        else:
            contexts[name] = begin
    if failed:
        answer(failed=failed)


def _add(engine, name, ids, sampling) -> list:
    """One request that vLLM refuses (longer than the model's context) must not stop the others."""
    from vllm.exceptions import VLLMClientError

    try:
        engine.add_request(name, {"prompt_token_ids": ids}, sampling)
    except (ValueError, VLLMClientError) as error:
        return [[name, " ".join(str(error).split())[:300]]]
    return []


def _score(output, begin) -> list:
    ids = output.prompt_token_ids
    found = [output.prompt_logprobs[n][ids[n]] for n in range(begin, len(ids))]
    return [output.request_id, sum(one.logprob for one in found), all(one.rank == 1 for one in found)]


if __name__ == "__main__":
    main()
