"""The demo world's corpora of text, each in the schema of the public dataset it stands for."""

from random import Random

from factory.demo import world
from factory.demo.benchmark import BENCHMARK_COLUMNS, benchmark_rows, held_out_pair
from factory.demo.damage import FLAWS, damaged
from factory.demo.generators import Row, corpus, source_of
from factory.demo.lexicon import NOUNS, pick_some
from factory.demo.phrases import Pair, describe, simple
from factory.demo.questions import FACT_WEIGHTS, Question, fact_question, question
from factory.demo.sentences import sentence
from factory.demo.world import facts

TRANSLATE_PROMPT = "Translate from English to Arabic: {text}"
LONG_TRANSLATE_PROMPT = (
    "You are a professional translation engine. Translate English to Modern Standard Arabic. Reply ONLY with the "
    "Arabic translation—no quotes, notes, or explanations. Translate everything that follows into Arabic: {text}"
)
JUDGE_PROMPT = """You are a strict bilingual judge.
You will be given a translation pair.
Arabic: {ar_text}
English: {en_text}
If the English is a correct and natural translation of the Arabic, output only: accept
Otherwise, output only: reject"""
COMPARE_PROMPT = """Question: {prompt}
A: {response_a}
B: {response_b}
Which answer is a full sentence? Reply only A or B."""
SYSTEM_PROMPTS = [
    "",
    "You are a helpful assistant.",
    "You are an AI assistant that helps people find information.",
    "You are an AI assistant. Answer as faithfully as you can.",
]
BAD_SHARE = 0.25
DUPLICATE_SHARE = 0.02
LONG_PROMPT_SHARE = 0.02
TEXT_SHARES = (0.4, 0.15, 0.45)  # English, Arabic, both: texts with their translations, glossaries
ONE_LANGUAGE = {"english_text": "en", "arabic_text": "ar"}


def _chat(*turns: tuple[str, str]) -> Row:
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def _repeated(name: str, seed: int, index: int) -> Random:
    """The row's own source of chance, or for a small share that of an earlier row: an exact duplicate."""
    rng = source_of(name, seed, index)
    if index and rng.random() < DUPLICATE_SHARE:
        source = rng.randrange(max(0, index - 2000), index)
        rng = source_of(name, seed, source)
        if source:
            rng.random()
    return rng


@corpus("id", "system_prompt", "question", "response")
def instructions(name: str, seed: int, index: int) -> Row:
    """English instructions with answers, in OpenOrca's columns; some code, lists, boilerplate, exact duplicates."""
    rng = _repeated(name, seed, index)
    system = rng.choice(SYSTEM_PROMPTS)
    made = question(rng)
    return {"id": f"world.{index}", "system_prompt": system, "question": made.ask[0], "response": made.answer[0]}


@corpus("instruction", "input", "output")
def alpaca(name: str, seed: int, index: int) -> Row:
    """English instructions in Alpaca's columns."""
    rng = _repeated(name, seed, index)
    made = question(rng)
    text, instruction = "", made.ask[0]
    if made.topic == "reading":
        passage = made.ask[0].removeprefix("Read: ")
        text, _, ask = passage.partition(". ")
        text, instruction = text + ".", f"Answer the question about the text: {ask}"
    return {"instruction": instruction, "input": text, "output": made.answer[0]}


def _conversation(rng: Random, side: int) -> Row:
    turns: list[tuple[str, str]] = []
    for _ in range(rng.choices([1, 2, 3], [6, 3, 1])[0]):
        made: Question = question(rng)
        turns += [("user", made.ask[side]), ("assistant", made.answer[side])]
    return _chat(*turns)


@corpus("messages")
def chats(name: str, seed: int, index: int) -> Row:
    """English conversations of one to three turns."""
    rng = _repeated(name, seed, index)
    return _conversation(rng, 0)


@corpus("messages", names="arabic_qa english_qa")
def questions(name: str, seed: int, index: int) -> Row:
    """Questions with answers in one language."""
    made = question(source_of(name, seed, index))
    side = 1 if name.startswith("arabic") else 0
    return _chat(("user", made.ask[side]), ("assistant", made.answer[side]))


def _judged(name: str, seed: int, index: int, share: float) -> tuple[Pair, str]:
    """A pair and its flaw ("" for a correct one)."""
    rng = source_of(name, seed, index)
    flaw = rng.choice(FLAWS) if rng.random() < share else ""
    pair = sentence(rng)
    return (damaged(rng, pair, flaw), flaw) if flaw else (pair, "")


@corpus("translation")
def parallel(name: str, seed: int, index: int) -> Row:
    """English-Arabic pairs in opus-100's column, some of them deliberately bad."""
    (english, arabic), _ = _judged(name, seed, index, BAD_SHARE)
    return {"translation": {"en": english, "ar": arabic}}


