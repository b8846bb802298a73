"""The models of a home: pairs of a `.keras` file and its metadata.

`models/` holds the live pairs, `lstm_{symbol}_model.keras` and
`lstm_{symbol}_metadata.json`. `history/` holds earlier pairs. `rejected/` holds each
symbol's last candidate that did not replace a usable model.
"""

import hashlib
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from config.errors import ModelUnusable, SelectionError
from config.settings import ModelSettings
from market_data.symbols import file_stem, parse_symbol
from modelling.model_metadata import ModelMetadata
from modelling.network import Network
from storage.home import write_atomic, write_file_atomic
from storage.paths import (
    StoragePath,
    convert_write_errors,
    files_in,
    is_there,
    local_copy,
    move,
    read_bytes,
    remove,
)
from storage.regular_files import regular_file

SETTLED_NS = 2_000_000_000
"""Age of a folder's last change from which its time tells each later change."""

MAX_METADATA_BYTES = 5_000_000
"""Largest metadata file that is read; a real one has about 20 kB."""


@dataclass(frozen=True)
class ModelPair:
    """The paths of a model and its metadata."""

    model: StoragePath
    metadata: StoragePath

    @classmethod
    def of(cls, folder: StoragePath, symbol: str, tag: str = "") -> "ModelPair":
        """Return the symbol's pair in `folder`; `tag` distinguishes earlier pairs."""
        name = f"{file_stem(symbol, 'lstm_')}{tag}"
        return cls(folder / f"{name}_model.keras", folder / f"{name}_metadata.json")


