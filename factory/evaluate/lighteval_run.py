"""lighteval, run in this process on a model folder, with nothing read from or written outside ``job.out``.

What lighteval does by itself and is avoided here:
- its registry imports all 646 tasks, two of which download files at import: `OwnTasks` knows the given tasks only;
- its cache of answers is keyed by the model's name and settings, not its weights: it is switched off, and finished
  subtasks are kept in a ledger below ``job.out``, which belongs to one fingerprint;
- it loads models itself, one way for each of its backends: `lighteval_model` has one for all of our engines.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any, Literal, NamedTuple

from factory.engines.tokens import has_chat_template
from factory.errors import FactoryError, first_line
from factory.evaluate.base import Scoring, asked, versions
from factory.evaluate.lighteval_model import DIFFERS, scoring_model
from factory.evaluate.samples import Part
from factory.evaluate.score import Score, share
from factory.step.job import Job
from factory.step.surroundings import contained
from factory.store import Ledger

LEDGER = "subtasks"
METRIC = "log-likelihood accuracy, character-normalised (lighteval LogProbCharNorm)"


@dataclass(frozen=True)
class Subtask:
    """One task for lighteval: its configuration, how to load its rows, and what to call its score."""

    name: str
    config: Any  # LightevalTaskConfig
    load: Callable[[], Any] | None = None  # -> datasets.DatasetDict; None: lighteval loads it from the Hub


class Scored(NamedTuple):
    """Scores in the order of the subtasks, what each was made from, and the protocol.

    Details are {subtask, index, query, question, choices, gold, cluster, logprobs, predicted, correct} of each sample.
    """

    scores: list[Score]
    parts: dict[str, Part]
    details: list[dict[str, Any]]
    protocol: dict[str, Any]


def arabic_accuracy() -> Any:
    """The metric of lighteval's Arabic tasks: argmax of log-probability / number of characters of the choice."""
    from lighteval.metrics.metrics import Metrics
    from lighteval.metrics.normalizations import LogProbCharNorm

    return Metrics.loglikelihood_acc(sample_params={"logprob_normalization": LogProbCharNorm()})


def run_subtasks(
    job: Job,
    build: Callable[[], Sequence[Subtask]],
    *,
    chat_template: bool | Literal["auto"],
    scoring: Scoring = "clean",
    few_shot: int = 0,
    max_samples: int | None = None,
) -> Scored:
    """Score the model on every subtask that the ledger does not have yet.

    `build` is called where lighteval may be imported. Counts of requests and tokens go into `job.usage`.

    Raises:
        FactoryError: the model cannot be loaded, or a subtask's rows do not fit its prompt.
    """
    folder = job.input.model
    use_template = has_chat_template(folder) if chat_template == "auto" else chat_template
    if use_template and not has_chat_template(folder):
        raise FactoryError(
            "the model has no chat template", where=job.where or job.name, fix="set chat_template to auto or false"
        )
    with contained(), TemporaryDirectory() as scratch, job.ledger(LEDGER) as ledger:
        subtasks = build()
        finished = {entry["subtask"]: entry for entry in ledger}
        pending = [subtask for subtask in subtasks if subtask.name not in finished]
        with job.progress.task(f"{job.name}: lighteval", total=len(subtasks), unit="subtasks") as progress:
            progress.advance(len(subtasks) - len(pending))
            with job.scorer() if pending else nullcontext() as engine:
                model = engine and scoring_model(
                    engine, chat_template=use_template, scoring=scoring, cache=scratch, advance=progress.advance
                )
                for subtask in pending:
                    finished[subtask.name] = _run_one(job, model, subtask, ledger, few_shot, max_samples)
                    progress.advance(1)
    scores, parts, details = [], {}, []
    for subtask in subtasks:
        entry = finished[subtask.name]
        job.usage.requests += entry["requests"]
        job.usage.prompt_tokens += entry["tokens"]
        parts[subtask.name] = _part(entry["details"])
        scores.append(_score(subtask, parts[subtask.name]))
        details += entry["details"]
    protocol = {
        "backend": "lighteval's tasks and metric",
        "engine": " and ".join(sorted({entry["engine"] for entry in finished.values()})),
        "scoring": scoring,
        "difference": DIFFERS if scoring == "clean" else "none: bug for bug as lighteval 0.13",
        "metric": METRIC,
        "few_shot": few_shot,
        "max_samples": max_samples,
        "chat_template": use_template,
        "add_special_tokens": not use_template or scoring == "published",
        "decoding": "none: the choice with the highest log-likelihood per character",
        "dtype": job.profile.torch_dtype(),
        "versions": versions("lighteval", "transformers", "torch", "datasets"),
    }
    return Scored(scores, parts, details, protocol)


