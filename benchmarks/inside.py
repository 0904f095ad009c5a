"""One group, in the Python that is measured: `run.py` starts it, and reads the tables as JSON from stdout."""

import importlib
import json
import sys

from harness import Settings


def main() -> None:
    group, settings = sys.argv[1], Settings(*json.loads(sys.argv[2]))
    tables = importlib.import_module(group).measure(settings)
    print("\n" + json.dumps(tables))


if __name__ == "__main__":
    main()
