"""`python -m ventanilla.contract_docs FOLDER [--publish]`: write the documentation; promise what it says."""

import argparse
import sys
from pathlib import Path

from ventanilla.contract_docs.files import write
from ventanilla.contract_docs.publication import BrokenPromiseError, publish


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m ventanilla.contract_docs", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the documentation goes: docs/contracts")
    parser.add_argument(
        "--publish", action="store_true", help="also make the current schemas those that readers may rely on"
    )
    arguments = parser.parse_args()
    write(arguments.folder)
    if arguments.publish:
        try:
            publish(arguments.folder)
        except BrokenPromiseError as error:
            sys.stderr.write(
                f"Not published, because a reader of the published version would break:\n{error}\n"
            )
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
