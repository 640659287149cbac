"""The Hub's client and its errors in one line each."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from factory.errors import FactoryError, first_line
from factory.store.disk import disk_told

if TYPE_CHECKING:
    from huggingface_hub import HfApi

ACCEPT_TERMS = "accept its terms on its Hub page, then set HF_TOKEN to your token"
CHECK_NAME = "check the name; private repos need HF_TOKEN"
RUN_AGAIN = "run the same command again"


class Unavailable(FactoryError):
    """The Hub was out of reach, out of order or too busy: the same call may do later."""


def api(token: str | None = None) -> HfApi:
    """A client of the Hub that HF_ENDPOINT and HF_TOKEN name; it asks again where an answer is one of a moment."""
    from huggingface_hub import HfApi

    from factory.hub import retrying

    retrying.install()
    return HfApi(token=token, library_name="factory")


@contextmanager
def hub_errors(repo: str, kind: str = "repo") -> Iterator[None]:
    """Turn what the Hub's clients raise about `repo` into a `FactoryError` that says what to do."""
    import httpx
    from huggingface_hub import errors

    from factory.hub import retrying

    retrying.install()
    unreachable = (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled, httpx.RequestError, ConnectionError)
    try:
        with disk_told(repo):
            yield
    except FactoryError:
        raise
    except unreachable as error:
        raise Unavailable(
            f"the Hub cannot be reached ({first_line(error)})",
            where=repo,
            fix=f"check the network and HF_ENDPOINT; finished work is kept, {RUN_AGAIN}",
        ) from error
    except errors.GatedRepoError as error:
        raise FactoryError(f"the {kind} is gated", where=repo, fix=ACCEPT_TERMS) from error
    except errors.RevisionNotFoundError as error:
        fix = "check the part after @, or run `factory lock` again"
        raise FactoryError("no such revision", where=repo, fix=fix) from error
    except errors.RepositoryNotFoundError as error:
        if getattr(error.response, "status_code", 0) == 401 and _token_is_refused():
            raise _token_error(repo) from error
        raise FactoryError(f"no such {kind} on the Hub, or it is private", where=repo, fix=CHECK_NAME) from error
    except errors.EntryNotFoundError as error:
        raise FactoryError("a file is missing in the repo", where=repo, fix=first_line(error)) from error
    except errors.HfHubHTTPError as error:
        raise _http_error(error, repo) from error
    except _dataset_errors() as error:
        text = first_line(error)
        raise FactoryError(text, where=repo, fix=ACCEPT_TERMS if "gated" in text else CHECK_NAME) from error
    except errors.HFValidationError as error:
        raise FactoryError(first_line(error), where=repo, fix="correct the name") from error
    except json.JSONDecodeError as error:
        raise Unavailable(f"the Hub's answer is no JSON ({first_line(error)})", where=repo, fix=RUN_AGAIN) from error
    except ValueError as error:
        if str(error).startswith("Invalid metadata"):
            raise FactoryError(" ".join(str(error).split()), where=repo, fix="the Hub refuses this card") from error
        if "Config name is missing" in str(error):
            which = " ".join(str(error).splitlines()[1:2]).removeprefix("Please pick ")
            fix = f"pick {which}: {repo}:CONFIG"
            raise FactoryError("the dataset has several configs and none is named", where=repo, fix=fix) from error
        if "BuilderConfig" in str(error) or "split" in str(error).lower():
            raise FactoryError(first_line(error), where=repo, fix="check :config and `split`") from error
        raise
    except RuntimeError as error:
        if (trouble := _upload_error(error, repo, kind)) is not None:
            raise trouble from error
        if not str(error).startswith("Dataset scripts are no longer supported"):
            raise
        fix = "take a copy of it in Parquet (its branch: @refs/convert/parquet), or name its files in `data_files`"
        raise FactoryError(first_line(error), where=repo, fix=fix) from error


def _dataset_errors() -> tuple[type[Exception], ...]:
    """What `datasets` raises; it is not imported for this alone, which would cost a plan a second."""
    if "datasets" not in sys.modules:
        return ()
    from datasets.data_files import EmptyDatasetError
    from datasets.exceptions import DataFilesNotFoundError, DatasetNotFoundError

    return DatasetNotFoundError, DataFilesNotFoundError, EmptyDatasetError


def _http_error(error: Any, repo: str) -> FactoryError:
    status = getattr(error.response, "status_code", None)
    if status == 401:
        return _token_error(repo)
    if status == 403:
        return FactoryError("the token may not do this", where=repo, fix="use one with write access to the namespace")
    if status == 412:
        return FactoryError("somebody else committed at the same moment", where=repo, fix=RUN_AGAIN)
    if status == 413:
        return FactoryError("the Hub says that this is too large", where=repo, fix=first_line(error))
    if status == 402 or (status == 400 and "quota" in str(error).lower()):
        return FactoryError("the storage of the namespace is full", where=repo, fix=first_line(error))
    if status == 429:
        return Unavailable("the Hub's rate limit is reached", where=repo, fix=f"wait {_wait(error)} and {RUN_AGAIN}")
    kind = Unavailable if status is None or status >= 500 or status == 408 else FactoryError
    return kind(f"the Hub answered {status}: {first_line(error)}", where=repo, fix=RUN_AGAIN)


def _upload_error(error: RuntimeError, repo: str, kind: str) -> FactoryError | None:
    """What stopped the bytes of a file on their way, if that is what `error` tells: over LFS it is its cause."""
    if isinstance(cause := error.__cause__, Exception):
        try:
            with hub_errors(repo, kind):
                raise cause
        except FactoryError as told:
            told.what = f"{first_line(error).rstrip('.')}: {told.what}"
            return told
        except Exception:
            return None
    if type(error).__module__.startswith("hf_xet") or "xet" in str(error).lower() or "CAS" in str(error):
        return Unavailable(f"a file did not get through: {first_line(error)}", where=repo, fix=RUN_AGAIN)
    return None


def _wait(error: Any) -> str:
    """How long an answer asks to wait, in words; the Hub counts requests in windows of five minutes."""
    asked = error.response.headers.get("retry-after", "")
    seconds = int(asked) if asked.isdecimal() else 300
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} minutes"


def _token_error(repo: str) -> FactoryError:
    return FactoryError(
        "the Hub refuses the token (wrong or expired)",
        where=repo,
        fix="make a new one and set HF_TOKEN, or `hf auth login`",
    )


def _token_is_refused() -> bool:
    """A wrong token and a missing repo both answer 401 on some routes: asking who we are tells them apart."""
    from huggingface_hub import get_token
    from huggingface_hub.errors import HfHubHTTPError

    if get_token() is None:
        return False
    try:
        api().whoami()
    except HfHubHTTPError:
        return True
    return False


@contextmanager
def no_bars() -> Iterator[None]:
    """Without progress bars of huggingface_hub."""
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    if are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()


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
