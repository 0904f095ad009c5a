"""The command by a process that has loaded the libraries and forks for each call: what a call prints is the same, and
most of the time that a call takes is loading them.
"""

import gc
import importlib
import importlib.util
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import backprop_cli
from backprop_cli.__main__ import main

_LOADED = ("sympy", "mpmath", "flint", "numpy", "scipy.optimize", "scipy.special", "matplotlib.figure", "rich.table")
"""What calls load, where it is installed. (Polars has threads of its own, which no fork takes along.)"""

_CLIENT = """\
#!{python} -IS
import json, os, socket, sys

with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    call = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [call], [0, 1, 2])
    server.shutdown(socket.SHUT_WR)
    sys.exit(server.recv(1)[0])
"""


@contextmanager
def warm_command(folder: Path) -> Iterator[Path]:
    """A folder for PATH whose `backprop` has such a process do what it is called for."""
    address = str(folder / "socket")
    client = folder / "backprop"
    client.write_text(_CLIENT.format(python=sys.executable, address=address))
    client.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        words = [sys.executable, "-m", "support.warm", str(listening.fileno())]
        path = os.pathsep.join(sys.path)
        with subprocess.Popen(
            words, pass_fds=[listening.fileno()], env={**os.environ, "PYTHONPATH": path}, stdin=subprocess.DEVNULL
        ) as server:
            try:
                yield folder
            finally:
                server.kill()


def _serve(listening: socket.socket) -> NoReturn:
    for name in _LOADED:
        if importlib.util.find_spec(name.partition(".")[0]):
            importlib.import_module(name)
    for module in pkgutil.walk_packages(backprop_cli.__path__, "backprop_cli."):
        importlib.import_module(module.name)
    gc.freeze()  # the collector goes through none of it again in those that answer, which would copy it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that answer
    while True:
        client, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _answer(client)
        client.close()


def _answer(client: socket.socket) -> NoReturn:
    """Run the command, and send its exit status."""
    text, files, *_ = socket.recv_fds(client, 1 << 20, 3)
    while more := client.recv(1 << 20):
        text += more
    words, folder, environment = json.loads(text)
    process = os.fork()
    if process == 0:
        client.close()
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = ["backprop", *words]
        sys.stdin, sys.stdout, sys.stderr = map(os.fdopen, range(3), "rww")
        main()
    client.send(bytes([os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) % 256]))
    os._exit(0)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
