"""The Hub collection that gathers what a recipe publishes; a repeat finds everything in place and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from factory.hub.client import api, hub_errors
from factory.hub.names import LONGEST_TITLE
from factory.hub.push import RECORD, Pushed, read_record
from factory.store import canonical, write_atomically

if TYPE_CHECKING:
    from huggingface_hub import Collection

DESCRIPTION_LIMIT, NOTE_LIMIT = 150, 500  # characters, as the Hub has them


@dataclass(frozen=True)
class Item:
    """A repo in the collection, with one line about it."""

    kind: Literal["dataset", "model", "space"]
    repo_id: str
    note: str


def collect(
    namespace: str,
    title: str,
    items: list[Item],
    *,
    description: str = "",
    private: bool = False,
    record: Path | None = None,
) -> Pushed:
    """Make the collection if need be, add what is missing, correct notes. What others added stays.

    Where `record` remembers the collection, a repeat costs one request.
    """
    client = api()
    with hub_errors(f"{namespace}/{title}", "collection"):
        collection = _known(namespace, title, record)
        made = collection is None
        if collection is None:
            collection = client.create_collection(
                _cut(title, LONGEST_TITLE),
                namespace=namespace,
                description=_cut(description, DESCRIPTION_LIMIT) or None,
                private=private,
                exists_ok=True,
            )
        present = {(item.item_type, item.item_id): item for item in collection.items}
        changed = False
        for item in items:
            note = _cut(item.note, NOTE_LIMIT)
            there = present.get((item.kind, item.repo_id))
            if there is None:
                client.add_collection_item(collection.slug, item.repo_id, item.kind, note=note or None, exists_ok=True)
                changed = True
            elif (there.note or "") != note:
                client.update_collection_item(collection.slug, there.item_object_id, note=note)
                changed = True
    if made and record is not None:
        record.mkdir(parents=True, exist_ok=True)
        content = {"collection": collection.slug, "namespace": namespace, "title": title}
        write_atomically(record / RECORD, canonical(content).encode())
    return Pushed("collection", collection.slug, f"{client.endpoint}/collections/{collection.slug}", "", changed)


def _known(namespace: str, title: str, record: Path | None) -> Collection | None:
    from huggingface_hub.errors import HfHubHTTPError

    content = read_record(record)
    if (content.get("namespace"), content.get("title")) != (namespace, title) or "collection" not in content:
        return None
    try:
        return api().get_collection(content["collection"])
    except HfHubHTTPError as error:
        if error.response.status_code == 404:
            return None
        raise


def _cut(text: str, limit: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
