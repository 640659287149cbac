"""Types of pictures by their first bytes, which tell what no name and no header can."""

from __future__ import annotations

import hashlib
import re
from functools import cache

EXTENSIONS = {
    "png": "png",
    "jpeg": "jpg jpeg jpe jfif mpo",
    "gif": "gif",
    "webp": "webp",
    "bmp": "bmp dib",
    "tiff": "tif tiff",
    "avif": "avif avifs",
    "heic": "heic heif hif",
    "jpeg2000": "jp2 j2k jpx jpf",
    "ico": "ico",
    "ppm": "ppm pgm pbm pnm",
}
"""Type -> the endings of its names, the usual one first."""
SHOWN = {"png", "jpeg", "gif", "webp"}  # what every browser shows, and cannot run
VIDEOS = {"mp4", "m4v", "mov", "webm", "mkv", "avi", "mpg", "mpeg", "wmv", "flv", "3gp", "ts", "ogv"}
_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"BM", "bmp"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"\0\0\0\x0cjP  ", "jpeg2000"),
    (b"\xff\x4f\xff\x51", "jpeg2000"),
    (b"\0\0\1\0", "ico"),
)
_BRANDS = {b"avif": "avif", b"avis": "avif", b"heic": "heic", b"heix": "heic", b"mif1": "heic", b"msf1": "heic"}
_ENDING = re.compile(r"\.([A-Za-z0-9]{1,5})(?:[?#].*)?$", re.DOTALL)


def type_of(data: bytes) -> str | None:
    """The type that the first bytes tell; None: no picture.

    >>> type_of(b"GIF89a..."), type_of(b"<html>")
    ('gif', None)
    """
    for start, kind in _STARTS:
        if data.startswith(start):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12])
    return "ppm" if re.match(rb"P[1-6]\s", data) else None


def ending(name: str | None) -> str | None:
    """The ending of a file's name or an address, in small letters.

    >>> ending("a/B.JPG"), ending("https://a.org/x.png?size=2"), ending("folder.d/name")
    ('jpg', 'png', None)
    """
    found = _ENDING.search(name or "")
    return found[1].lower() if found else None


@cache
def _types() -> dict[str, str]:
    return {ending: kind for kind, endings in EXTENSIONS.items() for ending in endings.split()}


def said_type(name: str | None) -> str | None:
    """The type that a name claims; None where it claims none."""
    return _types().get(ending(name) or "")


def is_video(name: str, data: bytes = b"") -> bool:
    """Is it a film, by its name or by its first bytes?"""
    if type_of(data) is not None:
        return False
    film = data[4:8] == b"ftyp" or data.startswith(b"\x1aE\xdf\xa3") or (data[:4] == b"RIFF" and data[8:11] == b"AVI")
    return film or ending(name) in VIDEOS


def content_name(data: bytes, name: str | None) -> str:
    """A name that tells the content and nothing else: the SHA-256 in hex, and the ending that it had.

    An ending that no type of picture has, or none, gives way to that of the content.

    >>> content_name(b"GIF89a", "/home/me/Holiday.GIF")[64:]
    '.gif'
    """
    claimed, kind = ending(name), type_of(data)
    if claimed not in _types():
        claimed = EXTENSIONS[kind].split()[0] if kind else None
    return hashlib.sha256(data).hexdigest() + (f".{claimed}" if claimed else "")


def media_type(data: bytes) -> str | None:
    """The media type under which a browser may be given it: of a raster picture, and never what the data claims."""
    kind = type_of(data)
    return f"image/{kind}" if kind in SHOWN else None
