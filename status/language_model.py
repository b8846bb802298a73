"""Where the language model stands: found or not, and what it says of a plain pair."""

from pydantic import BaseModel, ConfigDict

from config.errors import SentimentUnavailable
from config.settings import SentimentSettings
from modelling.finbert import BAD_NEWS, GOOD_NEWS, load_finbert
from modelling.finbert_files import FinbertFiles, fetch_files, find_files


class LanguageModel(BaseModel):
    """FinBERT on this machine; None is "not known"."""

    model_config = ConfigDict(frozen=True)

    engine: str
    repository: str
    revision: str
    precision: str
    usable: bool
    reason: str = ""
    folder: str | None = None
    megabytes: float | None = None
    good_news_polarity: float | None = None
    bad_news_polarity: float | None = None


def language_model(settings: SentimentSettings, *, fetch: bool) -> LanguageModel:
    """Return the model's standing, after fetching what is missing if `fetch`.

    Raises
    ------
    SentimentUnavailable
        If it was to be fetched and could not be.
    """
    asked = LanguageModel(
        engine=settings.engine,
        repository=settings.model_folder or settings.repository,
        revision=settings.revision,
        precision=settings.precision,
        usable=False,
    )
    try:
        files = fetch_files(settings) if fetch else find_files(settings)
        return _tried(asked, files, settings.threads)
    except SentimentUnavailable as error:
        if fetch:
            raise
        return asked.model_copy(update={"reason": str(error)})


def _tried(asked: LanguageModel, files: FinbertFiles, threads: int) -> LanguageModel:
    model = load_finbert(files, threads)
    good, bad = model.polarities([GOOD_NEWS, BAD_NEWS])
    return asked.model_copy(
        update={
            "usable": True,
            "revision": files.revision,
            "folder": str(files.folder),
            "megabytes": round(files.weights.stat().st_size / 1e6, 1),
            "good_news_polarity": good,
            "bad_news_polarity": bad,
        }
    )
