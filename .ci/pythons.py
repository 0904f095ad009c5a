"""Each other CPython that the machine has and pyproject.toml admits, one for each minor release: a path a line."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

root = Path(__file__).parent.parent
project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
oldest = tuple(map(int, re.findall(r"\d+", project["requires-python"])))
ASK = "import sys; print(sys.implementation.name, sys.version_info[0], sys.version_info[1])"

pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
names = [shutil.which(f"python3.{minor}") for minor in range(oldest[1], oldest[1] + 20)]
found = {}
for path in [*sorted(map(str, pyenv.glob("3.*/bin/python"))), *filter(None, names)]:
    answer = subprocess.run([path, "-c", ASK], capture_output=True, text=True, check=False).stdout.split()
    if answer[:1] == ["cpython"]:  # a name that pyenv keeps for a release that is not chosen answers nothing
        found.setdefault((int(answer[1]), int(answer[2])), path)
found.pop(sys.version_info[:2], None)
for version, path in sorted(found.items()):
    if version >= oldest:
        print(path)
