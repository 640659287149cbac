"""Pictures that parts of turns name: ``{type: image, image: pics/7.png}``. They go into a column; the places stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from factory.arrays import ChunkedArray, DataType, pa, pc
from factory.rows.units import is_conversation
from factory.rows.unreadable import Refused
from factory.store.kinds import is_json, is_list, is_text, plain, typed
from factory.text.conversations import ContentPart, parts_of

COLUMN = "images"  # the column that they go into
_NAMES = ("image", "image_url", "input_image", "url", "path", "bytes", "base64", "source", "data", "file_id")
_MOVING = ("video", "video_url", "input_video", "audio", "audio_url", "input_audio")
UNDECLARED = "a part of a turn names a picture: name this column in `images` of the dataset"
MOVING = "a part of a turn names a film or a sound: of a film, give the list of its frames as pictures"


def may_name_pictures(values: ChunkedArray) -> bool:
    """Could a conversation of the column have parts that name something? Told without reading most columns."""
    kind = values.type
    if is_json(kind) or (is_list(kind) and is_json(kind.value_type)):
        inner = [chunk.flatten() if is_list(kind) else chunk for chunk in values.chunks]
        texts = pa.chunked_array([chunk.storage for chunk in inner], pa.string())
        return pc.any(pc.match_substring_regex(texts, '"(image|video|audio)')).as_py() or False
    return is_conversation(kind) and any(_has_parts(field.type) for field in kind.value_type)


def holds_conversations(values: ChunkedArray) -> bool:
    """Is it a column of turns, and not one of references to pictures?"""
    if not is_json(values.type) and not (is_list(values.type) and is_json(values.type.value_type)):
        return is_conversation(values.type)
    return is_talk(next((value for value in plain(values) if isinstance(value, list) and value), None))


def is_talk(value: Any) -> bool:
    """Is it a conversation, and not a list of references to pictures?"""
    first = value[0] if isinstance(value, list) and value else None
    return isinstance(first, Mapping) and not {"role", "from"}.isdisjoint(first)


def _has_parts(kind: DataType) -> bool:
    return is_json(kind) or (is_list(kind) and not is_text(kind.value_type))


def named_pictures(conversation: Any) -> list[Any]:
    """What the parts of all turns say of pictures, in their order; nothing where none names one.

    >>> named_pictures([{"role": "user", "content": [{"type": "image", "image": "a.png"}, {"type": "image"}]}])
    ['a.png']

    Raises:
        Refused: a part names a film or a sound.
    """
    found = [_named(part) for part in _parts(conversation)]
    return [name for name in found if name is not None]


def without_names(conversation: Any) -> Any:
    """The conversation with bare places in place of the parts that name pictures.

    >>> without_names([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "a.png"}}]}])
    [{'role': 'user', 'content': [{'type': 'image_url'}]}]
    """
    bare = {id(part.value): _bare(part) for part in _parts(conversation)}

    def copied(value: Any) -> Any:
        if id(value) in bare:
            return bare[id(value)]
        if isinstance(value, dict):
            return {key: copied(inner) for key, inner in value.items()}
        return [copied(inner) for inner in value] if isinstance(value, list) else value

    return copied(conversation)


def bare_column(values: ChunkedArray) -> Any:
    """The column of conversations without the names, in its type."""
    return typed([without_names(value) for value in plain(values)], values.type)


def _parts(conversation: Any) -> Iterator[ContentPart]:
    """The parts of all turns that are no text."""
    for turn in conversation if isinstance(conversation, list) else ():
        yield from (part for part in parts_of(turn) if isinstance(part.value, Mapping))


def _bare(part: ContentPart) -> Any:
    if part.kind in _MOVING:
        return {"type": part.kind}
    if part.kind != "image":
        return part.value
    return {"type": "image"} | {key: value for key, value in part.value.items() if key not in _NAMES}


def _named(part: ContentPart) -> Any:
    if part.kind in _MOVING and _bare(part) != {key: value for key, value in part.value.items() if value is not None}:
        raise Refused(MOVING)
    return _reference(part.value) if part.kind == "image" else None


def _reference(part: Mapping[str, Any]) -> Any:
    """What the part says of its picture, as a column of pictures would."""
    key = next((key for key in _NAMES if part.get(key) is not None), None)
    value = part[key] if key else None
    if isinstance(value, Mapping) and not value.get("bytes"):
        return _reference(value)
    return f"data:;base64,{value}" if key in ("base64", "data") and isinstance(value, str) else value
