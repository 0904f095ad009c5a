"""The oldest release of each dependency that pyproject.toml admits, as pip takes them: `click==8.1 rich==13 …`."""

import re
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))["project"]
for requirement in project["dependencies"]:
    found = re.fullmatch(r"([\w-]+)>=([\d.]+)", requirement)
    if not found:
        raise SystemExit(f"no lower bound in {requirement!r}")
    print(f"{found[1]}=={found[2]}")
