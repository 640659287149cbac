"""The English side: articles, agreement, number words."""

UNITS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen""".split()  # noqa: SIM905
TENS = ["", "", *["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]]
ORDINALS = ["", *["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]]
_SILENT = ("hour", "honest", "honour")
_CONSONANT_U = ("univ", "usef", "euro", "one")


def article(phrase: str) -> str:
    """The phrase with a or an, by sound: a university, an honest man."""
    vowel = phrase[0] in "aeiou" and not phrase.startswith(_CONSONANT_U)
    return f"an {phrase}" if vowel or phrase.startswith(_SILENT) else f"a {phrase}"


def number(n: int) -> str:
    if n < 20:
        return UNITS[n]
    if n < 100:
        return TENS[n // 10] + (f"-{UNITS[n % 10]}" if n % 10 else "")
    return {100: "one hundred", 1000: "one thousand"}[n]


def third_person(base: str) -> str:
    """look for -> looks for; study -> studies; go to -> goes to."""
    head, _, rest = base.partition(" ")
    if head.endswith(("s", "sh", "ch", "x", "o")):
        head += "es"
    elif head.endswith("y") and head[-2] not in "aeiou":
        head = head[:-1] + "ies"
    else:
        head += "s"
    return f"{head} {rest}" if rest else head


def possessive(name: str) -> str:
    return name + "'s"


def joined(items: list[str], word: str = "and") -> str:
    """a; a and b; a, b and c."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {word} {items[-1]}"


def sentence(text: str, end: str = ".") -> str:
    return text[0].upper() + text[1:] + end
