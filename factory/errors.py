"""Errors that a user sees: what happened, where, what to do."""

from __future__ import annotations


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


def first_line(error: BaseException) -> str:
    """What an error of a library says, without its last full stop; its kind where it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