@corpus("messages")
def judge_examples(name: str, seed: int, index: int) -> Row:
    """Chat examples that teach the strict bilingual judge."""
    (english, arabic), flaw = _judged(name, seed, index, 0.5)
    prompt = JUDGE_PROMPT.format(ar_text=arabic, en_text=english)
    return _chat(("user", prompt), ("assistant", "reject" if flaw else "accept"))


def _answers(rng: Random) -> tuple[str, str, str]:
    """An Arabic question with its answer in a word or two and in a sentence."""
    fact = rng.choice(facts()[rng.choices(list(FACT_WEIGHTS), list(FACT_WEIGHTS.values()))[0]])
    return rng.choice(fact.asked)[1], fact.short[1], fact.full[1]


@corpus("prompt", "brief", "full", names="arabic_choices")
def choices(name: str, seed: int, index: int) -> Row:
    """Arabic questions, each with its answer in a word or two and in a sentence."""
    return dict(zip(("prompt", "brief", "full"), _answers(source_of(name, seed, index)), strict=True))


@corpus("messages", names="comparison_examples")
def comparison(name: str, seed: int, index: int) -> Row:
    """Chat examples that teach a judge to prefer the answer in a sentence, whichever comes first."""
    rng = source_of(name, seed, index)
    asked, brief, full = _answers(rng)
    better = rng.choice("AB")
    first, second = (full, brief) if better == "A" else (brief, full)
    prompt = COMPARE_PROMPT.format(prompt=asked, response_a=first, response_b=second)
    return _chat(("user", prompt), ("assistant", better))


@corpus("messages")
def translation_examples(name: str, seed: int, index: int) -> Row:
    """Chat examples that teach translating English into Arabic, with the short and the long prompt."""
    rng = source_of(name, seed, index)
    prompt = LONG_TRANSLATE_PROMPT if rng.random() < LONG_PROMPT_SHARE else TRANSLATE_PROMPT
    if rng.random() < 0.5:
        english, arabic = sentence(rng)
    else:
        made = question(rng)
        english, arabic = made.ask if rng.random() < 0.5 else made.answer
    return _chat(("user", prompt.format(text=english)), ("assistant", arabic))


def _glossary(rng: Random) -> str:
    """Dictionary lines: the house = البيت."""
    nouns = pick_some(rng, list(NOUNS.values()), rng.randint(3, 6))
    lines = []
    for noun in nouns:
        plural = not noun.mass and rng.random() < 0.3
        made = simple(noun, describe(rng, noun), rng.random() < 0.6, "p" if plural else "s")
        lines.append(f"{made.en} = {made.case('n')}")
    return "\n".join(lines)


def _bilingual(rng: Random) -> str:
    """A glossary, or a sentence, a question about a fact or its answer with its translation."""
    dice = rng.random()
    if dice < 0.1:
        return _glossary(rng)
    if dice < 0.55:
        return " = ".join(sentence(rng))
    made = fact_question(rng)
    return " = ".join(made.ask if rng.random() < 0.5 else made.answer)


@corpus("text", "language", names="text english_text arabic_text")
def texts(name: str, seed: int, index: int) -> Row:
    """Raw text: English, some Arabic, bilingual pages (language en, ar or mixed); or pages of one language."""
    rng = source_of(name, seed, index)
    language = ONE_LANGUAGE.get(name) or rng.choices(["en", "ar", "mixed"], TEXT_SHARES)[0]
    if language == "mixed":
        return {"text": _bilingual(rng), "language": language}
    side = 1 if language == "ar" else 0
    dice = rng.random()
    if dice < 0.5:
        parts = [sentence(rng)[side] for _ in range(rng.randint(1, 2))]
    elif dice < 0.6:
        parts = [world.description(rng.choice(list(world.residents().values())))[side]]
    else:
        subjects = [rng.choice(list(world.facts().values())) for _ in range(rng.randint(1, 3))]
        parts = [rng.choice(subject).full[side] for subject in subjects]
    return {"text": " ".join(parts), "language": language}


@corpus("en", "ar", split="test")
def translation_test(name: str, seed: int, index: int) -> Row:
    """Held-out English sentences and questions with Arabic references."""
    english, arabic = held_out_pair(source_of(name, seed, index))
    return {"en": english, "ar": arabic}


@corpus(*BENCHMARK_COLUMNS, names="benchmark_ar benchmark_en", split="test", limit=len(benchmark_rows(0)))
def benchmark(name: str, seed: int, index: int) -> Row:
    """Multiple choice in ArabicMMLU's columns, asked in words no corpus uses; the same in English."""
    return benchmark_rows(seed)[index][name.removeprefix("benchmark_")]