def _part(details: list[dict[str, Any]]) -> Part:
    clusters = [detail["cluster"] for detail in details]
    return Part.of_values(
        [asked(detail["query"], detail["choices"], detail["gold"]) for detail in details],
        [100.0 * detail["correct"] for detail in details],
        None if None in clusters else clusters,
    )


def _score(subtask: Subtask, part: Part) -> Score:
    config = subtask.config
    return share(
        subtask.name,
        part,
        metric=METRIC,
        task=config.name,
        dataset=config.hf_repo,
        config=config.hf_subset,
        split=config.evaluation_splits[0],
        revision=config.hf_revision,
    )


def _run_one(
    job: Job, model: Any, subtask: Subtask, ledger: Ledger, few_shot: int, max_samples: int | None
) -> dict[str, Any]:
    from lighteval.logging.evaluation_tracker import EvaluationTracker
    from lighteval.pipeline import ParallelismManager, PipelineParameters

    model.requests = model.tokens = 0
    tracker = EvaluationTracker(
        output_dir=str(job.out), save_details=False
    )  # it writes on `save`, which is not called
    parameters = PipelineParameters(
        launcher_type=ParallelismManager.NONE, max_samples=max_samples, bootstrap_iters=0, dataset_loading_processes=1
    )
    try:
        pipeline = _own_pipeline()(subtask, few_shot, parameters, tracker, model)
        pipeline.evaluate()
    except (ValueError, KeyError, TypeError, IndexError, OSError) as error:
        said = f"lighteval cannot run {subtask.name}: {type(error).__name__}: {first_line(error)}"
        raise FactoryError(said, where=job.where or job.name) from error
    [(task_name, found)] = tracker.details_logger.details.items()
    metric = subtask.config.metrics[0].metric_name
    details = [_detail(subtask.name, item, metric) for item in found]
    mean = sum(detail["correct"] for detail in details) / len(details)
    # The score shown is recounted from the details, so it has to be the one lighteval reports.
    assert abs(mean - float(tracker.metrics_logger.metric_aggregated[task_name][metric])) < 1e-9
    entry = {
        "subtask": subtask.name,
        "engine": job.engines[-1],
        "requests": model.requests,
        "tokens": model.tokens,
        "details": details,
    }
    ledger.append(entry)
    return entry


def _detail(subtask: str, item: Any, metric: str) -> dict[str, Any]:
    doc, logprobs = item.doc, [float(value) for value in item.model_response.logprobs]
    per_character = [value / len(choice) for value, choice in zip(logprobs, doc.choices, strict=True)]
    gold = doc.gold_index if isinstance(doc.gold_index, int) else doc.gold_index[0]
    return {
        "subtask": subtask,
        "index": int(doc.id),
        "query": doc.query,
        "question": doc.query.removeprefix(doc.instruction or ""),
        "choices": list(doc.choices),
        "gold": gold,
        "cluster": (doc.specific or {}).get("cluster"),
        "logprobs": logprobs,
        "predicted": max(range(len(logprobs)), key=per_character.__getitem__),
        "correct": float(item.metric[metric]),
    }


def _own_pipeline() -> Any:
    from lighteval.pipeline import Pipeline
    from lighteval.tasks.lighteval_task import LightevalTask
    from lighteval.tasks.registry import Registry

    class OwnTasks(Registry):
        """A registry of one task, instead of all that lighteval ships."""

        def __init__(self, config: Any, few_shot: int) -> None:
            self.tasks_list = [f"{config.name}|{few_shot}"]
            self._task_registry = {config.name: config}
            self.task_to_configs = self._update_task_configs()

    class OwnPipeline(Pipeline):
        """lighteval's pipeline on one task whose rows may be at hand already, with its cache switched off."""

        def __init__(self, subtask: Subtask, few_shot: int, parameters: Any, tracker: Any, model: Any) -> None:
            self._subtask, self._few_shot = subtask, few_shot
            super().__init__(subtask.config.name, parameters, tracker, model=model)

        def _init_tasks_and_requests(self, tasks: str) -> None:
            self.registry = OwnTasks(self._subtask.config, self._few_shot)
            self.tasks_dict = self.registry.load_tasks()
            [task] = self.tasks_dict.values()
            if self._subtask.load:
                task.dataset = self._subtask.load()
            else:
                LightevalTask.load_datasets(self.tasks_dict, 1)
            self.documents_dict = {task.full_name: task.get_docs(self.pipeline_parameters.max_samples)}
            self.sampling_docs = dict.fromkeys(task.sampling_methods, self.documents_dict[task.full_name])
            self.evaluation_tracker.task_config_logger.log(self.tasks_dict)

    return OwnPipeline
