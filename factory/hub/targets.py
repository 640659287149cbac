"""The repos that are pushed to: whether they are there, under the name that the recipe has for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from factory.errors import FactoryError

if TYPE_CHECKING:
    from huggingface_hub import HfApi


class Renamed(FactoryError):
    """A repo has another name on the Hub than the one it is asked by."""


def existing(client: HfApi, kind: str, repo_id: str, *, timeout: float | None = None) -> Any:
    """What the Hub says of a repo; None where there is none that the token may see.

    A Hub leads from a repo's old name to its new one, until somebody makes a repo under the old name again: that
    would be a second one, beside the repo with all its downloads and links.

    Raises:
        Renamed: the repo has another name now.
    """
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        info = client.repo_info(repo_id, repo_type=kind, timeout=timeout)
    except RepositoryNotFoundError:
        return None
    if info.id.lower() != repo_id.lower():  # the Hub's names are the same in small and capital letters
        raise Renamed(
            f"the {kind} was renamed: on the Hub it is {info.id} now",
            where=repo_id,
            fix=f"write {info.id} in its place to go on there, or a name that was never used for a new {kind}",
        )
    return info
