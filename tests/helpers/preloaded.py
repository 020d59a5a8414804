"""``gains`` without its start-up time: a server holds the libraries and forks for each call.

A test that runs dozens of verbs would else import torch, pandas and matplotlib dozens of times.
"""

from __future__ import annotations

import contextlib
import importlib
import marshal
import os
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MODULES = (
    "gains.cli.main",
    "gains.figures.predictions",
    "gains.methods.run_settings",
    "gains.prediction.predict",
    "gains.scoring.score",
    "gains.tables.write",
    "gains.training.train",
    "matplotlib.pyplot",
    "pandas",
    "torchvision",
)
CLIENT = """\
#!{python} -IS
import marshal, os, socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server.connect({address!r})
call = marshal.dumps((sys.argv, os.getcwd(), dict(os.environ)))
socket.send_fds(server, [call], [0, 1, 2])
sys.exit(int(server.recv(16) or 1))
"""


@contextlib.contextmanager
def preloaded(program: Path, source: Path) -> Iterator[None]:
    """Write the program ``gains`` to a path; it works within the context.

    Args:
        program: path to write.
        source: folder that holds the package ``gains``.
    """
    address = program.with_name("gains.socket")
    command = [sys.executable, __file__, str(address)]
    environment = {**os.environ, "PYTHONPATH": str(source), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as server:
        assert server.stdout and server.stdout.readline() == b"ready\n"
        program.write_text(CLIENT.format(python=sys.executable, address=str(address)))
        program.chmod(0o755)
        try:
            yield
        finally:
            server.kill()


def serve(address: str) -> None:
    """Run each call that arrives in a process of its own."""
    for module in MODULES:
        importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no process waits for the calls
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listening.bind(address)
    listening.listen()
    print("ready", flush=True)
    while True:
        connection, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            answer(connection)
        connection.close()


def answer(connection: socket.socket) -> None:
    """Run the one call of a connection, send its exit status, and end the process."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    call, streams, _, _ = socket.recv_fds(connection, 1 << 20, 3)
    sys.argv, folder, environment = marshal.loads(call)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    status = run()
    sys.stdout.flush()
    sys.stderr.flush()
    connection.send(str(status).encode())
    os._exit(0)


def run() -> Any:
    """Run ``gains`` and return its exit status."""
    from gains.cli.main import main

    try:
        main()
    except SystemExit as end:
        return end.code or 0
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    serve(sys.argv[1])
