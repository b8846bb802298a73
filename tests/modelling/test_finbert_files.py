"""Where FinBERT's files come from: a folder, the hub's cache, or the hub itself."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tiny_finbert import write_tiny_finbert

from config.errors import SentimentUnavailable
from config.settings import SentimentSettings
from modelling.finbert_files import FinbertFiles, find_files, require_undamaged

ROOT = Path(__file__).parents[2]
SETTINGS = SentimentSettings()
FILES = ("config.json", "tokenizer.json", "onnx/model.onnx")


def snapshot(cache: Path) -> Path:
    """Return where the pinned revision lies in a hub's cache."""
    name = f"models--{SETTINGS.repository.replace('/', '--')}"
    return cache / "hub" / name / "snapshots" / SETTINGS.revision


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as a download of one revision asks for."""

    folder: Path
    asked: list[str]

    def do_GET(self) -> None:
        """Answer a listing or a file."""
        self._answer(body=True)

    def do_HEAD(self) -> None:
        """Answer with a file's size and name."""
        self._answer(body=False)

    def _answer(self, *, body: bool) -> None:
        self.asked.append(self.path)
        if SETTINGS.revision not in self.path:
            self.send_error(404)
        elif "/resolve/" in self.path:
            self._file(self.path.partition(f"{SETTINGS.revision}/")[2], body=body)
        elif "/tree/" in self.path:
            self._json(
                [
                    {
                        "type": "file",
                        "path": name,
                        "size": self._size(name),
                        "oid": self._sum(name),
                    }
                    for name in FILES
                ]
            )
        else:
            files = [{"rfilename": name} for name in FILES]
            self._json(
                {"id": SETTINGS.repository, "sha": SETTINGS.revision, "siblings": files}
            )

    def _file(self, name: str, *, body: bool) -> None:
        self.send_response(200)
        self.send_header("ETag", f'"{self._sum(name)}"')
        self.send_header("X-Repo-Commit", SETTINGS.revision)
        self.send_header("Content-Length", str(self._size(name)))
        self.end_headers()
        if body:
            self.wfile.write((self.folder / name).read_bytes())

    def _json(self, value: object) -> None:
        content = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _size(self, name: str) -> int:
        return (self.folder / name).stat().st_size

    def _sum(self, name: str) -> str:
        return hashlib.sha256((self.folder / name).read_bytes()).hexdigest()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[ThreadingHTTPServer]:
    """Serve a tiny model as the pinned revision, on loopback."""
    folder = write_tiny_finbert(tmp_path / "origin")
    handler = type("TheHub", (Hub,), {"folder": folder, "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


ONE_BY_ONE = """
import contextlib, io, json, sys
from cli.app import main
home, *verbs = sys.argv[1:]
found = []
for verb in verbs:
    sys.argv[1:] = ["model", verb, "--home", home]
    shown, said = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(said):
        try: code = main()
        except SystemExit as end: code = end.code
    found.append((code or 0, shown.getvalue(), said.getvalue()))
print(json.dumps(found))
"""


def overnight_model(
    home: Path, *verbs: str, endpoint: str = "http://127.0.0.1:9"
) -> list[tuple[int, str, str]]:
    """Run `overnight model VERB`, one after another, with a cache of its own.

    The hub is at `endpoint`. Return exit code, output and error output of each: the
    libraries read their environment once, so one process runs them all.
    """
    environment = {
        **os.environ,
        "HF_HOME": str(home / "cache"),
        "HF_ENDPOINT": endpoint,
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", ONE_BY_ONE, str(home), *verbs],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60 * len(verbs),
    )
    return [(code, shown, said) for code, shown, said in json.loads(done.stdout)]


def test_the_model_is_fetched_once_and_then_found(
    tmp_path: Path, hub: ThreadingHTTPServer
) -> None:
    """Fetched from the hub at the pinned revision; afterwards no request is made."""
    endpoint = f"http://127.0.0.1:{hub.server_address[1]}"
    missing, fetched = overnight_model(tmp_path, "status", "fetch", endpoint=endpoint)
    assert missing[0] == 1
    assert "`overnight model fetch`" in missing[1]
    assert fetched[0] == 0, fetched[2]
    assert "usable" in fetched[1]
    asked = len(hub.RequestHandlerClass.asked)  # type: ignore[attr-defined]
    assert asked
    again = overnight_model(tmp_path, "status", "fetch", endpoint=endpoint)
    assert [code for code, *_ in again] == [0, 0]
    assert len(hub.RequestHandlerClass.asked) == asked  # type: ignore[attr-defined]


def test_no_hub_is_said_in_one_sentence(tmp_path: Path) -> None:
    """Where the hub can't be reached the command ends at once, and says what to do."""
    ((code, _, said),) = overnight_model(tmp_path, "fetch")
    assert code == 1
    assert "can't fetch Xenova/finbert" in said
    assert "`model_folder`" in said
    assert "Traceback" not in said


def test_a_folder_of_the_user_s_is_named_by_its_weights(tmp_path: Path) -> None:
    """Other weights are another revision, so that kept answers never mix."""
    chosen = SentimentSettings(model_folder=str(write_tiny_finbert(tmp_path)))
    one = find_files(chosen).revision
    assert one == find_files(chosen).revision
    write_tiny_finbert(tmp_path, inverted=True)
    assert find_files(chosen).revision != one


def test_a_folder_of_an_unknown_user_is_refused() -> None:
    """The night goes on without the component, with the reason."""
    chosen = SentimentSettings(model_folder="~nobody-of-this-name/finbert")
    with pytest.raises(SentimentUnavailable, match="no home folder for the start of"):
        find_files(chosen)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", [None, b""])
def test_a_missing_or_empty_file_is_named(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    """Which file of which folder, and what to do."""
    path = write_tiny_finbert(tmp_path) / name
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(SentimentUnavailable, match=f"{tmp_path} has no {name}"):
        find_files(SentimentSettings(model_folder=str(tmp_path)))


def test_the_hub_s_cache_is_used_without_a_request(tmp_path: Path) -> None:
    """What another program fetched is found."""
    write_tiny_finbert(snapshot(tmp_path / "cache"))
    ((code, shown, _),) = overnight_model(tmp_path, "status")
    assert code == 0, shown
    assert "good news +" in shown


def test_damaged_weights_in_the_cache_are_noticed(tmp_path: Path) -> None:
    """The cache names them by their checksum."""
    content = write_tiny_finbert(tmp_path / "origin") / "onnx/model.onnx"
    blob = tmp_path / hashlib.sha256(content.read_bytes()).hexdigest()
    blob.write_bytes(content.read_bytes())
    (tmp_path / "onnx").mkdir()
    (tmp_path / "onnx" / "model.onnx").symlink_to(blob)
    files = FinbertFiles(tmp_path, "r", "fp32")
    require_undamaged(files)
    blob.write_bytes(blob.read_bytes()[:-1])
    with pytest.raises(SentimentUnavailable, match="is damaged"):
        require_undamaged(files)
