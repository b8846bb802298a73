"""The models on disk: a `.keras` file and its metadata, together or not at all.

Layout of `models/`: the live pair `lstm_{symbol}_model.keras` and
`lstm_{symbol}_metadata.json`; `history/` with earlier pairs; `rejected/` with the last
candidate that was not good enough to replace a usable one. Nothing is pickled.
"""

import contextlib
import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from config.errors import ModelUnusable, SelectionError
from config.home import refusals_named, write_text_whole, write_whole
from config.settings import ModelSettings
from market_data.symbols import file_stem, parse_symbol
from modelling.model_metadata import ModelMetadata

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class ModelPair:
    """Where one model and its metadata lie."""

    model: Path
    metadata: Path

    @classmethod
    def of(cls, folder: Path, symbol: str, tag: str = "") -> "ModelPair":
        """Return the symbol's pair in `folder`; `tag` tells earlier ones apart."""
        name = f"lstm_{file_stem(symbol)}{tag}"
        return cls(folder / f"{name}_model.keras", folder / f"{name}_metadata.json")


@dataclass(frozen=True)
class Registry:
    """The models of one home folder."""

    folder: Path
    settings: ModelSettings

    def save(
        self, metadata: ModelMetadata, write_model: Callable[[Path], object]
    ) -> ModelMetadata:
        """Write a new pair where it belongs; return its metadata with the fingerprint.

        `write_model` fills a `.keras` path. A usable model, or the first one, goes live
        and the pair before it to `history/`; a model that is not usable never replaces
        one that is.

        Raises
        ------
        StorageError
            If the disk refuses; the pair before stays.
        """
        symbol = metadata.symbol
        draft = ModelPair.of(self.folder / "drafts", symbol)
        write_whole(draft.model, write_model)
        fingerprint = {"model_fingerprint": _fingerprint(draft.model)}
        metadata = metadata.model_copy(update=fingerprint)
        write_text_whole(draft.metadata, metadata.model_dump_json(indent=2))
        live = self.live(symbol)
        if live and live.usable and not metadata.usable:
            _move(draft, ModelPair.of(self.folder / "rejected", symbol))
        else:
            with refusals_named(self.folder / "history"):
                self._retire(symbol, live)
            _move(draft, ModelPair.of(self.folder, symbol))
        return metadata

    def live(self, symbol: str) -> ModelMetadata | None:
        """Return the live model's metadata, None where no whole pair is there."""
        try:
            return self.required(symbol)
        except ModelUnusable:
            return None

    def required(self, symbol: str) -> ModelMetadata:
        """Return the live model's metadata.

        Raises
        ------
        ModelUnusable
            If there is none, or its files don't belong together.
        """
        self._finish_move(symbol)
        pair = ModelPair.of(self.folder, symbol)
        if not pair.model.exists() and not pair.metadata.exists():
            raise ModelUnusable(
                f"{symbol} must have a model, got none; run `overnight train {symbol}`."
            )
        metadata = _read(pair.metadata, symbol)
        if metadata is None or not _belongs(pair.model, metadata):
            raise ModelUnusable(
                f"{pair.model.name} and its metadata must belong together and be "
                f"whole, got files that don't; run `overnight train {symbol}`."
            )
        return metadata

    def load(self, symbol: str) -> "keras.Model":
        """Return the live network, loaded in safe mode.

        Raises
        ------
        ModelUnusable
            If the file is no model that loads safely.
        """
        import keras  # noqa: PLC0415  loads the backend, seconds

        path = ModelPair.of(self.folder, symbol).model
        try:
            return keras.saving.load_model(path, compile=False, safe_mode=True)
        except Exception as error:  # Keras raises many types for a bad file.
            raise ModelUnusable(
                f"{path.name} must load in Keras' safe mode, got "
                f"{type(error).__name__}: {str(error)[:100]}; "
                f"run `overnight train {symbol}`."
            ) from error

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols of which any live file is there, in order of name."""
        names = [
            path.name.removeprefix("lstm_").rpartition("_")[0]
            for pattern in ("lstm_*_model.keras", "lstm_*_metadata.json")
            for path in self.folder.glob(pattern)
        ]
        return tuple(sorted({name for name in names if _is_symbol(name)}))

    def _retire(self, symbol: str, metadata: ModelMetadata | None) -> None:
        """Copy a whole live pair to `history/`; drop the oldest beyond those kept."""
        if metadata is None:
            return
        live = ModelPair.of(self.folder, symbol)
        history = self.folder / "history"
        history.mkdir(parents=True, exist_ok=True)
        tag = metadata.training_date.strftime("_%Y%m%dT%H%M%S%f")
        old = ModelPair.of(history, symbol, tag)
        shutil.copy2(live.model, old.model)
        shutil.copy2(live.metadata, old.metadata)
        kept = sorted(history.glob(f"lstm_{file_stem(symbol)}_*_metadata.json"))
        for metadata_path in kept[: max(0, len(kept) - self.settings.history_kept)]:
            name = metadata_path.name.replace("_metadata.json", "_model.keras")
            (history / name).unlink(missing_ok=True)
            metadata_path.unlink()

    def _finish_move(self, symbol: str) -> None:
        """Put a draft's metadata in place if its model went live before a kill."""
        draft = ModelPair.of(self.folder / "drafts", symbol)
        live = ModelPair.of(self.folder, symbol)
        if not draft.metadata.exists() or draft.model.exists():
            return
        metadata = _read(draft.metadata, symbol)
        if metadata and _belongs(live.model, metadata):
            draft.metadata.replace(live.metadata)


def _move(draft: ModelPair, target: ModelPair) -> None:
    # Two renames are not one: a kill between them is mended by `_finish_move`, and so
    # may a reader have done by now; then no metadata is left to move.
    with refusals_named(target.model):
        target.model.parent.mkdir(parents=True, exist_ok=True)
        draft.model.replace(target.model)
        with contextlib.suppress(FileNotFoundError):
            draft.metadata.replace(target.metadata)


def _read(path: Path, symbol: str) -> ModelMetadata | None:
    """Return the metadata if the file holds the symbol's, else None."""
    try:
        metadata = ModelMetadata.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    return metadata if metadata.symbol == symbol else None


def _belongs(model: Path, metadata: ModelMetadata) -> bool:
    return model.exists() and _fingerprint(model) == metadata.model_fingerprint


def _fingerprint(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_symbol(name: str) -> bool:
    try:
        return parse_symbol(name) == name
    except SelectionError:
        return False
