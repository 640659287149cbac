"""A disk that is full or cannot be written to, by whatever words a library says so."""

from __future__ import annotations

import errno
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from factory.errors import FactoryError

FULL, QUOTA, LIMIT = "the disk is full", "the disk quota is used up", "a file is larger than may be written here"
READ_ONLY = "the disk is read-only"
NUMBERS = {errno.ENOSPC: FULL, errno.EDQUOT: QUOTA, errno.EFBIG: LIMIT, errno.EROFS: READ_ONLY}
WORDS = {
    # the system's own, in errors of safetensors, tokenizers, PyArrow and torch; SQLite; torch's files; NumPy
    FULL: r"no space left on device|database or disk is full"
    r"|inline_container\.cc.*(unexpected pos|file write failed)|\d+ requested and \d+ written",
    QUOTA: r"disk quota exceeded",
    LIMIT: r"file too large \(os error|errno 27\b",
    READ_ONLY: r"read-only file system|attempt to write a readonly database",
}
PATTERNS = {what: re.compile(words, re.IGNORECASE | re.DOTALL) for what, words in WORDS.items()}
TO_DO = {READ_ONLY: "let it be written to"}
FREE = "free some space"
AGAIN = "run the same command again; finished work is kept"


def disk_fault(error: BaseException) -> str | None:
    """What is wrong with the disk by an error, or by one that led to it; None where it tells of something else.

    >>> disk_fault(OSError(errno.ENOSPC, "No space left on device")), disk_fault(ValueError("no"))
    ('the disk is full', None)
    """
    seen: BaseException | None = error
    known: set[int] = set()
    while seen is not None and id(seen) not in known:  # one that is raised anew may have led to itself
        known.add(id(seen))
        if hasattr(seen, "response"):  # what a server says of its own disk
            return None
        if isinstance(seen, OSError) and seen.errno in NUMBERS:
            return NUMBERS[seen.errno]
        if not isinstance(seen, FactoryError) and (what := said_of_disk(str(seen))) is not None:
            return what
        seen = seen.__cause__ or seen.__context__
    return None


def said_of_disk(text: str) -> str | None:
    """The same by what an error says, or by a line of a log.

    >>> said_of_disk("SafetensorError: I/O error: No space left on device (os error 28)")
    'the disk is full'
    """
    return next((what for what, pattern in PATTERNS.items() if pattern.search(text)), None)


def disk_error(error: BaseException, where: str | None, folder: Path | None = None) -> FactoryError | None:
    """What to tell of an error that is the disk's; None of another one. `folder`: where the work is."""
    if isinstance(error, FactoryError) or (what := disk_fault(error)) is None:
        return None
    free = f" ({shutil.disk_usage(folder).free / 1e9:.1f} GB free in {folder})" if folder and what == FULL else ""
    named = getattr(error, "filename", None)
    at = f": {named}" if named else f" ({folder})" if folder and not free else ""
    return FactoryError(f"{what}{free}{at}", where=where, fix=f"{TO_DO.get(what, FREE)} and {AGAIN}")


@contextmanager
def disk_told(where: str) -> Iterator[None]:
    """
    Raises:
        FactoryError: in place of an error of the block that is the disk's.
    """
    try:
        yield
    except Exception as error:
        if (told := disk_error(error, where)) is not None:
            raise told from error
        raise
