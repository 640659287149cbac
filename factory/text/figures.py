"""Numbers, bytes, rows and times in few characters, for columns of a table."""

from __future__ import annotations

NUMBERS = ((1e12, " T"), (1e9, " B"), (1e6, " M"), (1e3, " k"))
BYTES = ((1e12, " TB"), (1e9, " GB"), (1e6, " MB"), (1e3, " kB"), (1.0, " bytes"))


def counted(number: int, noun: str) -> str:
    """The number with its noun, which takes an s where there is not one.

    >>> counted(1, "row"), counted(1200, "row"), counted(0, "commit")
    ('1 row', '1,200 rows', '0 commits')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def number_text(value: float) -> str:
    """
    >>> number_text(1_754_000_000), number_text(42_000), number_text(7)
    ('1.8 B', '42 k', '7')
    """
    return _scaled(value, NUMBERS)


def bytes_text(value: float) -> str:
    """
    >>> bytes_text(222e9), bytes_text(2_340_000), bytes_text(0)
    ('222 GB', '2.3 MB', '0')
    """
    return _scaled(value, BYTES)


def _scaled(value: float, steps: tuple[tuple[float, str], ...]) -> str:
    size, unit = next(((size, unit) for size, unit in steps if value >= size), (1.0, ""))
    shown = value / size
    return f"{shown:,.0f}{unit}" if shown >= 10 else f"{shown:.1f}".removesuffix(".0") + unit


def rows_text(rows: float | None, counted: bool) -> str:
    """
    >>> rows_text(405000, True), rows_text(439592.4, False), rows_text(None, False)
    ('405,000', '~440 k', '-')
    """
    if rows is None:
        return "-"
    return f"{rows:,.0f}" if counted else f"~{number_text(rows)}"


def time_text(seconds: float) -> str:
    """
    >>> time_text(45), time_text(600), time_text(9000), time_text(400_000)
    ('45 s', '10 min', '2.5 h', '4.6 days')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86_400:.1f} days"
