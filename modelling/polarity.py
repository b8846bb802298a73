"""Opens the engine that computes headline polarities: FinBERT or the dictionary.

FinBERT's polarities are stored by revision and title, so each title is computed once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

import pandas as pd

from config.errors import SentimentUnavailable
from config.settings import SentimentSettings
from features.lexicon import lexicon_polarity
from modelling.finbert import load_finbert
from modelling.finbert_files import FinbertFiles, find_files
from storage.home import write_file_atomic
from storage.paths import StoragePath
from storage.tables import read_table

POLARITY, USED = "polarity", "used"

DAYS_KEPT = 30
"""Days after its last use for which a stored polarity is kept."""


class Reader(Protocol):
    """Computes the polarity of titles."""

    def polarities(self, titles: Iterable[str], today: date) -> dict[str, float]:
        """Return the polarity in [-1, 1] by title.

        Raises
        ------
        SentimentUnavailable
            If the model can't be used.
        """
        ...


def open_reader(settings: SentimentSettings, cache: StoragePath) -> Reader:
    """Return the reader of the engine in the settings; no other engine replaces it.

    Raises
    ------
    SentimentUnavailable
        If the engine is `off`, or its model is not on this machine.
    """
    if settings.engine == "lexicon":
        return LexiconReader()
    if settings.engine == "off":
        raise SentimentUnavailable("the news component is off (`sentiment.engine`)")
    return FinbertReader(find_files(settings), settings.threads, cache)


@dataclass(frozen=True)
class LexiconReader:
    """Reads titles with the dictionary of finance terms."""

    def polarities(
        self,
        titles: Iterable[str],
        today: date,  # noqa: ARG002  nothing is stored
    ) -> dict[str, float]:
        """Return each title's polarity; see `Reader`."""
        return {title: lexicon_polarity(title) for title in titles}


@dataclass(frozen=True)
class FinbertReader:
    """Reads titles with FinBERT, which is loaded only for titles not in `cache`."""

    files: FinbertFiles
    threads: int
    cache: StoragePath

    def polarities(self, titles: Iterable[str], today: date) -> dict[str, float]:
        """Return each title's polarity; see `Reader`."""
        wanted = sorted(set(titles))
        kept = self._read_cache()
        new = [title for title in wanted if title not in kept.index]
        if new:
            model = load_finbert(self.files, self.threads)
            read = pd.DataFrame({POLARITY: model.polarities(new)}, index=new)
            kept = pd.concat([kept, read.assign(**{USED: str(today)})])
        kept.loc[wanted, USED] = str(today)
        recent = kept[kept[USED] >= str(today - timedelta(days=DAYS_KEPT))]
        write_file_atomic(self._path, recent.to_parquet)
        found = kept.loc[wanted, POLARITY].to_numpy(float)
        return dict(zip(wanted, found.tolist(), strict=True))

    @property
    def _path(self) -> StoragePath:
        name = f"finbert-{self.files.revision}-{self.files.precision}.parquet"
        return self.cache / name

    def _read_cache(self) -> pd.DataFrame:
        """Return the stored polarities, none if the file is damaged."""
        empty = pd.DataFrame({POLARITY: pd.Series(dtype=float), USED: ""}, index=[])
        try:
            kept = read_table(self._path)
        except (OSError, ValueError):
            return empty
        return kept if _is_sound(kept) else empty


def _is_sound(kept: pd.DataFrame) -> bool:
    """Return whether a table holds polarities and days of last use by title."""
    if list(kept.columns) != [POLARITY, USED] or not kept.index.is_unique:
        return False
    texts = [*kept.index, *kept[USED]]
    numbers = kept[POLARITY].dtype == float and kept[POLARITY].between(-1, 1).all()
    return bool(numbers) and all(isinstance(text, str) for text in texts)
