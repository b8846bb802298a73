"""The language model on this machine: whether it is there, and how it reads news."""

from pydantic import BaseModel

from config.errors import SentimentUnavailable
from config.settings import SentimentSettings
from modelling.finbert import BAD_NEWS, GOOD_NEWS, load_finbert
from modelling.finbert_files import FinbertFiles, fetch_files, find_files


class LanguageModel(BaseModel, frozen=True):
    """FinBERT on this machine; None means "not known".

    `reason` is the problem of a model that is not usable, `fix` what to do about it.
    The polarities are those of a clearly good and a clearly bad headline, -1 to 1.
    """

    engine: str
    repository: str
    revision: str
    precision: str
    usable: bool
    reason: str = ""
    fix: str = ""
    folder: str | None = None
    megabytes: float | None = None
    good_news_polarity: float | None = None
    bad_news_polarity: float | None = None


def language_model(settings: SentimentSettings, *, fetch: bool) -> LanguageModel:
    """Return the model's status; `fetch` first downloads what is missing.

    Raises
    ------
    SentimentUnavailable
        If the download fails.
    """
    unusable = LanguageModel(
        engine=settings.engine,
        repository=settings.model_folder or settings.repository,
        revision=settings.revision,
        precision=settings.precision,
        usable=False,
    )
    try:
        files = fetch_files(settings) if fetch else find_files(settings)
        return _try_model(unusable, files, settings.threads)
    except SentimentUnavailable as error:
        if fetch:
            raise
        return unusable.model_copy(update={"reason": error.problem, "fix": error.fix})


def _try_model(
    unusable: LanguageModel, files: FinbertFiles, threads: int
) -> LanguageModel:
    model = load_finbert(files, threads)
    good, bad = model.polarities([GOOD_NEWS, BAD_NEWS])
    return unusable.model_copy(
        update={
            "usable": True,
            "revision": files.revision,
            "folder": str(files.folder),
            "megabytes": round(files.weights.stat().st_size / 1e6, 1),
            "good_news_polarity": good,
            "bad_news_polarity": bad,
        }
    )
