"""Errors that a user sees: what happened, where, what to do."""

from collections.abc import Iterable


class FactoryError(Exception):
    """One clear line for the user; the command line prints it without a traceback.

    `where` is a place the user can open (``recipe.yaml:12:5``, a repo, a row); `fix` says what to do next.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str | None = None, fix: str | None = None) -> None:
        self.what, self.where, self.fix = what, where, fix
        super().__init__(str(self))

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text} ({self.fix})" if self.fix else text


class UsageError(FactoryError):
    """The arguments or the recipe are wrong: nothing was started."""

    exit_code = 2


def nearest(name: object, valid: Iterable[str], limit: int = 8) -> str:
    """What to say after a name that is not known: the one that is near, else up to `limit` of what is valid.

    >>> nearest("langauge", ["language", "license"])
    "; did you mean 'language'?"
    >>> nearest("x", ["language", "license"], limit=1)
    '; valid: language, …'
    """
    import difflib

    names = sorted(set(valid))
    close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    shown = ", ".join(names[:limit]) + (", …" if len(names) > limit else "")
    return f"; valid: {shown}" if names and limit else ""


def first_line(error: BaseException) -> str:
    """What an error of a library says, without its last full stop; its kind where it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
