"""Any server that speaks OpenAI's completions protocol: rented models, vLLM, llama.cpp, `transformers serve`.

It answers for the models that a recipe declares there, and for no other.
"""

from __future__ import annotations

import asyncio
import base64
import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from factory.engines.base import Batch, Completion, Engine, Request, State
from factory.engines.connections import Connections
from factory.engines.pressure import Pressure, backoff, retry_after
from factory.errors import FactoryError, UsageError
from factory.images.formats import media_type
from factory.profile import Endpoint, load_profile
from factory.waiting import waiting_for

if TYPE_CHECKING:
    import httpx


AGAIN = {408, 409, 425, 429} | set(range(500, 600))  # worth another try
FATAL = {401, 402, 403, 404, 405}  # the same for every request: key, account, address or model are wrong
BATCH, BATCH_SECONDS = 64, 1.0  # a batch is handed on when it has so many completions or is so old
BYTES_PER_TOKEN = 3  # assumed: English has more, Arabic in UTF-8 fewer characters a token
FIRST = Request.chat("Say yes.", max_new_tokens=16)  # what an endpoint is asked to learn which model answers
FIRST_TRIES = 2  # again, before any work: a server that is busy for a moment is not away


@dataclass(frozen=True)
class _Trouble:
    """Why a try failed that may be repeated, and the seconds that the server asked to wait."""

    what: str
    wait: float | None = None


