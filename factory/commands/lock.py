"""`factory lock`."""

from factory.commands.session import Session


def write_lock(session: Session) -> None:
    with session.open(building=True, refresh=True) as opened:
        if not opened.resolver.refs:
            print("nothing to lock: the recipe names no Hub ref without a commit SHA")
            return
        print(f"{len(opened.resolver.refs)} refs locked in {opened.target.lock}")
