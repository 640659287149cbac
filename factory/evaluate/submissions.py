"""Requests to evaluate a model: checked at once, kept as files of a dataset on the Hub, worked by a maintainer.

One JSON file a request, named and shaped as those of the open leaderboards. The module needs the Hub's client only and
nothing else of this package: a Space carries the file beside its app.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from huggingface_hub import HfApi, ModelInfo

Status = Literal["PENDING", "RUNNING", "FINISHED", "FAILED"]
NAME = re.compile(r"[A-Za-z0-9](?:[\w.-]{0,94}[A-Za-z0-9])?/[\w.-]{1,96}", re.ASCII)
COMMIT = re.compile(r"[0-9a-f]{40}")
DTYPES = {"BF16": "bfloat16", "F16": "float16", "F32": "float32"}
KINDS = {"finetune": "tuned", "merge": "merged", "quantized": "quantized", "adapter": "tuned"}
LONGEST_NOTE = 500
REASONS = {
    "name": "{model} is no name of a model: owner/name is",
    "absent": "there is no public model {model} on the Hub",
    "gated": "{model} is gated: it cannot be read without its owner's leave",
    "unreachable": "the Hub does not answer; try again later",
    "adapter": "{model} is an adapter: merge it into its base, and submit that",
    "safetensors": "{model} has no weights in safetensors",
    "size": "{model} does not say how many parameters it has",
    "too_big": "{model} has {size}B parameters, and at most {limit}B are evaluated here",
    "license": "{model} states no licence on its card",
    "there": "{model} at this commit is in the queue already: {status}",
}


class Refused(ValueError):
    """A model that is not taken: `key` of `REASONS`, with the `values` of its places."""

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(REASONS[key].format(**values))
        self.key, self.values = key, values


@dataclass(frozen=True)
class Request:
    """A model to evaluate, with the fields of the open leaderboards' requests.

    Attributes:
        revision: commit SHA. `params`: parameters in billions. `model_type`: what was done last to make it.
        submitted_time, job_start_time: UTC, ISO 8601. `job_id`: the machine that works on it.
        note: why it failed.
    """

    model: str
    revision: str
    base_model: str = ""
    precision: str = ""
    weight_type: str = "Original"
    status: Status = "PENDING"
    submitted_time: str = ""
    model_type: str = ""
    params: float = 0.0
    license: str = ""
    private: bool = False
    job_id: str = ""
    job_start_time: str = ""
    note: str = ""

    @property
    def path(self) -> str:
        return (
            f"{self.model}_eval_request_{self.private}_{self.precision}_{self.weight_type}_{self.revision[:12]}.json"
        )

    def content(self) -> bytes:
        return (json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n").encode()


def look_up(client: HfApi, model: str, *, largest: float | None = None) -> Request:
    """The request for a model of the Hub as it is now.

    Args:
        largest: most parameters that are evaluated.

    Raises:
        Refused: it is not there, cannot be read, or lacks what an evaluation or a leaderboard needs.
    """
    model = model.strip().removeprefix("https://huggingface.co/").strip("/")
    if not NAME.fullmatch(model) or ".." in model or "--" in model:
        raise Refused("name", model=model[:100])
    info = _info(client, model)
    files = {sibling.rfilename for sibling in info.siblings or ()}
    weights = {name for name in files if name.endswith(".safetensors") and "/" not in name}
    if "config.json" not in files and "adapter_config.json" in files:
        raise Refused("adapter", model=model)
    if "config.json" not in files or not weights:
        raise Refused("safetensors", model=model)
    counts: Mapping[str, int] = info.safetensors.parameters if info.safetensors else {}
    total = info.safetensors.total if info.safetensors else 0
    if not total:
        raise Refused("size", model=model)
    if largest is not None and total > largest:
        raise Refused("too_big", model=model, size=f"{total / 1e9:.1f}", limit=f"{largest / 1e9:g}")
    card: dict[str, Any] = info.card_data.to_dict() if info.card_data else {}
    license = card.get("license_name") if card.get("license") == "other" else card.get("license")
    if not license:
        raise Refused("license", model=model)
    bases = card.get("base_model") or []
    return Request(
        model=info.id,
        revision=str(info.sha),
        base_model=bases if isinstance(bases, str) else next(iter(bases), ""),
        precision=DTYPES.get(max(counts, key=lambda dtype: counts[dtype], default=""), "other"),
        submitted_time=_now(),
        model_type=KINDS.get(str(card.get("base_model_relation") or ("finetune" if bases else "")), ""),
        params=total / 1e9,
        license=str(license if isinstance(license, str) else license[0]),
    )


def _info(client: HfApi, model: str) -> ModelInfo:
    from httpx import TransportError
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    try:
        info = client.model_info(model, timeout=15)
    except GatedRepoError:
        raise Refused("gated", model=model) from None
    except RepositoryNotFoundError:
        raise Refused("absent", model=model) from None
    except (HfHubHTTPError, TransportError, OSError):
        raise Refused("unreachable") from None
    if info.private:
        raise Refused("absent", model=model)
    if info.gated:
        raise Refused("gated", model=model)
    return info


def submit(client: HfApi, repo: str, request: Request) -> str:
    """Put the request into the dataset `repo`; the address of its file.

    Raises:
        Refused: the same commit of the model is there already, unless it failed; or the Hub does not answer.
    """
    from httpx import TransportError
    from huggingface_hub.errors import HfHubHTTPError

    try:
        for known in requests_in(client, repo):
            if (known.model, known.revision) == (request.model, request.revision) and known.status != "FAILED":
                raise Refused("there", model=request.model, status=known.status)
        return str(write(client, repo, request, f"{request.model} is submitted"))
    except (HfHubHTTPError, TransportError, OSError):
        raise Refused("unreachable") from None


def write(client: HfApi, repo: str, request: Request, message: str) -> str:
    """Write the request's file in one commit; its address."""
    done = client.upload_file(
        path_or_fileobj=request.content(),
        path_in_repo=request.path,
        repo_id=repo,
        repo_type="dataset",
        commit_message=message,
    )
    return str(done)


