"""One call from a shell: the value and the gradient of (x+y)*z, by us and by whatever a user might take instead.

Each contender takes x from outside (`{x}` in its words or in what it reads), so that a loop can change it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from harness import NOT_INSTALLED, Settings

VALUE_AND_GRADIENT = [-12.0, -4.0, -4.0, 3.0]
"""Of (x+y)*z at x = −2, y = 5, z = −4: what each contender must print."""


class OneShot(NamedTuple):
    """words: the command; text: what it reads from stdin; needs: the module without which it cannot run."""

    name: str
    words: Sequence[str]
    text: str = ""
    needs: str = ""

    @property
    def missing(self) -> str:
        """Why it cannot run here; empty if it can."""
        module = self.words[0] == sys.executable and self.needs
        found = importlib.util.find_spec(self.needs) if module else shutil.which(self.words[0])
        return "" if found else NOT_INSTALLED

    def run(self, environment: Mapping[str, str], x: str = "-2") -> str:
        """One call; what it printed."""
        words = [word.replace("{x}", x) for word in self.words]
        given = self.text.replace("{x}", x)
        return subprocess.run(
            words,
            input=given,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            check=True,
        ).stdout

    def check(self, environment: Mapping[str, str]) -> None:
        """One call, which must print the right numbers, so that only the same computations are compared."""
        printed = self.run(environment)
        if numbers(printed)[-4:] != VALUE_AND_GRADIENT:
            raise ValueError(f"printed {printed.strip()[-60:]!r}")

    def script(self) -> str:
        """One call in a shell script, with x in "$x"."""
        words = " ".join(shlex.quote(word).replace("{x}", "'\"$x\"'") for word in self.words)
        return f"{words} <<END\n{self.text.replace('{x}', '$x')}\nEND" if self.text else words

    def loop(self, calls: int, environment: Mapping[str, str]) -> None:
        """That many calls in one shell script, each with another x."""
        script = f"x=0; while [ $x -lt {calls} ]; do\n{self.script()}\nx=$((x+1)); done >/dev/null 2>&1"
        subprocess.run(["sh", "-c", script], env=environment, stdin=subprocess.DEVNULL, check=True)


def numbers(printed: str) -> list[float]:
    """The numbers in it: of a JSON document the value and the gradient, of any other text all of them."""
    if printed.startswith("{"):
        document = json.loads(printed)
        return [document["value"], *document["gradient"].values()]
    return [float(word) for word in re.findall(r"-?\d+(?:\.\d*)?", printed.replace("−", "-").replace("- ", "-"))]


def environment(cache: Path) -> dict[str, str]:
    """The environment of a call whose home, and so whose cache, is that folder; none of our settings, or Python's."""
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "BACKPROP"))}
    return {**keep, "HOME": str(cache), "XDG_CACHE_HOME": str(cache), "JAX_PLATFORMS": "cpu"}


def in_a_new_home(call: Callable[[Mapping[str, str]], float]) -> float:
    """What the call gives where nothing is remembered yet."""
    with tempfile.TemporaryDirectory() as home:
        return call(environment(Path(home)))


def ours(settings: Settings, *options: str) -> OneShot:
    """Our own call."""
    return OneShot(
        "backprop eval", [settings.backprop, "eval", "(x+y)*z", "--x={x}", "--y", "5", "--z", "-4", *options]
    )


def python(name: str, code: str, module: str = "") -> OneShot:
    """A call of the Python that is measured."""
    return OneShot(name, [sys.executable, "-c", code, "{x}"], needs=module or name.lower())


_START = "import sys; x = float(sys.argv[1]); "
_ALGEBRA = """
f = sympify("(x+y)*z")
point = dict(zip(symbols("x y z"), (x, 5, -4)))
print(f.subs(point), *(diff(f, name).subs(point) for name in point))
"""

FLOORS = (
    python("python -c pass", "pass", "sys"),
    python("import click", "import click", "click"),
    python("import click, rich", "import click, rich.console", "rich"),
    python("import sympy", "import sympy", "sympy"),
)
"""What no call can undercut that needs them. (rich, for a table on a terminal.)"""

PEERS = (
    python("SymPy", _START + "from sympy import diff, symbols, sympify" + _ALGEBRA),
    python("symengine", _START + "from symengine import diff, symbols, sympify" + _ALGEBRA),
    python(
        "autograd",
        _START + "from autograd import grad\n"
        "def f(x, y, z): return (x+y)*z\n"
        "print(f(x, 5., -4.), *grad(f, (0, 1, 2))(x, 5., -4.))",
    ),
    python(
        "micrograd",
        _START + "from micrograd.engine import Value\n"
        "x, y, z = Value(x), Value(5.), Value(-4.)\n"
        "f = (x+y)*z; f.backward(); print(f.data, x.grad, y.grad, z.grad)",
    ),
    python(
        "torch",
        _START + "import torch\n"
        "x, y, z = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (x, 5., -4.))\n"
        "f = (x+y)*z; f.backward(); print(f.item(), x.grad.item(), y.grad.item(), z.grad.item())",
    ),
    python(
        "JAX",
        _START + "import jax\n"
        "value, gradient = jax.value_and_grad(lambda x, y, z: (x+y)*z, (0, 1, 2))(x, 5., -4.)\n"
        "print(value, *gradient)",
    ),
    python(
        "CasADi",
        _START + "import casadi\n"
        "p = casadi.SX.sym('p', 3); f = (p[0]+p[1])*p[2]\n"
        "value, gradient = casadi.Function('g', [p], [f, casadi.gradient(f, p)])([x, 5., -4.])\n"
        "print(value, *gradient.full().ravel())",
    ),
    OneShot(
        "gp",
        ["gp", "-q", "-f"],
        "f=(x+y)*z;print([subst(subst(subst(g,x,{x}),y,5),z,-4)|g<-[f,deriv(f,x),deriv(f,y),deriv(f,z)]])",
    ),
    OneShot(
        "ginsh",
        ["ginsh"],
        "f=(x+y)*z:p={x=={x},y==5,z==-4}:subs(f,p);subs(diff(f,x),p);subs(diff(f,y),p);subs(diff(f,z),p);",
    ),
    OneShot(
        "maxima",
        [
            "maxima",
            "--very-quiet",
            "--batch-string=f:(x+y)*z$ print(subst([x={x},y=5,z=-4],[f,diff(f,x),diff(f,y),diff(f,z)]))$",
        ],
    ),
    OneShot(
        "qalc",
        ["qalc", "-t", "[({x}+5)*(-4), diff((x+5)*(-4),x,1,{x}), diff(({x}+y)*(-4),y,1,5), diff(({x}+5)*z,z,1,-4)]"],
    ),
)
