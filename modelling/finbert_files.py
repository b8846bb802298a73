"""Where FinBERT's files are: in a folder of the user's, or in the hub's cache.

A night only looks; `fetch_files` is the one place that asks the hub.
"""

import contextlib
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from config.errors import SentimentUnavailable
from config.settings import SentimentSettings
from storage.paths import regular_file

WEIGHTS = {"fp32": "onnx/model.onnx", "int8": "onnx/model_int8.onnx"}
CONFIGURATION, TOKENIZER = "config.json", "tokenizer.json"

FETCH_COMMAND = "overnight model fetch"

MAX_WEIGHTS_BYTES, MAX_TEXT_BYTES = 4_000_000_000, 50_000_000
"""Sizes of a model's weights and of its JSON files, several times the real ones."""

HUB_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class FinbertFiles:
    """A model in the hub's layout; `revision` names these weights and no others."""

    folder: Path
    revision: str
    precision: str

    @property
    def weights(self) -> Path:
        """Return the ONNX file."""
        return self.folder / WEIGHTS[self.precision]


def find_files(settings: SentimentSettings) -> FinbertFiles:
    """Return the model's files on this machine, without any request.

    Raises
    ------
    SentimentUnavailable
        If one of them is missing; the message says how to get it.
    """
    if settings.model_folder:
        folder = Path(settings.model_folder).expanduser()
        _require(folder, settings, "put it there, or clear `sentiment.model_folder`")
        fingerprint = _sha256(folder / WEIGHTS[settings.precision])
        return FinbertFiles(folder, f"sha256-{fingerprint[:32]}", settings.precision)
    folder = _snapshot(settings, local_files_only=True)
    _require(folder, settings, f"fetch it with `{FETCH_COMMAND}`")
    return FinbertFiles(folder, settings.revision, settings.precision)


def fetch_files(settings: SentimentSettings) -> FinbertFiles:
    """Return the model's files, asking the hub for what is not here yet.

    Raises
    ------
    SentimentUnavailable
        If the hub can't be reached, refuses, or sends something else.
    """
    try:
        found = find_files(settings)
        require_undamaged(found)
    except SentimentUnavailable:
        if settings.model_folder:
            raise
        _snapshot(settings, local_files_only=False)
        found = find_files(settings)
    return found


def require_undamaged(files: FinbertFiles) -> None:
    """Compare the weights with the checksum by which the hub's cache names them.

    Raises
    ------
    SentimentUnavailable
        If they differ. A folder of the user's has no checksum to compare with.
    """
    blob = files.weights.resolve()
    if re.fullmatch("[0-9a-f]{64}", blob.name) and _sha256(blob) != blob.name:
        raise SentimentUnavailable(
            f"{blob} must have the checksum in its name, got another: it is damaged; "
            f"remove it and fetch it again with `{FETCH_COMMAND}`."
        )


def _snapshot(settings: SentimentSettings, *, local_files_only: bool) -> Path:
    """Return the folder of the pinned revision in the hub's cache."""
    from huggingface_hub import snapshot_download  # noqa: PLC0415  slow to import
    from huggingface_hub.errors import LocalEntryNotFoundError  # noqa: PLC0415

    wanted = [CONFIGURATION, TOKENIZER, WEIGHTS[settings.precision]]
    name = f"{settings.repository} at {settings.revision[:12]}"
    try:
        if not local_files_only:
            _require_reachable(settings)
        folder = snapshot_download(
            settings.repository,
            revision=settings.revision,
            allow_patterns=wanted,
            local_files_only=local_files_only,
            etag_timeout=HUB_TIMEOUT_SECONDS,
        )
    except LocalEntryNotFoundError as error:
        if local_files_only:
            raise SentimentUnavailable(
                f"FinBERT must be on this machine, got no {name} in the hub's cache; "
                f"fetch it with `{FETCH_COMMAND}`."
            ) from error
        raise _refused(name, error) from error
    except Exception as error:  # The hub's client lets transport errors through.
        raise _refused(name, error) from error
    return Path(folder)


def _require_reachable(settings: SentimentSettings) -> None:
    """Fail at once where there is no network; the download would try for 23 s."""
    from huggingface_hub import HfApi  # noqa: PLC0415
    from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415

    # What the hub refuses, it refuses the download too, and says it better there.
    with contextlib.suppress(HfHubHTTPError):
        HfApi().model_info(
            settings.repository,
            revision=settings.revision,
            timeout=HUB_TIMEOUT_SECONDS,
        )


def _refused(name: str, error: Exception) -> SentimentUnavailable:
    cause = error.__cause__ or error
    said = " ".join(str(cause).split())[:160]
    return SentimentUnavailable(
        f"the hub must send {name}, got {type(cause).__name__}: {said}; connect and "
        "run it again, or copy the files from another machine and name their folder "
        "as `model_folder` under [sentiment]."
    )


def _require(folder: Path, settings: SentimentSettings, cure: str) -> None:
    for name in (CONFIGURATION, TOKENIZER, WEIGHTS[settings.precision]):
        path = folder / name
        if not path.is_file() or not path.stat().st_size:
            raise SentimentUnavailable(
                f"FinBERT's folder {folder} must hold {name}, got none; {cure}."
            )


def _sha256(path: Path) -> str:
    with regular_file(path, MAX_WEIGHTS_BYTES) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
