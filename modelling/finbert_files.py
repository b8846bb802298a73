"""Finds FinBERT's files in the user's folder or in the cache of the Hugging Face hub.

Only `fetch_files` sends requests to the hub; a night never does.
"""

import contextlib
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from config.errors import ParameterError, SentimentUnavailable
from config.settings import SentimentSettings
from storage.paths import expand_user
from storage.regular_files import regular_file

WEIGHTS = {"fp32": "onnx/model.onnx", "int8": "onnx/model_int8.onnx"}
CONFIGURATION, TOKENIZER = "config.json", "tokenizer.json"

FETCH_COMMAND = "overnight model fetch"

MAX_WEIGHTS_BYTES, MAX_TEXT_BYTES = 4_000_000_000, 50_000_000
"""Largest sizes that are read, several times those of the real files."""

HUB_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class FinbertFiles:
    """A model's folder in the hub's layout; `revision` identifies its weights."""

    folder: Path
    revision: str
    precision: str

    @property
    def weights(self) -> Path:
        """Return the path of the ONNX file."""
        return self.folder / WEIGHTS[self.precision]


def find_files(settings: SentimentSettings) -> FinbertFiles:
    """Return the model's files on this machine, without any request.

    Raises
    ------
    SentimentUnavailable
        If a file is missing.
    """
    if settings.model_folder:
        folder = _folder_of_user(settings.model_folder)
        _require(folder, settings, "copy it there, or clear `sentiment.model_folder`")
        fingerprint = _sha256(folder / WEIGHTS[settings.precision])
        return FinbertFiles(folder, f"sha256-{fingerprint[:32]}", settings.precision)
    folder = _snapshot(settings, local_files_only=True)
    _require(folder, settings, f"fetch it with `{FETCH_COMMAND}`")
    return FinbertFiles(folder, settings.revision, settings.precision)


def are_weights_there(settings: SentimentSettings) -> bool:
    """Return whether the weights are on this machine; they are not read."""
    from huggingface_hub.constants import HF_HUB_CACHE  # noqa: PLC0415  as below

    weights = WEIGHTS[settings.precision]
    if settings.model_folder:
        return (_folder_of_user(settings.model_folder) / weights).exists()
    name = f"models--{settings.repository.replace('/', '--')}"
    return Path(HF_HUB_CACHE, name, "snapshots", settings.revision, weights).exists()


def _folder_of_user(path: str) -> Path:
    try:
        return expand_user(path)
    except ParameterError as error:
        raise SentimentUnavailable(error.problem, error.fix) from error


def fetch_files(settings: SentimentSettings) -> FinbertFiles:
    """Return the model's files, downloaded from the hub if they are missing or damaged.

    Raises
    ------
    SentimentUnavailable
        If the hub can't be reached, refuses, or sends other files.
    """
    try:
        found = find_files(settings)
        require_undamaged(found)
    except SentimentUnavailable:
        if settings.model_folder:
            raise
        _snapshot(settings, local_files_only=False)
        return find_files(settings)
    return found


def require_undamaged(files: FinbertFiles) -> None:
    """Refuse weights in the hub's cache that don't have the checksum in their name.

    Raises
    ------
    SentimentUnavailable
        If the checksum differs. Weights in the user's folder have no checksum.
    """
    blob = files.weights.resolve()
    if re.fullmatch("[0-9a-f]{64}", blob.name) and _sha256(blob) != blob.name:
        raise SentimentUnavailable(
            f"{blob} is damaged: its checksum is not the one in its name",
            f"remove it and fetch it again with `{FETCH_COMMAND}`",
        )


def _snapshot(settings: SentimentSettings, *, local_files_only: bool) -> Path:
    """Return the folder of the pinned revision in the hub's cache."""
    from huggingface_hub import snapshot_download  # noqa: PLC0415  slow to import

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
    except Exception as error:  # The hub's client does not wrap transport errors.
        if local_files_only:
            raise SentimentUnavailable(
                f"FinBERT must be on this machine, got no {name} in the hub's cache",
                f"fetch it with `{FETCH_COMMAND}`",
            ) from error
        cause = error.__cause__ or error
        text = " ".join(str(cause).split())[:160]
        raise SentimentUnavailable(
            f"can't fetch {name} from the hub ({type(cause).__name__}: {text})",
            "connect and run it again, or copy the files from another machine and set "
            "`model_folder` under [sentiment] to their folder",
        ) from error
    return Path(folder)


def _require_reachable(settings: SentimentSettings) -> None:
    """Fail at once without a network; the download would retry for 23 s."""
    from huggingface_hub import HfApi  # noqa: PLC0415
    from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415

    # If the hub refuses this, the download fails too, with a better message.
    with contextlib.suppress(HfHubHTTPError):
        HfApi().model_info(
            settings.repository,
            revision=settings.revision,
            timeout=HUB_TIMEOUT_SECONDS,
        )


def _require(folder: Path, settings: SentimentSettings, fix: str) -> None:
    for name in (CONFIGURATION, TOKENIZER, WEIGHTS[settings.precision]):
        path = folder / name
        if not path.is_file() or not path.stat().st_size:
            raise SentimentUnavailable(
                f"FinBERT's folder {folder} has no {name}, or it is empty", fix
            )


def _sha256(path: Path) -> str:
    with regular_file(path, MAX_WEIGHTS_BYTES) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