@dataclass(frozen=True)
class Registry:
    """The models of one home folder."""

    folder: StoragePath
    settings: ModelSettings

    def save(
        self, metadata: ModelMetadata, write_model: Callable[[Path], object]
    ) -> ModelMetadata:
        """Store a new model; return its metadata with the fingerprint.

        `write_model` writes a `.keras` file. A usable or first model goes live, and the
        pair before it to `history/`. A model that is unusable, or has lost its
        challenge, does not replace a usable one. A model that ends before the live one,
        as for a replayed night, goes to `history/`.

        Raises
        ------
        StorageError
            If the disk or store refuses; the live pair is then unchanged.
        """
        draft = self._pair(metadata.symbol, "drafts")
        self._finish_save(metadata.symbol)
        write_file_atomic(draft.model, write_model)
        fingerprint = {"model_fingerprint": _fingerprint(draft.model)}
        metadata = metadata.model_copy(update=fingerprint)
        write_atomic(draft.metadata, metadata.model_dump_json(indent=2))
        self._place(draft, metadata)
        return metadata

    def _place(self, draft: ModelPair, metadata: ModelMetadata) -> None:
        """Move a complete draft to its place; see `save`."""
        symbol = metadata.symbol
        live, added = self.live(symbol), set[str]()
        if live and live.last_session > metadata.last_session:
            _move(draft, self._history_pair(metadata))
            added = {_tag(metadata.training_date)}
        elif live and live.usable and not metadata.takes_over:
            _move(draft, self._pair(symbol, "rejected"))
        else:
            if live:
                self._retire(live)
                added = {_tag(live.training_date)}
            _move(draft, self._pair(symbol))
        self._prune_history(symbol, metadata.training_date, added)

    def live(self, symbol: str) -> ModelMetadata | None:
        """Return the live model's metadata, None if there is no complete pair."""
        try:
            return self.require(symbol)
        except ModelUnusable:
            return None

    def _pair(self, symbol: str, folder: str = "") -> ModelPair:
        return ModelPair.of(self.folder / folder if folder else self.folder, symbol)

    def last_rejected(self, symbol: str) -> ModelMetadata | None:
        """Return the metadata of the last candidate that did not go live."""
        return _read(self._pair(symbol, "rejected").metadata, symbol)

    def require(self, symbol: str) -> ModelMetadata:
        """Return the live model's metadata.

        Raises
        ------
        ModelUnusable
            If there is no model, or its two files don't match.
        """
        fix = f"run `overnight train {symbol}`"
        pair = self._pair(symbol)
        if not is_there(pair.model) and not is_there(pair.metadata):
            raise ModelUnusable(f"{symbol} has no model", fix)
        # A kill between the two moves of a save leaves the metadata in `drafts/`.
        for path in (pair.metadata, self._pair(symbol, "drafts").metadata):
            metadata = _read(path, symbol)
            if metadata and _matches(pair.model, metadata):
                return metadata
        raise ModelUnusable(
            f"{pair.model.name} and its metadata are damaged or don't match", fix
        )

    def known_by(self, symbol: str, as_of: date) -> ModelMetadata:
        """Return the metadata of the model that a night of `as_of` may use.

        It is the live model, or the latest in `history/` if the live model was trained
        on later sessions.

        Raises
        ------
        ModelUnusable
            If there is no such model.
        """
        live = self.require(symbol)
        if live.last_session <= as_of:
            return live
        earlier = [
            metadata
            for pair in self._history(symbol)
            if (metadata := _read(pair.metadata, symbol))
            and metadata.last_session <= as_of
            and _matches(pair.model, metadata)
        ]
        if not earlier:
            raise ModelUnusable(
                f"the model was trained on prices up to {live.last_session}, after the "
                f"as-of session {as_of}",
                "let the night train a model",
            )
        return max(earlier, key=lambda model: (model.last_session, model.training_date))

    def trained_since(self, symbol: str, start: datetime) -> tuple[ModelMetadata, ...]:
        """Return the metadata of the models trained from `start` on, rejected ones too.

        A `save` that was killed is completed first.
        """
        self._finish_save(symbol)
        current = (self._pair(symbol), self._pair(symbol, "rejected"))
        return tuple(
            metadata
            for pair in (*current, *self._history(symbol))
            if (metadata := _read(pair.metadata, symbol))
            and metadata.training_date >= start
            and _matches(pair.model, metadata)
        )

    def load(self, metadata: ModelMetadata) -> Network:
        """Return the network that `metadata` describes, without loading Keras.

        Raises
        ------
        ModelUnusable
            If no file of the symbol has the fingerprint, or it holds another network.
        """
        symbol = metadata.symbol
        pairs = (self._pair(symbol), self._history_pair(metadata))
        live = pairs[0].model
        own = (pair.model for pair in pairs if _matches(pair.model, metadata))
        path = next(own, None)
        from modelling.model_file import read_network  # noqa: PLC0415  loads h5py

        try:
            with local_copy(path or live) as file:
                if path is None:
                    raise ValueError("it has changed since it was written")  # noqa: TRY301
                return read_network(file, self.settings.max_model_mb)
        except Exception as error:  # A damaged file raises many types.
            raise ModelUnusable(
                f"{(path or live).name} can't be used "
                f"({type(error).__name__}: {str(error)[:100]})",
                f"run `overnight train {symbol}`",
            ) from error

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols with a live file, sorted by name."""
        names = [
            path.name.removeprefix("lstm_").rpartition("_")[0]
            for path in files_in(self.folder, "lstm_")
            if path.name.endswith(("_model.keras", "_metadata.json"))
        ]
        return tuple(sorted({name for name in names if _is_symbol(name)}))

    def _retire(self, live: ModelMetadata) -> None:
        """Copy the live pair to `history/`; a model without metadata is not read."""
        old = self._history_pair(live)
        path = self._pair(live.symbol).model
        with convert_write_errors(old.model), local_copy(path) as file:
            write_file_atomic(old.model, lambda new: shutil.copyfile(file, new))
        write_atomic(old.metadata, live.model_dump_json(indent=2))

    def _history_pair(self, metadata: ModelMetadata) -> ModelPair:
        return self._pair_of(metadata.symbol, metadata.training_date)

    def _pair_of(self, symbol: str, trained_at: datetime) -> ModelPair:
        """Return the paths of a pair in `history/`; names sort by the training."""
        return ModelPair.of(self.folder / "history", symbol, f"_{_tag(trained_at)}")

    def _history(self, symbol: str) -> list[ModelPair]:
        """Return the pairs in `history/`, oldest first, incomplete ones too."""
        folder, stem = self.folder / "history", file_stem(symbol, "lstm_")
        return [
            ModelPair.of(folder, symbol, f"_{tag}")
            for tag in sorted(_history_tags(folder, stem))
        ]

    def _prune_history(self, symbol: str, now: datetime, added: set[str]) -> None:
        """Remove the oldest pairs, and before them those dated after `now`.

        A clock that was ahead dated them; by their dates they would always stay.
        `added` are the tags of the pairs that this save has put into `history/`.
        """
        folder, stem = self.folder / "history", file_stem(symbol, "lstm_")
        tags = _tags_of_night(folder, stem, now)
        tags |= added
        oldest = sorted(tags, key=lambda tag: (tag <= _tag(now), tag))
        for tag in oldest[: max(0, len(oldest) - self.settings.history_kept)]:
            pair = ModelPair.of(folder, symbol, f"_{tag}")
            with convert_write_errors(pair.model):
                remove(pair.model)
                remove(pair.metadata)
            tags.discard(tag)

    def _finish_save(self, symbol: str) -> None:
        """Complete a `save` that was killed: move the pair or metadata in `drafts/`."""
        draft = self._pair(symbol, "drafts")
        metadata = _read(draft.metadata, symbol)
        if metadata is None:
            return
        current = (self._pair(symbol), self._pair(symbol, "rejected"))
        for pair in (*current, self._history_pair(metadata)):
            if _matches(pair.model, metadata):
                with convert_write_errors(pair.metadata):
                    move(draft.metadata, pair.metadata)
                    remove(draft.model)
                return
        if _matches(draft.model, metadata):
            self._place(draft, metadata)


def _tag(trained_at: datetime) -> str:
    """Return how the names in `history/` give the instant of a training."""
    return trained_at.strftime("%Y%m%dT%H%M%S%f")


def _history_tags(folder: StoragePath, stem: str) -> set[str]:
    """Return the tags of a symbol's pairs in `history/`, as the folder is now."""
    if not isinstance(folder, Path):
        # A store lists the names of one symbol alone.
        return {path.name.split("_")[2] for path in files_in(folder, f"{stem}_")}
    try:
        changed = folder.stat().st_mtime_ns
    except FileNotFoundError:
        return set()
    if time.time_ns() - changed < SETTLED_NS:
        _list_history.cache_clear()
    return set(_list_history(folder, changed).get(stem, ()))


