"""Errors of the embedded Hub as its clients expect them: a status, an `X-Error-Code` and an `X-Error-Message`."""

import re

from starlette.responses import JSONResponse

LONGEST_LINE = 2000  # characters of a message in a header: clients stop reading heads that are long


class HubError(Exception):
    """An answer other than success; `code` is what huggingface_hub turns into an exception class."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        *,
        headers: dict[str, str] | None = None,
        extra: dict | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code
        self.headers = headers or {}
        self.extra = extra or {}

    def response(self) -> JSONResponse:
        line = re.sub(r"[^\x20-\x7e]", "?", self.message.replace("\n", " "))  # a header holds nothing else
        headers = {"X-Error-Message": line[:LONGEST_LINE].strip(), **self.headers}
        if self.code:
            headers["X-Error-Code"] = self.code
        return JSONResponse({"error": self.message, **self.extra}, self.status, headers=headers)


def repo_not_found(anonymous: bool = False) -> HubError:
    """As on the Hub, who has not said who they are is asked to first: the repo may be private."""
    if anonymous:
        return HubError(401, "Invalid username or password.", "RepoNotFound")
    return HubError(404, "Repository not found", "RepoNotFound")


def revision_not_found(revision: str) -> HubError:
    return HubError(404, f"Invalid rev id: {revision}", "RevisionNotFound")


def entry_not_found(path: str, commit: str | None = None) -> HubError:
    headers = {"X-Repo-Commit": commit} if commit else None
    return HubError(404, f"Entry not found: {path}" if path else "Entry not found", "EntryNotFound", headers=headers)


def gated(repo: str, anonymous: bool = False) -> HubError:
    if anonymous:
        return HubError(401, f"Access to {repo} is restricted. You must be authenticated to access it.", "GatedRepo")
    return HubError(
        403, f"Access to {repo} is restricted and you are not in the authorized list. Ask for access.", "GatedRepo"
    )


def bad_token() -> HubError:
    # huggingface_hub compares this text to tell a wrong token from a hidden repo
    return HubError(401, "Invalid credentials in Authorization header")


def login_needed() -> HubError:
    return HubError(401, "Invalid username or password.")


def forbidden(message: str) -> HubError:
    return HubError(403, message)


def bad_request(message: str) -> HubError:
    return HubError(400, message)


def unprocessable(message: str) -> HubError:
    return HubError(422, message)


def missing(what: str) -> HubError:
    return HubError(404, f"{what} not found")