class OpenAIEngine(Engine):
    """Sends many requests at once and yields answers as they arrive.

    A request that the server refuses for good becomes a completion with ``finish_reason="error"``. What is wrong for
    all requests (key, address, a server that stays away, another model that answers) is a `FactoryError`.
    """

    sees = True

    def __init__(self, model: str, endpoint: Endpoint, answers_as: str | None = None) -> None:
        """`model` as the endpoint names it; `answers_as`: what answers must state, by default what the first does."""
        self.model, self.answers_as, self.settings = model, answers_as, endpoint
        self.url = endpoint.base_url.rstrip("/")
        self._key = key_of(endpoint)
        self._chance = random.Random()
        self._last_answer = 0.0
        self._pressure = Pressure(self.settings.concurrency)
        self._runner = asyncio.Runner()
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self._connections = Connections(headers, self.settings.timeout)

    @classmethod
    def state(cls) -> State:
        try:
            profile = load_profile(None)
        except FactoryError as error:
            return State("missing", to_do=str(error))
        addresses = [f"{name}: {endpoint.base_url}" for name, endpoint in profile.endpoints.items()]
        return State("installed", where=", ".join(addresses) or "the profile names no endpoint")

    def __exit__(self, *exception: object) -> None:
        self._runner.run(self._connections.aclose())
        self._runner.close()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Estimated from the bytes: whose tokenizer it has, an endpoint does not say."""
        return [-(-len(text.encode()) // BYTES_PER_TOKEN) for text in texts]

    def generate(self, requests: Sequence[Request]) -> Iterator[Batch]:
        done: asyncio.Queue[tuple[int, Completion] | None] = asyncio.Queue()  # None once the work has ended
        work = self._runner.get_loop().create_task(self._work(requests, done))
        work.add_done_callback(lambda _: done.put_nowait(None))
        try:
            left = len(requests)
            while left:
                batch = self._runner.run(_next_batch(done, work))
                left -= len(batch)
                yield batch
        finally:
            self._runner.run(_end(work))

    async def _work(self, requests: Sequence[Request], done: asyncio.Queue[tuple[int, Completion] | None]) -> None:
        # The longest first, so that none is left running alone at the end.
        queue = iter(sorted(range(len(requests)), key=lambda i: -requests[i].max_new_tokens))

        async def take() -> None:
            for i in queue:
                done.put_nowait((i, await self._one(requests[i])))

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self.settings.concurrency, len(requests))):
                group.create_task(take())

    async def _one(self, request: Request) -> Completion:
        path = "/completions" if request.messages is None else "/chat/completions"
        prompt = {"prompt": request.prompt} if request.messages is None else {"messages": _messages(request)}
        limit = {self.settings.token_limit: request.max_new_tokens}
        body = {"model": self.model, **_chosen(request), **prompt, **limit, **self.settings.body}
        answer = await self._send("POST", path, body)
        if isinstance(answer, Completion):
            return answer
        self._require_the_same(str(answer.get("model") or self.answers_as or self.model))
        return _completion(answer)

    def _require_the_same(self, stated: str) -> None:
        """Raises FactoryError where another model answers than the one that the work began with."""
        self.answers_as = self.answers_as or stated
        if stated != self.answers_as:
            raise FactoryError(
                f"{self.model} answers as {stated}, and the work began with {self.answers_as}",
                where=self.url,
                fix="declare the dated name, or run `factory lock RECIPE`: what it makes is then made anew",
            )

    def served(self) -> list[str]:
        """Names of the models that the endpoint lists.

        Raises:
            FactoryError: it does not answer, or refuses.
        """
        answer = self._runner.run(self._send("GET", "/models", None))
        if isinstance(answer, Completion):
            raise FactoryError(f"it does not list its models: {answer.detail}", where=self.url)
        return [str(model.get("id")) for model in answer.get("data") or []]

    async def _send(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any] | Completion:
        """The answer's JSON; an error completion where the server refuses this very request.

        Raises:
            FactoryError: no request can succeed, or none does any more.
        """
        first_try, tries, trouble = time.monotonic(), self.settings.retries + 1, ""
        for attempt in range(tries):
            with waiting_for(f"{self.url}: {trouble}") if trouble else nullcontext():
                if attempt:
                    await asyncio.sleep(backoff(attempt - 1, self.settings.max_wait, self._chance))
                async with self._pressure.slot() as sent_in:
                    outcome = await self._once(method, path, body)
                    if not isinstance(outcome, _Trouble):
                        self._last_answer = time.monotonic()
                        self._pressure.fine()
                        return outcome
                    self._pressure.overload(sent_in, outcome.wait)
            trouble = outcome.what
        if self._last_answer > first_try:  # the server is well: it is this request
            return Completion.error(f"given up after {tries} tries, the last: {trouble}")
        raise FactoryError(
            f"no answer after {tries} tries, the last: {trouble}",
            where=self.url,
            fix="finished work is kept: run the same command when the server is well",
        )

    async def _once(
        self, method: str, path: str, body: dict[str, Any] | None
    ) -> dict[str, Any] | Completion | _Trouble:
        import httpx

        try:
            reply = await self._connections.request(method, self.url + path, body)
            answer = reply.json() if reply.status_code == 200 else None
            if isinstance(answer, dict) and (answer.get("choices") or not answer.get("error")):
                return answer  # some servers send their errors with status 200
        except (httpx.TransportError, ValueError) as error:  # ValueError: a 200 that is no JSON
            return _Trouble(f"{type(error).__name__}: {error}".rstrip(": "))
        status = reply.status_code
        what = f"{status}: {_message(reply, self._key)}"
        if status in FATAL or "insufficient_quota" in reply.text[:2000]:
            raise FactoryError(f"refused with {what}", where=self.url, fix=self._advice(status))
        if status in AGAIN or status == 200:
            return _Trouble(what, retry_after(reply.headers.get("retry-after")))
        return Completion.error(what)

    def _advice(self, status: int) -> str:
        if status in (401, 403):
            name = self.settings.api_key_env
            return f"check the key in ${name}" if name else "set api_key_env to the name of the variable with the key"
        if status == 404:
            return "check base_url (with /v1), and the model in the recipe"
        return "check the account at the provider"


async def _next_batch(done: asyncio.Queue[tuple[int, Completion] | None], work: asyncio.Task[None]) -> Batch:
    """At least one completion: as many as come within BATCH_SECONDS, at most BATCH.

    Raises:
        FactoryError: the work ended with one.
    """
    batch: Batch = []
    with suppress(TimeoutError):
        async with asyncio.timeout(None) as limit:
            while len(batch) < BATCH and not (work.done() and done.empty()) and (entry := await done.get()):
                if not batch:
                    limit.reschedule(asyncio.get_running_loop().time() + BATCH_SECONDS)
                batch.append(entry)
    if batch:
        return batch
    error = work.exception()
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    raise error or RuntimeError("the endpoint's answers ended early")


async def _end(work: asyncio.Task[None]) -> None:
    work.cancel()
    await asyncio.wait({work})
    if not work.cancelled():
        work.exception()  # seen


def _chosen(request: Request) -> dict[str, Any]:
    """How tokens are chosen, and what the chat template is told: beyond OpenAI's words in those of vLLM's server."""
    told = {"chat_template_kwargs": request.manner.arguments} if request.manner.arguments else {}
    if (sampling := request.manner.sampling) is None:
        return {"temperature": 0, **told}
    known = {"temperature": sampling.temperature, "top_p": sampling.top_p, "seed": request.seed}
    more = sampling.model_dump(include={"top_k", "repetition_penalty"}, exclude_defaults=True)
    return {**known, **more, **told}


def _messages(request: Request) -> list[dict[str, Any]]:
    """Pictures travel inside the request, so that the server fetches nothing."""
    turns = request.turns()
    if request.images:
        addresses = (
            f"data:{media_type(data) or 'image/jpeg'};base64,{base64.b64encode(data).decode()}"
            for data in request.images
        )
        shown = [{"type": "image_url", "image_url": {"url": address}} for address in addresses]
        turns[-1]["content"] = [*shown, *turns[-1]["content"][len(shown) :]]
    return turns


def _completion(answer: dict[str, Any]) -> Completion:
    usage = answer.get("usage") or {}
    try:
        counts = int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0)
    except (AttributeError, TypeError, ValueError):
        counts = 0, 0
    try:
        [choice, *_] = answer.get("choices") or [{}]
        reason = choice.get("finish_reason")
        text = _text((choice.get("message") or {}).get("content", choice.get("text")))
    except (AttributeError, TypeError, KeyError):
        return Completion("", "error", *counts, "the endpoint's answer is not of OpenAI's protocol")
    if reason in ("stop", "length"):
        return Completion(text, reason, *counts)
    return Completion("", "error", *counts, f"the endpoint ended the answer with finish_reason {reason!r}")


def _text(content: Any) -> str:
    """What an answer says: a text, or a list of parts of which those of text count."""
    if isinstance(content, list):
        return "".join(_text(part["text"]) for part in content if part.get("type") == "text")
    if not isinstance(content, str | None):
        raise TypeError(type(content).__name__)
    return content or ""


def _message(reply: httpx.Response, key: str | None) -> str:
    """The server's own words, on one line and without the key."""
    try:
        content = reply.json()
        error = content.get("error", content)
        text = error.get("message") or error.get("detail") or error if isinstance(error, dict) else error
    except (ValueError, AttributeError):
        text = reply.text
    text = " ".join(str(text).split())
    return (text.replace(key, "***") if key else text)[:300]


def key_of(endpoint: Endpoint) -> str | None:
    """The endpoint's key; None where it wants none.

    Raises:
        UsageError: the variable that should hold it is empty.
    """
    if (variable := endpoint.api_key_env) is None:
        return None
    if not (key := os.environ.get(variable)):
        raise UsageError(f"${variable} is empty", fix="put the endpoint's key into it, or correct api_key_env")
    return key


def stated_model(model: str, endpoint: Endpoint, answers_as: str | None = None) -> str:
    """The `model` that an endpoint's answer states: where `model` is an alias, the dated name behind it.

    `answers_as`: what it must be.

    Raises:
        UsageError: the endpoint's key is missing.
        FactoryError: it does not answer, refuses, or states another.
    """
    brief = endpoint.model_copy(update={"retries": min(endpoint.retries, FIRST_TRIES)})
    with OpenAIEngine(model, brief, answers_as) as engine:
        [[(_, first)]] = engine.generate([FIRST])
        if first.finish_reason == "error" or engine.answers_as is None:
            raise FactoryError(f"{model} does not answer: {first.detail}", where=engine.url)
        return engine.answers_as
