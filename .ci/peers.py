"""What to install for the programs of other libraries, a requirement a line: those of the extra `peers` that pip takes
as builds for the processor. What is left out is said aloud: a build for CUDA is gigabytes.
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))["project"]
ASK = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--no-deps"]


def chosen(words: list[str]) -> str | None:
    """What pip would take, with its exact version; None where there is nothing or where that needs CUDA."""
    command = [*ASK, "--report", "-", *words]
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120, check=False)
    if answer.returncode:
        return None
    (found,) = (each["metadata"] for each in json.loads(answer.stdout)["install"])
    needs = map(Requirement, found.get("requires_dist", []))
    here = [each.name for each in needs if each.marker is None or each.marker.evaluate({"extra": ""})]
    cuda = any(name.startswith(("nvidia", "cuda", "triton")) for name in here)
    return None if cuda else f"{found['name']}=={found['version']}"


for requirement in project["optional-dependencies"]["peers"]:
    # From an index, or else from what lies on the disk: there may be another build of it.
    found = chosen([requirement]) or chosen(["--no-index", requirement])
    if found:
        print(found)
    else:
        print(f"SKIPPED ALOUD: {requirement} is not to be had as a build for this processor", file=sys.stderr)
