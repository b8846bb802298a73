"""The process of a temporary server: `python -m tasks.server_process PORT FOLDER`.

Its input is a pipe from the command that started it. The pipe closes when the command
ends, also when it is killed. Then the server removes its folder and ends.
"""

import os
import shutil
import sys
import threading
from typing import TYPE_CHECKING

import uvicorn

from config.quick_imports import quick_imports

if TYPE_CHECKING:
    from fastapi import FastAPI


def main() -> None:
    """Serve Prefect's API until the input closes."""
    port, folder = sys.argv[1:]
    threading.Thread(target=_end_with_command, args=(folder,), daemon=True).start()
    uvicorn.run(
        load_server,
        factory=True,
        host="127.0.0.1",
        port=int(port),
        log_level="error",
    )


def load_server() -> "FastAPI":
    """Return Prefect's server."""
    with quick_imports():
        from prefect.server.api.server import create_app  # noqa: PLC0415  it is slow

        return create_app()


def _end_with_command(folder: str) -> None:
    sys.stdin.buffer.read()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    main()
