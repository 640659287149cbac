"""The texts of a conversation, taken out and put back: turns, roles, order and every other field stay as they are."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from factory.text.json_text import is_json, json_strings, with_json_strings

ROLES = {
    **dict.fromkeys(("human", "prompter", "instruction", "input"), "user"),
    **dict.fromkeys(("gpt", "chatgpt", "bing", "bard", "model", "bot", "output"), "assistant"),
    **dict.fromkeys(("function", "function_response", "tool_response", "observation", "ipython"), "tool"),
    **dict.fromkeys(("function_call", "tool_call"), "call"),
}
_KEPT_ROLES = ("tool", "call")

Place = tuple[str | int, ...]


class Text(NamedTuple):
    """One text of a conversation.

    Attributes:
        turn: the number of its message.
        role: system, user, assistant, tool or call, whatever the data calls it.
        place: the keys and positions that lead to it.
        text: what is to be translated; a value of a JSON document is without its escapes.
    """

    turn: int
    role: str
    place: Place
    text: str


def role_of(message: Mapping[str, Any]) -> str:
    """The role of a message in either format (``role``/``content``, or ShareGPT's ``from``/``value``).

    >>> role_of({"from": "gpt", "value": "Hi"}), role_of({"role": "user", "content": "Hi"})
    ('assistant', 'user')
    """
    role = str(message.get("role") or message.get("from") or "").strip().lower()
    return ROLES.get(role, role)


def conversation_texts(messages: Sequence[Mapping[str, Any]], json_keys: Collection[str] = ()) -> list[Text]:
    """The texts of a conversation in order.

    That is every text content (a plain one, or the text parts of a list) but for what tools are told and say, which
    is data. Of tool calls, tool results and contents that are JSON documents as a whole, only the string values under
    `json_keys` are taken: translating others would break the call or the answer.

    >>> conversation_texts([{"from": "human", "value": "Hi"}, {"from": "tool", "value": "1"}])
    [Text(turn=0, role='user', place=('value',), text='Hi')]
    """
    found: list[Text] = []
    for turn, message in enumerate(messages):
        role = role_of(message)
        for place, value in _values(message):
            data = role in _KEPT_ROLES or "tool_calls" in place or "function_call" in place or is_json(value)
            if not data:
                found.append(Text(turn, role, place, value))
            elif json_keys and is_json(value):
                strings = json_strings(value, json_keys)
                found += (Text(turn, role, (*place, i), string.value) for i, string in enumerate(strings))
            elif json_keys and place[-1] in json_keys:
                found.append(Text(turn, role, place, value))
    return found


def with_texts(
    messages: Sequence[Mapping[str, Any]], texts: Sequence[str], json_keys: Collection[str] = ()
) -> list[dict[str, Any]]:
    """A copy of the conversation with other texts, given in the order of `conversation_texts` for the same keys.

    >>> with_texts([{"role": "user", "content": "Hi", "id": 1}], ["سلام"])
    [{'role': 'user', 'content': 'سلام', 'id': 1}]

    Raises:
        ValueError: there are not as many texts as the conversation has.
    """
    changed = copy.deepcopy([dict(message) for message in messages])
    places = conversation_texts(messages, json_keys)
    documents: dict[tuple[int, Place], list[str]] = {}
    for known, text in zip(places, texts, strict=True):
        holder, key = _holder(changed[known.turn], known.place)
        if isinstance(holder, str):  # a value inside a JSON document
            documents.setdefault((known.turn, known.place[:-1]), []).append(text)
        else:
            holder[key] = text
    for (turn, place), values in documents.items():
        holder, key = _holder(changed[turn], place)
        holder[key] = with_json_strings(holder[key], json_strings(holder[key], json_keys), values)
    return changed


def as_sharegpt(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """A conversation of texts as ``[{from, value}]``, the form of ShareGPT.

    >>> as_sharegpt([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}])
    [{'from': 'human', 'value': 'Hi'}, {'from': 'gpt', 'value': 'Hello'}]

    Raises:
        ValueError: a turn calls a tool or holds something else than text, which this form has no place for.
    """
    return [{"from": _SHAREGPT.get(role_of(turn), role_of(turn)), "value": _only_text(turn)} for turn in messages]


def as_messages(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """A conversation of texts as ``[{role, content}]``, the form of chat templates.

    >>> as_messages([{"from": "human", "value": "Hi"}])
    [{'role': 'user', 'content': 'Hi'}]

    Raises:
        ValueError: as for `as_sharegpt`.
    """
    return [{"role": role_of(turn), "content": _only_text(turn)} for turn in messages]


_SHAREGPT = {"user": "human", "assistant": "gpt"}


def _only_text(turn: Mapping[str, Any]) -> str:
    found = turn.get("content") if turn.get("content") is not None else turn.get("value")
    if turn.get("tool_calls") or turn.get("function_call") or not isinstance(found, str):
        raise ValueError(f"a turn of {role_of(turn) or 'nobody'} holds more than text")
    return found


def _values(message: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """(place, value) of every string that may be text."""
    name = "value" if "value" in message and "content" not in message else "content"
    content = message.get(name)
    if isinstance(content, str):
        yield (name,), content
    elif isinstance(content, list):
        for i, part in enumerate(content):
            if isinstance(part, str):
                yield (name, i), part
            elif (
                isinstance(part, Mapping) and part.get("type", "text") == "text" and isinstance(part.get("text"), str)
            ):
                yield (name, i, "text"), part["text"]
    calls = message.get("tool_calls")
    for i, call in enumerate(calls if isinstance(calls, list) else ()):
        yield from _arguments(call, ("tool_calls", i))
    yield from _arguments(message.get("function_call"), ("function_call",))


def _arguments(call: Any, place: Place) -> Iterator[tuple[Place, str]]:
    """What a call hands over; its name and id are never text."""
    if isinstance(call, Mapping):
        if isinstance(call.get("function"), Mapping):
            call, place = call["function"], (*place, "function")
        yield from _leaves(call.get("arguments"), (*place, "arguments"))


def _leaves(value: Any, place: Place) -> Iterator[tuple[Place, str]]:
    """Arguments are a JSON document, or an object already."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, (*place, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _leaves(inner, (*place, i))


def _holder(message: Any, place: Place) -> tuple[Any, Any]:
    """The container that holds the value at `place`, and the value's key in it."""
    holder = message
    for key in place[:-1]:
        holder = holder[key]
    return holder, place[-1]
