"""What a step cost in US dollars: an endpoint's tokens, or the time of the accelerators that it held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from factory.profile import Profile
    from factory.store import Usage


def attempt(profile: Profile, seconds: float, *, model: bool) -> dict[str, Any]:
    """One run at a step as its ledger keeps it. Work without a model holds no accelerator and costs none."""
    entry: dict[str, Any] = {"seconds": round(seconds, 3)}
    if profile.gpu_hour is not None:
        entry["dollars"] = seconds / 3600 * profile.gpu_hour * profile.devices if model else 0.0
    return entry


def token_dollars(usage: Usage, profile: Profile) -> float | None:
    """The endpoint's price of the tokens read and written; None where the profile states none."""
    if profile.prompt_price is None and profile.completion_price is None:
        return None
    read, written = profile.prompt_price or 0.0, profile.completion_price or 0.0
    return (usage.prompt_tokens * read + usage.completion_tokens * written) / 1e6


def bill(usage: Usage, attempts: Sequence[dict[str, Any]], profile: Profile) -> None:
    """Fill `seconds` and `dollars` from all attempts at a step.

    Tokens with a price are what an endpoint charges, so their step's time is not charged as well; every other step
    costs the time of its attempts, each at the price of the profile it ran under.
    """
    usage.seconds = round(sum(entry["seconds"] for entry in attempts), 3)
    tokens = token_dollars(usage, profile) if usage.requests else None
    hours = [entry["dollars"] for entry in attempts if "dollars" in entry]
    if tokens is not None:
        usage.dollars = round(tokens, 6)
    elif hours:
        usage.dollars = round(sum(hours), 6)