def _tags_of_night(folder: StoragePath, stem: str, night: datetime) -> set[str]:
    """Return the tags of a symbol's pairs, from one listing per process and night.

    The set is the listing's own: the caller adds and removes tags. Only one process
    trains a symbol in a night.
    """
    if not isinstance(folder, Path):
        return _history_tags(folder, stem)
    return _list_for_night(folder, night).setdefault(stem, set())


@lru_cache(maxsize=1)
def _list_for_night(folder: Path, night: datetime) -> dict[str, set[str]]:  # noqa: ARG001  the key
    return _list_tags(folder)


@lru_cache(maxsize=1)
def _list_history(folder: Path, changed: int) -> dict[str, set[str]]:  # noqa: ARG001  the key
    return _list_tags(folder)


def _list_tags(folder: Path) -> dict[str, set[str]]:
    """Return the tags of all pairs by the stem of their symbol."""
    found: dict[str, set[str]] = {}
    for path in folder.glob("lstm_*"):
        stem, _, rest = path.name.removeprefix("lstm_").partition("_")
        found.setdefault(f"lstm_{stem}", set()).add(rest.partition("_")[0])
    return found


def _move(draft: ModelPair, target: ModelPair) -> None:
    # After a kill between the moves, readers find the metadata in `drafts/`, and the
    # next save completes the move.
    with convert_write_errors(target.model):
        move(draft.model, target.model)
        move(draft.metadata, target.metadata)


def _read(path: StoragePath, symbol: str) -> ModelMetadata | None:
    """Return the metadata in the file, None if it is not that of the symbol."""
    try:
        content = read_bytes(path, MAX_METADATA_BYTES)
        metadata = ModelMetadata.model_validate_json(content)
    except (OSError, ValidationError):
        return None
    return metadata if metadata.symbol == symbol else None


def _matches(model: StoragePath, metadata: ModelMetadata) -> bool:
    try:
        return _fingerprint(model) == metadata.model_fingerprint
    except OSError:
        return False


def _fingerprint(path: StoragePath) -> str:
    if isinstance(path, Path):
        with regular_file(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    return hashlib.sha256(read_bytes(path)).hexdigest()


def _is_symbol(name: str) -> bool:
    try:
        return parse_symbol(name) == name
    except SelectionError:
        return False
