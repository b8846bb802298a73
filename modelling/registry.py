"""The models of a home: a `.keras` file and its metadata, together or not at all.

Layout of `models/`: the live pair `lstm_{symbol}_model.keras` and
`lstm_{symbol}_metadata.json`; `history/` with earlier pairs; `rejected/` with the last
candidate that did not replace a usable one: not usable itself, or worse. Nothing is
pickled.
"""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from pydantic import ValidationError

from config.errors import ModelUnusable, SelectionError
from config.settings import ModelSettings
from market_data.symbols import file_stem, parse_symbol
from modelling.model_file import read_network
from modelling.model_metadata import ModelMetadata
from modelling.network import Network
from storage.home import write_file_atomic, write_text_atomic
from storage.paths import (
    StoragePath,
    files_in,
    is_there,
    local_copy,
    move,
    read_bytes,
    read_limited,
    refusals_named,
    regular_file,
    remove,
)

MAX_METADATA_BYTES = 5_000_000
"""Size above which a file describes no model; a real one has some 20 kB."""


@dataclass(frozen=True)
class ModelPair:
    """Where one model and its metadata lie."""

    model: StoragePath
    metadata: StoragePath

    @classmethod
    def of(cls, folder: StoragePath, symbol: str, tag: str = "") -> "ModelPair":
        """Return the symbol's pair in `folder`; `tag` tells earlier ones apart."""
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
        """Write a new pair where it belongs; return its metadata with the fingerprint.

        `write_model` fills a `.keras` path. A usable model, or the first one, goes live
        and the pair before it to `history/`. A model that is not usable, or has lost
        its challenge, never replaces one that is; a model for a replayed night goes
        straight to `history/` where the live one knows later sessions.

        Raises
        ------
        StorageError
            If the disk or store refuses; the pair before stays.
        """
        symbol = metadata.symbol
        draft = ModelPair.of(self.folder / "drafts", symbol)
        self._finish_save(symbol)
        write_file_atomic(draft.model, write_model)
        fingerprint = {"model_fingerprint": _fingerprint(draft.model)}
        metadata = metadata.model_copy(update=fingerprint)
        write_text_atomic(draft.metadata, metadata.model_dump_json(indent=2))
        self._place(draft, metadata)
        return metadata

    def _place(self, draft: ModelPair, metadata: ModelMetadata) -> None:
        """Move a whole draft to where it belongs; see `save`."""
        symbol = metadata.symbol
        live = self.live(symbol)
        if live and live.last_session > metadata.last_session:
            _move(draft, self._history_pair(metadata))
        elif live and live.usable and not metadata.takes_over:
            _move(draft, ModelPair.of(self.folder / "rejected", symbol))
        else:
            if live:
                self._retire(live)
            _move(draft, ModelPair.of(self.folder, symbol))
        self._prune_history(symbol)

    def live(self, symbol: str) -> ModelMetadata | None:
        """Return the live model's metadata, None where no whole pair is there."""
        try:
            return self.required(symbol)
        except ModelUnusable:
            return None

    def refused(self, symbol: str) -> ModelMetadata | None:
        """Return the metadata of the last candidate that did not go live."""
        return _read(ModelPair.of(self.folder / "rejected", symbol).metadata, symbol)

    def required(self, symbol: str) -> ModelMetadata:
        """Return the live model's metadata; writes nothing.

        Raises
        ------
        ModelUnusable
            If there is none, or its files don't belong together.
        """
        pair = ModelPair.of(self.folder, symbol)
        if not is_there(pair.model) and not is_there(pair.metadata):
            raise ModelUnusable(
                f"{symbol} must have a model, got none; run `overnight train {symbol}`."
            )
        # A kill between the two moves of a save leaves the metadata in `drafts/`.
        draft = ModelPair.of(self.folder / "drafts", symbol)
        for path in (pair.metadata, draft.metadata):
            metadata = _read(path, symbol)
            if metadata and _belongs(pair.model, metadata):
                return metadata
        raise ModelUnusable(
            f"{pair.model.name} and its metadata must belong together and be "
            f"whole, got files that don't; run `overnight train {symbol}`."
        )

    def known_by(self, symbol: str, as_of: date) -> ModelMetadata:
        """Return the metadata of the model that a night of `as_of` may use.

        The live one, unless it knows later sessions: then the latest one of `history/`
        that does not.

        Raises
        ------
        ModelUnusable
            If there is none.
        """
        live = self.required(symbol)
        if live.last_session <= as_of:
            return live
        earlier = [
            metadata
            for pair in self._history(symbol)
            if (metadata := _read(pair.metadata, symbol))
            and metadata.last_session <= as_of
            and _belongs(pair.model, metadata)
        ]
        if not earlier:
            raise ModelUnusable(
                f"the model must know nothing after the as-of session {as_of}, got one "
                f"that knows prices up to {live.last_session}; let the night train."
            )
        return max(earlier, key=lambda one: (one.last_session, one.training_date))

    def trained_since(self, symbol: str, start: datetime) -> tuple[ModelMetadata, ...]:
        """Return the metadata of whole pairs trained from `start` on, rejected too.

        What a kill in the middle of `save` left behind is put in place first.
        """
        self._finish_save(symbol)
        pairs = [
            ModelPair.of(self.folder, symbol),
            ModelPair.of(self.folder / "rejected", symbol),
            *self._history(symbol),
        ]
        return tuple(
            metadata
            for pair in pairs
            if (metadata := _read(pair.metadata, symbol))
            and metadata.training_date >= start
            and _belongs(pair.model, metadata)
        )

    def load(self, metadata: ModelMetadata) -> Network:
        """Return the network that `metadata` describes; loads no Keras.

        Raises
        ------
        ModelUnusable
            If no file of the symbol has the fingerprint, or it holds another network.
        """
        symbol = metadata.symbol
        pairs = (ModelPair.of(self.folder, symbol), self._history_pair(metadata))
        path = next((p.model for p in pairs if _belongs(p.model, metadata)), None)
        if path is None:
            raise ModelUnusable(
                f"{pairs[0].model.name} has changed since it was written",
                f"run `overnight train {symbol}`",
            )
        try:
            with local_copy(path) as file:
                return read_network(file, self.settings.max_model_mb)
        except Exception as error:  # A bad file raises many types.
            raise ModelUnusable(
                f"{path.name} does not hold a network of ours "
                f"({type(error).__name__}: {str(error)[:100]})",
                f"run `overnight train {symbol}`",
            ) from error

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols of which any live file is there, in order of name."""
        names = [
            path.name.removeprefix("lstm_").rpartition("_")[0]
            for path in files_in(self.folder, "lstm_")
            if path.name.endswith(("_model.keras", "_metadata.json"))
        ]
        return tuple(sorted({name for name in names if _is_symbol(name)}))

    def _retire(self, live: ModelMetadata) -> None:
        """Copy the live pair to `history/`, the model first: alone it means nothing."""
        pair, old = ModelPair.of(self.folder, live.symbol), self._history_pair(live)
        write_file_atomic(old.model, lambda new: _copy(pair.model, new))
        write_text_atomic(old.metadata, live.model_dump_json(indent=2))

    def _history_pair(self, metadata: ModelMetadata) -> ModelPair:
        tag = metadata.training_date.strftime("_%Y%m%dT%H%M%S%f")
        return ModelPair.of(self.folder / "history", metadata.symbol, tag)

    def _history(self, symbol: str) -> list[ModelPair]:
        """Return the earlier pairs, oldest training first; a half one counts."""
        folder = self.folder / "history"
        stem = f"{file_stem(symbol, 'lstm_')}_"
        tags = {path.name.split("_")[2] for path in files_in(folder, stem)}
        return [ModelPair.of(folder, symbol, f"_{tag}") for tag in sorted(tags)]

    def _prune_history(self, symbol: str) -> None:
        pairs = self._history(symbol)
        for pair in pairs[: max(0, len(pairs) - self.settings.history_kept)]:
            with refusals_named(pair.model):
                remove(pair.model)
                remove(pair.metadata)

    def _finish_save(self, symbol: str) -> None:
        """Put in place what a kill left in `drafts/`: a pair, or metadata alone."""
        draft = ModelPair.of(self.folder / "drafts", symbol)
        metadata = _read(draft.metadata, symbol)
        if metadata is None:
            return
        live = ModelPair.of(self.folder, symbol)
        rejected = ModelPair.of(self.folder / "rejected", symbol)
        for pair in (live, rejected, self._history_pair(metadata)):
            if _belongs(pair.model, metadata):
                with refusals_named(pair.metadata):
                    move(draft.metadata, pair.metadata)
                    remove(draft.model)
                return
        if _belongs(draft.model, metadata):
            self._place(draft, metadata)


def _copy(source: StoragePath, new: Path) -> None:
    with local_copy(source) as file:
        shutil.copyfile(file, new)


def _move(draft: ModelPair, target: ModelPair) -> None:
    # Two moves are not one: after a kill between them readers look into `drafts/`
    # too, and the next save ends the move.
    with refusals_named(target.model):
        move(draft.model, target.model)
        move(draft.metadata, target.metadata)


def _read(path: StoragePath, symbol: str) -> ModelMetadata | None:
    """Return the metadata if the file holds the symbol's, else None."""
    try:
        content = read_limited(path, MAX_METADATA_BYTES)
        metadata = ModelMetadata.model_validate_json(content)
    except (OSError, ValidationError):
        return None
    return metadata if metadata.symbol == symbol else None


def _belongs(model: StoragePath, metadata: ModelMetadata) -> bool:
    try:
        return _fingerprint(model) == metadata.model_fingerprint
    except OSError:  # None there, no regular file, or no right to read it.
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
