"""What the real Hub has and this one does not: told in words, where a bare 404 would look like a mistyped name."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from factory.local_hub.errors import HubError
from factory.local_hub.routing import ANY, OF_REPO, Answer, Routes

routes = Routes()
GIT = ("/info/refs", "/git-upload-pack", "/git-receive-pack")
WORDS = {
    "buckets": "This Hub has no buckets: keep files in a dataset repo. A job takes its script by URL, such as that"
    " of a file in a repo: hf jobs uv run $HF_ENDPOINT/datasets/OWNER/NAME/resolve/main/script.py",
    "scheduled-jobs": "This Hub has no scheduled jobs: run a job by hand, or from cron",
    "papers": "This Hub has no papers",
    "daily_papers": "This Hub has no papers",
    "kernels": "This Hub has no repos of kernels: keep them in a model repo",
}
NO_GIT = "This Hub does not speak git: use `hf download`, `hf upload` or huggingface_hub"


def _add(name: str) -> None:
    @routes(ANY, f"/api/{name}", f"/api/{name}/{{rest:path}}")
    def absent(_request: Request) -> Answer:
        raise HubError(501, WORDS[name])


for _name in WORDS:
    _add(_name)


@routes("GET POST", *(of_repo + path for of_repo in OF_REPO for path in GIT))
def git(_request: Request) -> Response:
    """git shows a text that is sent with an error."""
    return PlainTextResponse(NO_GIT + "\n", 501, headers={"X-Error-Message": NO_GIT})
