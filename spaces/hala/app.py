"""A page on which the models that `space.json` names are tried, and their scores read."""

from __future__ import annotations

import gradio as gr

from config import Config, load
from tabs import chat, compare, leaderboard, translate, vision
from words import LANGUAGES, put, updates


def shown(config: Config) -> dict[str, object]:
    """The tabs that have something to show, by the keys of their names."""
    tabs = {
        "chat": (chat, config.names("chat")),
        "translate": (translate, config.names("translate")),
        "vision": (vision, config.names("image")),
        "compare": (compare, len(config.names("translate", "chat")) > 1),
        "leaderboard": (leaderboard, config.board),
    }
    return {key: tab for key, (tab, something) in tabs.items() if something}


def build(config: Config | None = None) -> gr.Blocks:
    """The whole page."""
    config = config or load()
    with gr.Blocks(title=config.title, analytics_enabled=False) as page:
        with gr.Row():
            gr.Markdown(f"# {config.title}\n\n{config.description}")
            language = put(gr.Radio([*LANGUAGES.items()], value="en"), label="language")
        for key, tab in shown(config).items():
            with put(gr.Tab(), label=key):
                tab.build(config, language)
        said = [block for block in page.blocks.values() if hasattr(block, "words")]
        language.change(lambda chosen: updates(said, chosen), language, said, api_visibility="private")
    return page


if __name__ == "__main__":
    build().queue(max_size=64).launch()
