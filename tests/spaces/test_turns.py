"""Turns of a conversation between the page, the box and the model."""

from __future__ import annotations

import turns

SENT = {"text": "What is <this>?", "files": ["/a.png", "/b.png"]}
ANSWER = {"role": "assistant", "content": [{"type": "text", "text": r"A \<tag>."}]}


def test_what_was_sent_comes_back_into_the_box() -> None:
    assert turns.words(turns.turn(SENT)) == SENT
    assert turns.turn({"text": "  \n", "files": []}) == []


def test_neighbours_of_one_role_are_one_message() -> None:
    first, second, third = turns.read([*turns.turn(SENT), ANSWER, *turns.turn({"text": "And?", "files": []})])
    assert [part["type"] for part in first["content"]] == ["image", "image", "text"]
    assert second["content"] == [{"type": "text", "text": "A <tag>."}]
    assert turns.text_only([third]) == [{"role": "user", "content": "And?"}]


def test_files_as_the_page_sends_them_are_pictures() -> None:
    message = {"role": "user", "content": [{"type": "file", "file": {"path": "/c.png"}}]}
    assert turns.read([message])[0]["content"] == [{"type": "image", "path": "/c.png"}]


def test_a_turn_of_several_messages_begins_with_its_first() -> None:
    history = [*turns.turn(SENT), ANSWER, *turns.turn(SENT)]
    assert [turns.start(history, index) for index in (2, 6)] == [0, 4]
