"""The group of all commands: how their errors are told."""

from __future__ import annotations

import json
from typing import Any

import click

from factory.errors import FactoryError

AS_JSON = "factory.as_json"  # in the meta of a context: whether JSON was asked for


class Cli(click.Group):
    """Prints a `FactoryError` as its one line, as JSON where JSON is asked for, and exits with its code.

    Never a traceback.
    """

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        context.meta[AS_JSON] = "--json" in args
        return super().parse_args(context, args)

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except FactoryError as error:
            told = error
        except PermissionError as error:
            told = FactoryError(str(error.strerror), where=error.filename, fix="let this user read and write there")
        except KeyboardInterrupt:
            click.echo("stopped: finished work is kept, the same command goes on from here", err=True)
            context.exit(1)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):  # click knows these
            raise
        except Exception as error:
            told = _disk_error(error) or _unforeseen(error)
        if context.meta[AS_JSON]:
            said = {"error": told.what, "where": told.where, "fix": told.fix, "exit_code": told.exit_code}
            click.echo(json.dumps(said, ensure_ascii=False), err=True)
        else:
            lines = str(told)
            click.echo(lines if "\n" in lines else f"error: {lines}", err=True)
        context.exit(told.exit_code)


def _disk_error(error: Exception) -> FactoryError | None:
    from factory.store.disk import disk_error

    return disk_error(error, None)


def _unforeseen(error: Exception) -> FactoryError:
    """One line for the user; the traceback goes to a file that can be sent to the maintainers."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="factory-", suffix=".log", delete=False, encoding="utf-8") as log:
        traceback.print_exception(error, file=log)
    first = (str(error).strip() or "no message").splitlines()[0]
    return FactoryError(
        f"{type(error).__name__}: {first}", fix=f"a mistake in factory itself; the whole error is in {log.name}"
    )
