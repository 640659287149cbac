"""`python -m factory.local_hub`: the embedded Hub from the command line."""

import argparse
import sys
from pathlib import Path

from factory.errors import FactoryError
from factory.local_hub.serving import serve


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m factory.local_hub", description="Serves the embedded Hub.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=0, help="port (default: a free one)")
    parser.add_argument("--data", type=Path, required=True, help="folder that holds the repos")
    parser.add_argument("--users", type=Path, help="YAML or JSON file with users, organisations and tokens")
    parser.add_argument("--jobs", action="store_true", help="let clients run jobs as subprocesses of this server")
    parser.add_argument("--while-kept", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        serve(options.data, options.host, options.port, options.users, options.jobs, while_kept=options.while_kept)
    except FactoryError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
