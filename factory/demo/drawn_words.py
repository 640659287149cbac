"""Arabic words drawn as pictures: single nouns of the demo world in several faces, one of which is for tests alone.

The fonts are those of the extra `drawings`, each under the SIL Open Font License.
"""

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

from factory.demo.drawings import PAPER, saved
from factory.demo.lexicon import NOUNS
from factory.errors import FactoryError

WIDTH, HEIGHT = 112, 56
KNOWN_WORDS = 60
INK = (20, 20, 20)
FACES = (
    ("fontpkg_amiri", "Amiri-Regular.ttf"),
    ("fontpkg_amiri", "Amiri-Bold.ttf"),
    ("fontpkg_noto_sans_arabic", "NotoSansArabic[wdth,wght].ttf"),
    ("fontpkg_ibm_plex_sans_arabic", "IBMPlexSansArabic-Light.ttf"),
    ("fontpkg_ibm_plex_sans_arabic", "IBMPlexSansArabic-Regular.ttf"),
    ("fontpkg_ibm_plex_sans_arabic", "IBMPlexSansArabic-SemiBold.ttf"),
    ("fontpkg_ibm_plex_sans_arabic", "IBMPlexSansArabic-Bold.ttf"),
)
UNSEEN = ("fontpkg_noto_kufi_arabic", "NotoKufiArabic[wght].ttf")
ASKED = ("اقرأ الكلمة.", "ما المكتوب في الصورة؟")


@dataclass(frozen=True, slots=True)
class DrawnWord:
    """`place` is where the word's middle lies beside the picture's, in pixels."""

    word: str
    face: tuple[str, str]
    size: int
    place: tuple[int, int]


@cache
def known_words() -> tuple[str, ...]:
    """Different nouns of three to seven letters, in the order of the world's table."""
    words = dict.fromkeys(noun.ar for noun in NOUNS.values() if 3 <= len(noun.ar) <= 7 and noun.ar.isalpha())
    return tuple(words)[:KNOWN_WORDS]


def drawn_word(rng: Random, *, unseen: bool = False) -> DrawnWord:
    """A known word in one of seven faces; `unseen`: in the face that no lesson has."""
    face = UNSEEN if unseen else rng.choice(FACES)
    return DrawnWord(rng.choice(known_words()), face, rng.randint(24, 28), (rng.randint(-4, 4), rng.randint(-2, 2)))


def picture(made: DrawnWord) -> dict[str, object]:
    """The word in black on white, as `drawings.saved` gives pictures.

    Raises:
        FactoryError: the fonts are not installed.
    """
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    place = (WIDTH // 2 + made.place[0], HEIGHT // 2 + made.place[1])
    ImageDraw.Draw(image).text(place, _joined(made.word), INK, _font(*made.face, made.size), anchor="mm")
    return saved(image)


def _joined(word: str) -> str:
    """Letters in the forms that they have beside each other, from left to right: Pillow's own layout needs a library
    of the system for that."""
    try:
        from arabic_reshaper import reshape
        from bidi.algorithm import get_display
    except ImportError as error:
        raise _not_installed() from error
    return str(get_display(reshape(word)))


@cache
def _font(package: str, file: str, size: int) -> Any:
    from PIL import ImageFont

    try:
        folder = Path(str(import_module(package).__file__)).parent / "files"
    except ImportError as error:
        raise _not_installed() from error
    return ImageFont.truetype(str(folder / file), size, layout_engine=ImageFont.Layout.BASIC)


def _not_installed() -> FactoryError:
    return FactoryError("the fonts of the demo world are not installed", fix="pip install 'hf-factory[drawings]'")
