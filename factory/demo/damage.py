"""Ways a translation pair goes wrong, as in mined parallel text; each leaves the English as it was."""

from random import Random

from factory.demo.phrases import Pair
from factory.demo.sentences import sentence

FLAWS = ("mismatch", "copy", "truncated", "repeated", "script")
_LETTERS = """
ا=a ب=b ت=t ث=th ج=j ح=h خ=kh د=d ذ=dh ر=r ز=z س=s ش=sh ص=s ض=d ط=t ظ=z ع=' غ=gh ف=f ق=q ك=k ل=l م=m ن=n
ه=h و=w ي=y ة=a ى=a أ=a إ=i آ=aa ء=' ؤ=' ئ=' ً=n ،=, ؟=?
"""
_LATIN = {pair[0]: pair[2:] for pair in _LETTERS.split()}


def damaged(rng: Random, pair: Pair, flaw: str) -> Pair:
    """The pair with one flaw: another sentence's Arabic, the English copied, half of it, one word over and over, or
    Arabic in Latin letters."""
    english, arabic = pair
    words = arabic.rstrip(".؟!").split()
    if flaw == "mismatch":
        while (other := sentence(rng)[1]) == arabic:
            pass
        return english, other
    if flaw == "copy":
        return english, english
    if flaw == "truncated":
        return english, " ".join(words[: max(1, len(words) // 2)])
    if flaw == "repeated":
        return english, " ".join([*words[:2], *[words[min(1, len(words) - 1)]] * rng.randint(5, 9)])
    return english, "".join(_LATIN.get(letter, letter) for letter in arabic)
