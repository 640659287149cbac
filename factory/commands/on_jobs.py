"""`factory publish --on hf-jobs`."""

import click

from factory.commands.session import Session, is_local
from factory.commands.table import print_json
from factory.errors import UsageError
from factory.graph.models import refuse
from factory.publishing.before import forbidden_licenses, target_problems
from factory.publishing.stages import stages
from factory.recipe import load
from factory.remote.hf_jobs import FIX_FLAVOR, Order, cancel_command, follow, submit


def publish_as_job(session: Session, *, force: bool, live: bool, as_json: bool) -> None:
    """Submit the publish as a Hub Job, or find the one that runs it, and follow its log to the end.

    Ctrl-C ends only the following.

    Raises:
        UsageError: the recipe is meant for the embedded Hub of this command, or the profile says nothing of jobs.
        FactoryError: the job did not complete.
    """
    if is_local(load(session.recipe), session.hub):
        raise UsageError(
            "a job cannot reach the embedded Hub of this command",
            where=str(session.recipe),
            fix="set HF_TOKEN, and HF_ENDPOINT where it is not huggingface.co, and add --hub remote",
        )
    with session.open() as opened:
        refuse([*forbidden_licenses(opened.graph), *target_problems(opened.graph, stages(opened.graph))])
        if opened.profile.jobs is None:
            raise UsageError(
                "the profile does not say on which hardware jobs run", where=str(session.recipe), fix=FIX_FLAVOR
            )
        options = {"--locked": session.locked, "--force": force, "--live": live}
        arguments = [name for name, given in options.items() if given] + (
            ["--profile", session.profile] if session.profile else []
        )
        order = Order(opened.loaded, opened.profile.jobs, arguments)
        job, new = submit(order)
        click.echo(f"{'submitted' if new else 'runs already'}: {job.url}", err=True)
        try:
            stage = follow(job, order.namespace, lambda line: click.echo(line, err=as_json))
        except KeyboardInterrupt:
            again = f"factory publish {session.recipe} --on hf-jobs" + (
                f" --profile {session.profile}" if session.profile else ""
            )
            click.echo(f"the job goes on: {job.url}\n  follow it again: {again}", err=True)
            click.echo(f"  stop it: {cancel_command(job, order.namespace)}", err=True)
            raise click.exceptions.Exit(1) from None
    if as_json:
        print_json({"job": job.id, "url": job.url, "stage": stage, "new": new})
