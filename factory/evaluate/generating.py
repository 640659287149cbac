"""What a model under test answers to a set of requests, resumable."""

from collections.abc import Sequence
from typing import Any

from factory.engines import Request
from factory.step.job import Job
from factory.text.reasoning import spoken


def generate_all(job: Job, requests: Sequence[Request], doing: str, *, pictures: bool = False) -> list[dict[str, Any]]:
    """{index, engine, text, finish_reason, detail, prompt_tokens, completion_tokens} per request, in order; the cost
    is written into `job.usage`. Reasoning before an answer is no part of its text.

    `doing` is what the progress line says, `pictures` whether requests may hold some. Finished batches are in a
    ledger: after an interruption only the rest is generated.
    """
    with job.ledger("translations") as ledger:
        done: dict[int, dict[str, Any]] = {entry["index"]: entry for entry in ledger}
        pending = [index for index in range(len(requests)) if index not in done]
        with job.progress.task(f"{job.name}: {doing}", total=len(requests)) as progress:
            progress.advance(len(done))
            if pending:
                name = job.engine_name(job.input, pictures=pictures)
                with job.engine(job.input, pictures=pictures) as engine:
                    for batch in engine.generate([requests[index] for index in pending]):
                        entries = [{"index": pending[i], "engine": name, **vars(made)} for i, made in batch]
                        ledger.append(*entries)
                        done |= {entry["index"]: entry for entry in entries}
                        progress.advance(len(entries), tokens=sum(entry["completion_tokens"] for entry in entries))
    job.usage.requests = len(done)
    job.usage.prompt_tokens = sum(entry["prompt_tokens"] for entry in done.values())
    job.usage.completion_tokens = sum(entry["completion_tokens"] for entry in done.values())
    job.usage.dollars = job.price(job.input, job.usage.prompt_tokens, job.usage.completion_tokens)
    said = [spoken(done[index]["text"], _asked(request)) for index, request in enumerate(requests)]
    if reasoned := sum(one.reasoned for one in said):
        job.notes.append(f"{reasoned} of {len(said)} answers begin with reasoning, which is taken off")
    return [done[index] | {"text": one.text} for index, one in enumerate(said)]


def _asked(request: Request) -> str:
    return request.prompt or "\n".join(text for _, text in request.messages or ())
