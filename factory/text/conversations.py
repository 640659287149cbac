"""A conversation in any of the forms that datasets have: one reading of it, for translating, training and rewriting.

A conversation is a list of turns, ``{role, content}`` or ShareGPT's ``{from, value}``. A content is a text, a list of
parts (texts, images), or null; an assistant's turn may call tools.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from factory.text.json_text import is_json, json_strings, with_json_strings

ALIASES = {
    "system": "system developer",
    "user": "user human prompter instruction input question",
    "assistant": "assistant gpt chatgpt bing bard model bot chatbot ai output answer response",
    "tool": "tool function function_response tool_response tool_result tool_results observation ipython",
    "call": "call function_call function_calls tool_call tool_calls",
}
ROLES = {alias: role for role, aliases in ALIASES.items() for alias in aliases.split()}
_DATA = ("tool", "call")  # turns that hold what tools are told and say
_SHAREGPT = {"user": "human", "assistant": "gpt"}
_TEXTS, _IMAGES = ("text", "input_text", "output_text"), ("image", "image_url", "input_image")

IMAGE_MARKER = "<image>"

Place = tuple[str | int, ...]


class TurnText(NamedTuple):
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


class ContentPart(NamedTuple):
    """A part of a turn's content: `kind` is text, image, or the data's own word for what is neither.

    `value` is the text, or the part as the data has it.
    """

    kind: str
    place: Place
    value: Any


def role_of(message: Any) -> str:
    """The role of a message in either format, by its usual name; one that is not known stays, in small letters.

    >>> role_of({"from": "gpt", "value": "Hi"}), role_of({"role": "User"}), role_of({"role": "narrator"})
    ('assistant', 'user', 'narrator')
    """
    said = (message.get("role") or message.get("from") or "") if isinstance(message, Mapping) else ""
    role = str(said).strip().lower().replace("-", "_").replace(" ", "_")
    return ROLES.get(role, role)


def parts_of(message: Any) -> list[ContentPart]:
    """What a message holds, part by part; nothing where its content is null.

    >>> [part.kind for part in parts_of({"content": [{"type": "image"}, {"type": "text", "text": "What is this?"}]})]
    ['image', 'text']
    """
    if not isinstance(message, Mapping):
        return []
    name = "value" if message.get("content") is None and "value" in message else "content"
    content = message.get(name)
    if isinstance(content, list):
        found = (_part(part, (name, number)) for number, part in enumerate(content))
    else:
        found = iter([_part(content, (name,))])
    return [part for part in found if part is not None]


def _part(part: Any, place: Place) -> ContentPart | None:
    if part is None or isinstance(part, str):
        return None if part is None else ContentPart("text", place, part)
    if not isinstance(part, Mapping):
        return ContentPart(type(part).__name__, place, part)
    kind = str(part.get("type") or next((key for key in ("text", *_IMAGES) if part.get(key) is not None), "unknown"))
    if kind in _TEXTS:
        return _part(part.get("text"), (*place, "text"))
    return ContentPart("image" if kind in _IMAGES else kind, place, part)


def image_places(value: Any) -> int:
    """How many places for pictures a text or a conversation has: ``<image>`` in a text, and parts that are images.

    >>> image_places("<image>Who is this?"), image_places([{"role": "user", "content": [{"type": "image"}, "Hi"]}])
    (1, 1)
    """
    if isinstance(value, str):
        return value.count(IMAGE_MARKER)
    turns = value if isinstance(value, Sequence) else ()
    parts = [part for turn in turns for part in parts_of(turn)]
    return sum(part.kind == "image" or (part.kind == "text" and part.value.count(IMAGE_MARKER)) for part in parts)


def conversation_texts(messages: Sequence[Any], json_keys: Collection[str] = ()) -> list[TurnText]:
    """The texts of a conversation in order.

    That is every text content (a plain one, or the text parts of a list) but for what tools are told and say, which
    is data. Of tool calls, tool results and contents that are JSON documents as a whole, only the string values under
    `json_keys` are taken: translating others would break the call or the answer.

    >>> conversation_texts([{"from": "human", "value": "Hi"}, {"from": "tool", "value": "1"}])
    [TurnText(turn=0, role='user', place=('value',), text='Hi')]
    """
    found: list[TurnText] = []
    for turn, message in enumerate(messages):
        role = role_of(message)
        for place, value in _values(message):
            data = role in _DATA or "tool_calls" in place or "function_call" in place or is_json(value)
            if not data:
                found.append(TurnText(turn, role, place, value))
            elif json_keys and is_json(value):
                strings = json_strings(value, json_keys)
                found += (TurnText(turn, role, (*place, i), string.value) for i, string in enumerate(strings))
            elif json_keys and place[-1] in json_keys:
                found.append(TurnText(turn, role, place, value))
    return found


def with_texts(messages: Sequence[Any], texts: Sequence[str], json_keys: Collection[str] = ()) -> list[Any]:
    """A copy of the conversation with other texts, given in the order of `conversation_texts` for the same keys.

    >>> with_texts([{"role": "user", "content": "Hi", "id": 1}], ["سلام"])
    [{'role': 'user', 'content': 'سلام', 'id': 1}]

    Raises:
        ValueError: there are not as many texts as the conversation has.
    """
    changed = copy.deepcopy(list(messages))
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


def as_messages(messages: Any, tool_calls: bool = False, images: bool = False) -> list[dict[str, Any]]:
    """A conversation as ``[{role, content}]``, the form of chat templates; roles by their usual names.

    Null is an empty text, the text parts of a list stand on lines of their own. Calls of tools are written into the
    assistant's text, ``<tool_call>{"name": …, "arguments": …}</tool_call>`` as Hermes and Qwen models do; or with
    `tool_calls`, for a template that writes them itself, they stand beside it as ``{type, function}``. With `images`
    the content of a turn that has places for pictures is a list of parts in their order, ``{type: image}`` and
    ``{type: text, text}``.

    >>> as_messages([{"from": "human", "value": "Hi"}, {"from": "model", "value": None}])
    [{'role': 'user', 'content': 'Hi'}, {'role': 'assistant', 'content': ''}]
    >>> as_messages([{"role": "user", "content": "<image>What?"}], images=True)
    [{'role': 'user', 'content': [{'type': 'image'}, {'type': 'text', 'text': 'What?'}]}]

    Raises:
        ValueError: it is no conversation, a role is not known, or a turn holds something else than text, or pictures
            with `images`.
    """
    if not isinstance(messages, Sequence) or isinstance(messages, str):
        raise ValueError("there is no conversation" if messages is None else "it is no list of turns")
    return [_message(turn, tool_calls, images) for turn in messages]


def as_sharegpt(messages: Any) -> list[dict[str, Any]]:
    """A conversation of texts as ``[{from, value}]``, the form of ShareGPT.

    >>> as_sharegpt([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}])
    [{'from': 'human', 'value': 'Hi'}, {'from': 'gpt', 'value': 'Hello'}]

    Raises:
        ValueError: as for `as_messages`.
    """
    turns = as_messages(messages)
    return [{"from": _SHAREGPT.get(turn["role"], turn["role"]), "value": turn["content"]} for turn in turns]


def _message(turn: Any, tool_calls: bool, images: bool) -> dict[str, Any]:
    role = role_of(turn)
    if role not in ALIASES:
        raise ValueError(f"role {role!r} is not known" if role else "a turn has no role")
    parts = parts_of(turn)
    if odd := [part.kind for part in parts if part.kind != "text" and not (images and part.kind == "image")]:
        raise ValueError(f"a turn holds {odd[0]}, which is no text")
    texts, calls = [None if part.kind == "image" else part.value for part in parts], [*_calls(turn)]
    if role == "call":  # ShareGPT's turn of its own for what the assistant asks of a tool
        role = "assistant"
        if not calls and (said := [*_written_calls(_lines(texts))]):
            texts, calls = [], said
    message: dict[str, Any] = {"role": role}
    if tool_calls:
        message |= {"tool_calls": [{"type": "function", "function": call} for call in calls]} if calls else {}
        message |= {key: turn[key] for key in ("name", "tool_call_id") if isinstance(turn.get(key), str)}
    else:
        texts += [f"<tool_call>\n{json.dumps(call, ensure_ascii=False)}\n</tool_call>" for call in calls]
    return message | {"content": _with_places(texts) if images else _lines(texts)}


def _lines(texts: Sequence[str | None]) -> str:
    return "\n".join(text for text in texts if text is not None)


def _with_places(texts: Sequence[str | None]) -> str | list[dict[str, Any]]:
    """Texts, and None where a picture stands, as the content of a turn: one text, or parts where there are places."""
    found: list[str | None] = []
    for text in texts:
        first, *others = (None,) if text is None else text.split(IMAGE_MARKER)
        if first is not None and found and found[-1] is not None:
            found[-1] += f"\n{first}"
        else:
            found.append(first)
        for other in others:
            found += (None, other)
    if None not in found:
        return "".join(text for text in found if text is not None)
    return [{"type": "image"} if text is None else {"type": "text", "text": text} for text in found if text != ""]


def _calls(turn: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """{name, arguments} of every tool that a turn calls; arguments as an object, whichever way they are written."""
    several = turn.get("tool_calls")
    for call in [*(several if isinstance(several, list) else ()), turn.get("function_call")]:
        if isinstance(call, Mapping):
            call = call["function"] if isinstance(call.get("function"), Mapping) else call
            yield {"name": str(call.get("name") or ""), "arguments": _object(call.get("arguments"))}


def _written_calls(text: str) -> Iterator[dict[str, Any]]:
    """The calls that a text says in JSON; nothing where it is something else."""
    if not is_json(text):
        return
    said = json.loads(text)
    for call in said if isinstance(said, list) else [said]:
        if not isinstance(call, Mapping) or not isinstance(call.get("name"), str):
            return
        yield {"name": call["name"], "arguments": _object(call.get("arguments"))}


def _object(arguments: Any) -> Any:
    """Arguments of a call without nulls, which a table's other rows may have put there."""
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments or "{}")
        except (RecursionError, ValueError):
            raise ValueError("the arguments of a tool call are not JSON") from None
    if not isinstance(arguments, Mapping | None):
        raise ValueError("the arguments of a tool call are no object")
    return _without_nulls(arguments or {})


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _values(message: Any) -> Iterator[tuple[Place, str]]:
    """(place, value) of every string that may be text."""
    yield from ((part.place, part.value) for part in parts_of(message) if part.kind == "text")
    if isinstance(message, Mapping):
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
