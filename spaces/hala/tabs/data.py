"""The datasets behind the models: rows that were kept, and rows that were sorted out with the reason."""

from __future__ import annotations

from typing import Any

import gradio as gr

from config import Config
from tables import plain, table, told
from words import put, say

LONGEST = 200  # characters of what is searched for


def build(config: Config, language: gr.Radio) -> None:
    datasets = {sample["repo"]: sample for sample in config.samples}
    first = next(iter(datasets))
    with gr.Row():
        repo = put(
            gr.Dropdown([*datasets], value=first, min_width=320), label="dataset"
        )  # a line of its own on phones
        part = gr.Radio(
            [(say("kept", "en"), "kept"), (say("rejected", "en"), "rejected")], value="kept", show_label=False
        )
        search = put(gr.Textbox(max_length=LONGEST), label="search")
    rows = gr.HTML(rows_html(datasets[first], "kept", ""), elem_id="rows")

    def show(repo: str, part: str, search: str) -> str:
        return rows_html(datasets.get(repo, datasets[first]), part, search[:LONGEST])

    quick: dict[str, Any] = {
        "queue": False,
        "trigger_mode": "always_last",
        "show_progress": "hidden",
        "api_visibility": "private",
    }
    gr.on([repo.change, part.change, search.change], show, [repo, part, search], rows, **quick)

    def name_parts(language: str) -> Any:
        return gr.update(choices=[(say(key, language), key) for key in ("kept", "rejected")])

    language.change(name_parts, language, part, **quick)


def rows_html(sample: dict[str, Any], part: str, search: str) -> str:
    """The rows that hold `search` as a table; each text stands as it is and runs as its letters do."""
    rows = sample["rejected" if part == "rejected" else "kept"]
    wanted = search.strip().casefold()
    found = [row for row in rows if not wanted or any(wanted in text.casefold() for text in row.values())]
    link = f'<a href="{plain(sample["link"])}" target="_blank" rel="noopener">{plain(sample["repo"])}</a>'
    said = f'<p role="status" dir="">{told("rows_shown", count=len(found), whole=len(rows))} {link}</p>'
    columns = list(dict.fromkeys(name for row in found for name in row))
    texts = [[row.get(name, "") for name in columns] for row in found]
    heads = [f"<bdi>{plain(name)}</bdi>" for name in columns]
    return said + (table(told("data"), heads, texts, texts=True) if found else "")