def requests_in(client: HfApi, repo: str) -> Iterator[Request]:
    """All requests of the dataset, in the order of their submission. What is no request is left alone."""
    from huggingface_hub import hf_hub_download

    info = client.dataset_info(repo)
    names = [file.rfilename for file in info.siblings or () if "_eval_request_" in file.rfilename]
    found = []
    for name in names:
        path = hf_hub_download(
            repo, name, repo_type="dataset", revision=info.sha, endpoint=client.endpoint, token=client.token
        )
        request = _parsed(Path(path).read_text(encoding="utf-8"))
        if request is not None and request.path == name:
            found.append(request)
    yield from sorted(found, key=lambda request: (request.submitted_time, request.model))


def _parsed(text: str) -> Request | None:
    """None for what is no request: whoever may write to the dataset may write anything."""
    try:
        content = json.loads(text)
    except ValueError:
        return None
    if not isinstance(content, dict) or not {"model", "revision"} <= content.keys():
        return None
    plain = asdict(Request("", ""))
    known = {key: value for key, value in content.items() if key in plain}
    typed = all(
        isinstance(value, type(plain[key]) if key != "params" else int | float) for key, value in known.items()
    )
    if not typed or not NAME.fullmatch(known["model"]) or not COMMIT.fullmatch(known["revision"]):
        return None
    return Request(**known) if known.get("status", "PENDING") in get_args(Status) else None


def started(request: Request, worker: str) -> Request:
    """The request, taken by a worker."""
    return replace(request, status="RUNNING", job_id=worker, job_start_time=_now(), note="")


def ended(request: Request, error: str | None = None) -> Request:
    """The request, finished, or failed with an error."""
    return replace(request, status="FAILED" if error else "FINISHED", note=(error or "")[:LONGEST_NOTE])


def waits_for(request: Request, worker: str) -> bool:
    """Whether the worker takes it: it is pending, or the same worker was stopped while at it."""
    return request.status == "PENDING" or (request.status == "RUNNING" and request.job_id == worker)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
