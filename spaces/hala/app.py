"""A demo of the models that `space.json` names: translate, chat, compare two models, and read their scores."""

from __future__ import annotations

import json
import threading
from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr

CONFIG_FILE = Path(__file__).with_name("space.json")
if not CONFIG_FILE.exists():
    raise SystemExit("space.json is missing: `factory space RECIPE` writes it")
CONFIG: dict[str, Any] = json.loads(CONFIG_FILE.read_text(encoding="utf-8"))
MODELS: dict[str, dict[str, Any]] = {model["name"]: model for model in CONFIG["models"]}
RIGHT_TO_LEFT = {"ar", "fa", "he", "ps", "ur", "ug", "yi", "ckb", "sd", "dv"}
MAX_NEW_TOKENS = 512
HISTORY = 10  # messages of a chat that the model still sees
RTL = CONFIG["language"]["target"] in RIGHT_TO_LEFT
HEADERS = ["suite", "model", "score", "value", "low", "high", "n", "metric"]
_loading = threading.Lock()


@cache
def _load(repo: str) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    tokenizer = AutoTokenizer.from_pretrained(repo)
    model: Any = AutoModelForCausalLM.from_pretrained(repo, dtype=dtype).eval()
    return tokenizer, model.to(device)


@cache
def _load_vision(repo: str) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForImageTextToText, AutoProcessor

    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    model: Any = AutoModelForImageTextToText.from_pretrained(repo, dtype=dtype).eval()
    return AutoProcessor.from_pretrained(repo), model.to(device)


def answer(name: str, messages: list[dict[str, Any]], max_new_tokens: int = MAX_NEW_TOKENS) -> str:
    """The model's next turn, greedy."""
    import torch

    with _loading:  # two visitors must not load the same weights twice
        tokenizer, model = _load(MODELS[name]["repo"])
    if tokenizer.chat_template:
        inputs = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_dict=True, return_tensors="pt"
        )
    else:
        inputs = tokenizer(messages[-1]["content"], return_tensors="pt", return_token_type_ids=False)
    inputs = inputs.to(model.device)
    length = inputs["input_ids"].shape[1]
    longest = getattr(model.config, "max_position_embeddings", None)
    room = min(max_new_tokens, longest - length) if longest else max_new_tokens
    if room <= 0:
        raise gr.Error(f"The text is too long for {name}: {length} tokens, it reads {longest}.")
    with torch.inference_mode():
        output = model.generate(**inputs, max_new_tokens=room, do_sample=False)
    return tokenizer.decode(output[0, length:], skip_special_tokens=True).strip()


def ask(name: str, text: str) -> str:
    """One question, put to the model in its own prompt."""
    if not text.strip():
        return ""
    return answer(name, [{"role": "user", "content": MODELS[name]["prompt"].replace("{text}", text)}])


def compare(first: str, second: str, text: str) -> tuple[str, str]:
    """The same text to two models."""
    return ask(first, text), ask(second, text)


def chat(text: str, history: list[dict[str, Any]], name: str) -> str:
    """A turn of a conversation."""
    turns = [{"role": turn["role"], "content": _text(turn["content"])} for turn in history[-HISTORY:]]
    return answer(name, [*turns, {"role": "user", "content": text}])


def _text(content: Any) -> str:
    """Gradio hands a turn's content back as a string or as a list of parts."""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content if isinstance(part, dict))


def look(name: str, picture: Any, question: str) -> str:
    """A question about a picture."""
    import torch

    if picture is None or not question.strip():
        return ""
    with _loading:
        processor, model = _load_vision(MODELS[name]["repo"])
    content = [{"type": "image", "image": picture}, {"type": "text", "text": question}]
    inputs = processor.apply_chat_template(
        [{"role": "user", "content": content}],
        add_generation_prompt=True,
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
    ).to(model.device)
    with torch.inference_mode():
        output = model.generate(**inputs, max_new_tokens=MAX_NEW_TOKENS, do_sample=False)
    return processor.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True).strip()


