"""``gains`` and ``snakemake`` without their start-up time: a server holds the libraries and forks.

A test of the workflow runs dozens of commands, and would else import torch, pandas and Snakemake
dozens of times. The package ``gains`` is not held: each call imports that of its own ``PYTHONPATH``,
as edited as it may be. A test of what a signal does must start the real programs, since a signal to a
program of this module does not reach the process that works.
"""

from __future__ import annotations

import atexit
import functools
import importlib
import logging
import marshal
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from typing import Any

LIBRARIES = (
    "PIL.Image",
    "matplotlib.pyplot",
    "pandas",
    "pycocotools.mask",
    "pydantic",
    "scipy.ndimage",
    "scipy.optimize",
    "scipy.stats",
    "snakemake.cli",
    "snakemake.persistence.file",
    "snakemake.report",
    "snakemake.workflow",
    "torch",
    "torchvision.transforms.v2",
    "typer",
)
ENTRIES = {"gains": "gains.cli.main", "snakemake": "snakemake.cli"}
"""The programs, with the modules whose function ``main`` each of them calls."""
CLIENT = """\
#!{python} -IS
import marshal, os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
call = marshal.dumps((sys.argv, os.getcwd(), dict(os.environ)))
socket.send_fds(server, [b"0"], [0, 1, 2])
server.sendall(call)
server.shutdown(socket.SHUT_WR)
sys.exit(int(server.recv(16) or 1))
"""


@functools.cache
def programs() -> Path:
    """Return a folder with the programs; their server ends with this process.

    The folder also has a ``python``, since Snakemake lets its jobs find their programs beside its own
    interpreter.
    """
    folder = Path(tempfile.mkdtemp(prefix="gains-programs-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    address = folder / "server.socket"
    command = [sys.executable, "-P", __file__, str(address)]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    server = subprocess.Popen(
        command,
        env={**kept, "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    atexit.register(server.kill)
    assert server.stdout and server.stdout.readline() == b"ready\n"
    _write(folder / "python", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    for name in ENTRIES:
        _write(folder / name, CLIENT.format(python=sys.executable, address=str(address)))
    return folder


def _write(program: Path, text: str) -> None:
    program.write_text(text)
    program.chmod(0o755)


def serve(address: str) -> None:
    """Run each call that arrives in a process of its own, until the standard input is closed."""
    for module in LIBRARIES:
        importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no process waits for the calls
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(address)
    listening.listen()
    print("ready", flush=True)
    while sys.stdin not in select.select([listening, sys.stdin], [], [])[0]:
        connection, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            answer(connection, Path(address).parent)
        connection.close()


def answer(connection: socket.socket, folder: Path) -> None:
    """Run the one call of a connection, send its exit status, and end the process."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    with connection.makefile("rb") as call:
        sys.argv, place, environment = marshal.load(call)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(place)
    os.environ.clear()
    os.environ.update(environment)
    sys.executable = str(folder / "python")
    sys.path[:0] = [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path]
    status = run(Path(sys.argv[0]).name)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    connection.send(str(status).encode())
    os._exit(0)


def run(program: str) -> Any:
    """Run a program and return its exit status."""
    try:
        importlib.import_module(ENTRIES[program]).main()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    serve(sys.argv[1])
