"""What the interface says, in English and Arabic."""

from __future__ import annotations

from typing import Any, TypeVar

import gradio as gr

LANGUAGES = {"English": "en", "العربية": "ar"}
TEXTS: dict[str, dict[str, Any]] = {
    "rtl": {"en": False, "ar": True},
    "chat": {"en": "Chat", "ar": "محادثة"},
    "compare": {"en": "Compare", "ar": "مقارنة"},
    "data": {"en": "Data", "ar": "البيانات"},
    "leaderboard": {"en": "Leaderboard", "ar": "لوحة النتائج"},
    "rating": {"en": "Rate", "ar": "التقييم"},
    "translate": {"en": "Translate", "ar": "ترجمة"},
    "vision": {"en": "Vision", "ar": "الصور"},
    "language": {"en": "Language", "ar": "اللغة"},
    "theme": {"en": "Light or dark", "ar": "فاتح أو داكن"},
    "model": {"en": "Model", "ar": "النموذج"},
    "message": {"en": "Message", "ar": "رسالة"},
    "message_hint": {"en": "Write a message", "ar": "اكتب رسالة"},
    "chat_placeholder": {"en": "Ask the model something, or take an example.", "ar": "اسأل النموذج، أو اختر مثالًا."},
    "settings": {"en": "Settings", "ar": "الإعدادات"},
    "system": {"en": "System prompt", "ar": "توجيه النظام"},
    "system_hint": {"en": "Who the model is to be, and how it is to answer", "ar": "من يكون النموذج، وكيف يجيب"},
    "temperature": {"en": "Temperature", "ar": "درجة العشوائية"},
    "temperature_hint": {"en": "0: always the likeliest word", "ar": "0: الكلمة الأرجح دائمًا"},
    "top_p": {"en": "Top-p", "ar": "Top-p"},
    "top_p_hint": {
        "en": "Only the likeliest words that make up this share",
        "ar": "أرجح الكلمات التي تبلغ هذه النسبة وحدها",
    },
    "new_tokens": {"en": "Longest answer", "ar": "أطول إجابة"},
    "new_tokens_hint": {"en": "In tokens", "ar": "بعدد الرموز"},
    "translate_hint": {"en": "A text, as long as you like", "ar": "نص بأي طول"},
    "stop": {"en": "Stop", "ar": "إيقاف"},
    "swap": {"en": "Swap languages", "ar": "تبديل اللغتين"},
    "copy": {"en": "Copy", "ar": "نسخ"},
    "download": {"en": "Download", "ar": "تنزيل"},
    "examples": {"en": "Examples", "ar": "أمثلة"},
    "pieces": {"en": "{done} of {pieces} pieces", "ar": "{done} من {pieces} من القطع"},
    "vision_placeholder": {
        "en": "Add a picture and ask about it, or take an example.",
        "ar": "أضف صورة واسأل عنها، أو اختر مثالًا.",
    },
    "vision_hint": {"en": "Add pictures and ask about them", "ar": "أضف صورًا واسأل عنها"},
    "question": {"en": "Question", "ar": "السؤال"},
    "read_text": {"en": "Read the text in the picture", "ar": "قراءة النص في الصورة"},
    "read_question": {"en": "Read the text in the picture, word for word.", "ar": "اقرأ النص في الصورة كما هو."},
    "picture_missing": {"en": "Add a picture first.", "ar": "أضف صورة أولًا."},
    "too_many_pictures": {
        "en": "At most {limit} pictures in one conversation.",
        "ar": "أقصى عدد للصور في المحادثة الواحدة {limit}.",
    },
    "no_picture": {
        "en": "This is no picture that can be read, or it has more than 40 megapixels.",
        "ar": "هذا الملف ليس صورة يمكن قراءتها، أو أنه يتجاوز ٤٠ ميغابكسل.",
    },
    "picture_bytes": {
        "en": "The picture is too large: at most {limit} MB.",
        "ar": "حجم الصورة كبير: الحد {limit} م.ب.",
    },
    "dataset": {"en": "Dataset", "ar": "مجموعة البيانات"},
    "search": {"en": "Search", "ar": "بحث"},
    "kept": {"en": "kept", "ar": "المقبولة"},
    "rejected": {"en": "sorted out", "ar": "المستبعدة"},
    "rows_shown": {"en": "{count} of {whole} rows of", "ar": "{count} من {whole} صفًا من"},
    "submitted": {
        "en": "{model} waits for its evaluation: {size} parameters, {license}, commit {commit}.",
        "ar": "النموذج {model} ينتظر تقييمه: {size}، الرخصة {license}، الإصدار {commit}.",
    },
    "submittable": {
        "en": "{model} can be evaluated: {size} parameters, {license}, commit {commit}. There is no queue here.",
        "ar": "يمكن تقييم {model}: {size}، الرخصة {license}، الإصدار {commit}. لا قائمة انتظار هنا.",
    },
    "compare_about": {
        "en": "Two models answer without their names. Vote, and see who they were.",
        "ar": "يجيب نموذجان دون اسميهما. صوّت ثم اعرف من هما.",
    },
    "compare_text": {"en": "Text for both", "ar": "نص لكليهما"},
    "answer_left": {"en": "Left", "ar": "الأول"},
    "answer_right": {"en": "Right", "ar": "الثاني"},
    "vote_left": {"en": "Left is better", "ar": "الأول أفضل"},
    "vote_right": {"en": "Right is better", "ar": "الثاني أفضل"},
    "vote_tie": {"en": "Equally good", "ar": "متساويان"},
    "vote_both_bad": {"en": "Both are bad", "ar": "كلاهما سيئ"},
    "revealed": {"en": "Left was **{left}**, right was **{right}**.", "ar": "الأول **{left}** والثاني **{right}**."},
    "standings": {"en": "Wins by vote, with 95 % intervals", "ar": "نسب الفوز بالتصويت وفترات الثقة 95٪"},
    "standing_model": {"en": "Model", "ar": "النموذج"},
    "standing_votes": {"en": "Votes", "ar": "الأصوات"},
    "standing_wins": {"en": "Wins", "ar": "مرات الفوز"},
    "standing_rate": {"en": "Wins %", "ar": "نسبة الفوز ٪"},
    "standing_low": {"en": "from %", "ar": "من ٪"},
    "standing_high": {"en": "to %", "ar": "إلى ٪"},
    "unknown_model": {"en": "There is no model {model} here.", "ar": "لا يوجد هنا نموذج باسم {model}."},
    "too_many_characters": {
        "en": "The text is too long: at most {limit:,} characters.",
        "ar": "النص طويل: الحد {limit:,} حرفًا.",
    },
    "no_rater": {"en": "Write your name first.", "ar": "اكتب اسمك أولًا."},
    "no_rating": {
        "en": "There is no such row or answer here. Load the page again.",
        "ar": "لا يوجد هنا صف أو جواب كهذا. أعد تحميل الصفحة.",
    },
    "warning": {"en": "Not done", "ar": "تعذّر ذلك"},
    "too_big": {
        "en": "{model} does not fit into the memory of this Space.",
        "ar": "لا تتسع ذاكرة هذه المساحة للنموذج {model}.",
    },
    "too_long": {
        "en": "The text is too long for {model}: {tokens} tokens, and it reads {longest}.",
        "ar": "النص أطول مما يقرؤه {model}: عدد الرموز {tokens}، والحد {longest}.",
    },
    "failed": {
        "en": "Something went wrong. Try again, or another model.",
        "ar": "حدث خطأ ما. أعد المحاولة أو جرّب نموذجًا آخر.",
    },
}

Block = TypeVar("Block", bound=Any)


def say(key: str, language: str, **values: Any) -> Any:
    """The text of `key` in "en" or "ar", its places filled with `values`, if there are any."""
    text = TEXTS[key][language]
    return text.format(**values) if values else text


def put(block: Block, **keys: str) -> Block:
    """Have the page say `keys` (property -> key of a text) on this component, in whichever language is chosen.

    >>> put(gr.Button(), value="chat").value
    'Chat'
    """
    block.words = keys
    for name, key in keys.items():
        setattr(block, name, say(key, "en"))
    return block


def updates(blocks: list[Any], language: str) -> list[Any]:
    """For each of the components that `put` named, what changes on it with the language."""
    return [gr.update(**{name: say(key, language) for name, key in block.words.items()}) for block in blocks]