def score_rows(every: bool = False) -> list[list[Any]]:
    """Rows for the table of scores, best first within a score: headlines only, or all."""
    chosen = [score for score in CONFIG["scores"] if every or score["headline"]]
    order = {key: i for i, key in enumerate(dict.fromkeys((s["suite"], s["score"]) for s in chosen))}
    chosen.sort(key=lambda s: (order[s["suite"], s["score"]], -(s["value"] or 0)))
    return [[_rounded(score.get(header)) for header in HEADERS] for score in chosen]


def _rounded(value: Any) -> Any:
    return round(value, 2) if isinstance(value, float) else value


def names(*tasks: str) -> list[str]:
    return [name for name, model in MODELS.items() if model["task"] in tasks]


def _translate_tab(models: list[str]) -> None:
    with gr.Tab("Translate"):
        model = gr.Dropdown(models, value=models[0], label="Model")
        with gr.Row():
            source = gr.Textbox(lines=6, label=CONFIG["language"]["source"], rtl=False)
            target = gr.Textbox(lines=6, label=CONFIG["language"]["target"], rtl=RTL, buttons=["copy"])
        button = gr.Button("Translate", variant="primary")
        gr.on([button.click, source.submit], ask, [model, source], target, api_name="translate")


def _chat_tab(models: list[str]) -> None:
    with gr.Tab("Chat"):
        model = gr.Dropdown(models, value=models[0], label="Model")
        gr.ChatInterface(
            chat,
            additional_inputs=[model],
            chatbot=gr.Chatbot(rtl=RTL, height=400),
            textbox=gr.Textbox(rtl=RTL, show_label=False),
            api_name="chat",
        )


def _image_tab(models: list[str]) -> None:
    with gr.Tab("Look at a picture"):
        model = gr.Dropdown(models, value=models[0], label="Model")
        with gr.Row():
            picture = gr.Image(type="pil", label="Picture")
            with gr.Column():
                question = gr.Textbox(label="Question", rtl=RTL)
                reply = gr.Textbox(lines=6, label="Answer", rtl=RTL)
        gr.on([question.submit, gr.Button("Ask", variant="primary").click], look, [model, picture, question], reply)


def _compare_tab(models: list[str]) -> None:
    with gr.Tab("Compare"):
        text = gr.Textbox(lines=3, label="Text")
        with gr.Row():
            first = gr.Dropdown(models, value=models[0], label="One")
            second = gr.Dropdown(models, value=models[1], label="The other")
        with gr.Row():
            left = gr.Textbox(lines=6, label="One", rtl=RTL)
            right = gr.Textbox(lines=6, label="The other", rtl=RTL)
        button = gr.Button("Compare", variant="primary")
        gr.on([button.click, text.submit], compare, [first, second, text], [left, right], api_name="compare")


def _scores_tab() -> None:
    with gr.Tab("Scores"):
        if not CONFIG["scores"]:
            gr.Markdown("No scores have been measured yet.")
            return
        gr.Markdown("Measured by the recipe. `low` and `high` bound the 95 % confidence interval, `n` counts samples.")
        every = gr.Checkbox(label="Every subject, not only each suite's main score")
        table = gr.Dataframe(
            score_rows(), headers=HEADERS, interactive=False, show_search="filter", pinned_columns=2, wrap=True
        )
        every.change(score_rows, every, table, api_name="scores")


def build() -> gr.Blocks:
    """The whole app; a tab appears only where a model can serve it."""
    with gr.Blocks(title=CONFIG["title"], analytics_enabled=False) as app:
        gr.Markdown(f"# {CONFIG['title']}\n\n{CONFIG['description']}")
        if models := names("translate"):
            _translate_tab(models)
        if models := names("chat"):
            _chat_tab(models)
        if models := names("image"):
            _image_tab(models)
        if len(models := names("translate", "chat")) > 1:
            _compare_tab(models)
        _scores_tab()
    return app


if __name__ == "__main__":
    build().launch()
