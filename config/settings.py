"""Every setting of `overnight.toml`: one class per section, `Settings` at the end.

Frozen numbers and names, without secrets; `storage/settings_file.py` reads the file.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self, cast

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from config.schedules import Schedule, require_consistent
from config.universes import UNIVERSES
from config.validation import InvalidValueError

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(gt=0, le=1, description="Weight in the score.")]
SitOut = Literal["published", "reaction"]
"""The rules by which a night is sat out; see `GuardSettings.sit_out`."""

Led = Literal["XASX", "XLON"]
Lead = Literal["^GSPC", "^FTSE", "^AXJO"]
Names = Annotated[tuple[str, ...], Field(min_length=1)]


class Section(BaseModel):
    """What all sections share: they are frozen and refuse unknown names.

    The text below a field is its description.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )

    renamed: ClassVar[Mapping[str, str]] = {}
    """New names by old ones; a file with an old name is refused with the new one."""
    removed: ClassVar[Mapping[str, str]] = {}
    """Why an old setting is gone; a file that has it is refused with the reason."""


class PriceSettings(Section):
    """`[prices]`: how prices are downloaded and which of them are rejected."""

    renamed: ClassVar = {
        "minimum_sessions": "min_sessions",
        "largest_move_factor": "max_move_factor",
        "largest_hole_sessions": "max_gap_sessions",
        "most_missing_share": "max_missing_share",
    }

    min_sessions: int = Field(55, ge=55)
    """Sessions that a symbol needs (SMA 50 plus 5); with fewer it is not screened."""
    jump_multiple: float = Field(8, gt=1)
    """Report a daily move above this many times the mean absolute move of the symbol;
    an untraded or reversed move degrades the data status."""
    min_jump_volume_ratio: float = Field(1.5, ge=0)
    """A reported move at this many times the median volume or more counts as traded."""
    max_move_factor: float = Field(5, gt=1)
    """Reject a price more than this factor above or below the previous price."""
    max_gap_sessions: int = Field(10, ge=1)
    """More missing sessions in a row than this degrade the symbol's data status."""
    recent_sessions: int = Field(60, ge=1)
    """Number of latest sessions whose completeness is also checked on its own."""
    complete_session_share: Share = 0.95
    """Share of sessions with prices below which the data status is degraded."""
    min_session_share: Share = 0.80
    """Share of sessions with prices below which the history is rejected."""
    max_no_session_share: Share = 0.05
    """Share of rows on days without a session above which the history is rejected."""
    max_repeated_session_share: Share = 0.01
    """Share of sessions with several unequal rows above which a history is rejected."""
    bar_slack: Share = 0.001
    """Report a bar whose open or close lies more than this share outside its range."""
    max_missing_share: Share = 0.05
    """Share of rows with a missing or wrong value above which a history is rejected."""
    overlap_sessions: int = Field(10, ge=1)
    """Stored sessions that are downloaded again, to notice re-adjusted prices."""
    requests_per_second: float = Field(2, gt=0)
    """Requests to Yahoo per second over all symbols; more risk a refusal (429)."""
    request_timeout_seconds: float = Field(15, gt=0)
    """Seconds after which one request to Yahoo is given up."""
    question_timeout_seconds: float = Field(20, gt=0)
    """Seconds after which the query for one symbol, with all its requests, ends."""
    give_up_after: int = Field(10, ge=1)
    """Failures in a row that end all requests, once `retry_seconds` are used up."""
    retry_seconds: float = Field(90, ge=0)
    """Seconds that one run may spend on pauses and retries for prices."""
    extras_retry_seconds: float = Field(20, ge=0)
    """Seconds that one run may spend on retries for Yahoo's calendar and headlines."""


class ModelSettings(Section):
    """`[models]`: how a model is trained, and when it is stale, expired or rejected."""

    renamed: ClassVar = {
        "minimum_sessions": "min_sessions",
        "challenge_level": "significance",
        "worst_skill": "max_skill",
        "largest_model_mb": "max_model_mb",
    }
    removed: ClassVar = {"engine": "TensorFlow trains all models"}

    min_sessions: int = Field(100, ge=60)
    """Sessions with indicators that a training needs; with fewer it fails."""
    stale_after_days: int = Field(7, ge=1)
    """Age in days above which a model is stale: it is still used, and trained again."""
    expires_after_days: int = Field(30, ge=1)
    """Age in days above which a model is not used; any usable new one replaces it."""
    significance: float = Field(0.05, gt=0, lt=0.5)
    """Probability of rejecting a new model that is as good as the live one."""
    challenge_sessions: int = Field(10, ge=2)
    """Sessions to compare two models on; with fewer the new one replaces the old."""
    history_kept: int = Field(3, ge=0)
    """Earlier models kept per symbol; older ones are deleted."""
    good_loss: float = Field(0.01, gt=0)
    """Loss below which a model is good (validation) or excellent (training as well)."""
    poor_loss: float = Field(0.02, gt=0)
    """Validation loss above which a model is poor, if its skill is above 1 as well."""
    excellent_ratio: float = Field(1.5, gt=0)
    """Ratio of validation to training loss below which a model can be excellent."""
    overfitting_ratio: float = Field(2.0, gt=0)
    """That ratio above which no model is used; losses are relative to persistence."""
    max_skill: float = Field(1.05, gt=0)
    """RMSE divided by that of an unchanged price, above which a model is rejected."""
    max_model_mb: int = Field(256, ge=1)
    """Unpacked size in megabytes above which a model file is not loaded."""
    training_seconds: float = Field(1800, gt=0)
    """Seconds after which a training is stopped and counts as failed."""


class BlendSettings(Section):
    """`[blend]`: weights of the components, and the scores at which the call changes.

    The weights that end in `_without_lstm` apply if a symbol has no usable model.
    """

    lstm: Weight = 0.45
    trend: Weight = 0.25
    technical: Weight = 0.15
    finbert: Weight = 0.15
    trend_without_lstm: Weight = 0.40
    technical_without_lstm: Weight = 0.35
    finbert_without_lstm: Weight = 0.25
    buy_above: float = Field(0.30, gt=0, le=1)
    """Score above which the call is BUY; higher gives fewer BUY calls."""
    sell_below: float = Field(-0.30, ge=-1, lt=0)
    """Score below which the call is SELL; lower gives fewer SELL calls."""
    min_return_scale: Share = 0.003
    """Expected size of a session's return below which every call is HOLD; 0: never."""
    min_traded_share: Share = 0.90
    """Share of the last 60 sessions with trades below which every call is HOLD."""
    min_turnover: float = Field(100_000, ge=0)
    """Median turnover of the last 20 sessions, in the stock's currency, below which
    every call is HOLD; 0: never."""


class SentimentSettings(Section):
    """`[sentiment]`: which engine reads the headlines, and how they are weighted."""

    engine: Literal["finbert", "lexicon", "off"] = "finbert"
    """What reads the headlines; if it fails, no other engine replaces it."""
    precision: Literal["fp32", "int8"] = "fp32"
    """Format of FinBERT's weights: `fp32` is exact, `int8` a quarter of the size."""
    model_folder: str = ""
    """Folder of the model in the Hugging Face Hub's layout; empty: the Hub's cache."""
    repository: str = "Xenova/finbert"
    """Repository on the Hugging Face Hub that holds ProsusAI/finbert as ONNX."""
    revision: str = Field(
        "8f269abebfdd9009d7d9b5e96af7e5c6bfe50b20", pattern="^[0-9a-f]{40}$"
    )
    """Commit of the repository, 40 hexadecimal digits; no other is used."""
    threads: int = Field(2, ge=1)
    """Threads of the language model; more need more cores."""
    headlines_asked: int = Field(50, ge=1, le=200)
    """Headlines requested per symbol."""
    window_hours: float = Field(72, gt=0)
    """Hours before the cut-off; older headlines are ignored."""
    half_life_hours: float = Field(24, gt=0)
    """Age in hours at which a headline's weight is halved."""
    unnamed_relevance: Share = 0.3
    """Weight of a headline that names neither ticker nor company; 0 ignores it."""
    names: dict[str, Names] = Field(default_factory=dict)
    """More company names by symbol; a headline with such a name has full weight."""


class GuardSettings(Section):
    """`[guard]`: the risk of events, and how far it lowers a forecast (SPEC 8)."""

    renamed: ClassVar = {"beta_minimum_sessions": "min_beta_sessions"}

    lookahead_days: int = Field(7, ge=1)
    """Calendar days ahead in which an event adds risk."""
    event_points: Share = 0.45
    """Risk added by an event within `lookahead_days`."""
    report_points: Share = 0.20
    """Further risk if the event is earnings or a regulatory report."""
    sentiment_points: Share = 0.25
    """Risk added by bad news."""
    volatility_points: Share = 0.15
    """Risk added by a volatility spike."""
    bad_sentiment_below: float = -0.10
    """Polarity of 72 hours, -1 to 1, below which news is bad."""
    haircuts: tuple[tuple[Share, Share], ...] = ((0.8, 0.7), (0.5, 0.45), (0.25, 0.2))
    """Pairs of the risk from which a haircut applies and the haircut, highest first."""
    unknown_haircut: float = Field(0.20, ge=0.20, le=1)
    """Smallest haircut if an event source failed or does not cover the symbol."""
    sit_out: SitOut = "published"
    """`published`: only HOLD calls in the sessions around reports and ex-dividend dates
    below; `reaction`: only where the next session, or the last, can react to a report
    with a confirmed date."""
    report_sit_out_sessions: int = Field(3, ge=0)
    """Sessions of HOLD calls before and after a report, by the rule `published`."""
    dividend_sit_out_sessions: int = Field(1, ge=0)
    """Sessions of HOLD calls around an ex-dividend date, by the rule `published`."""
    volatility_multiple: float = Field(1.35, gt=0)
    """Recent volatility divided by usual volatility above which there is a spike."""
    volatility_recent_sessions: int = Field(10, ge=2)
    """Number of latest daily returns that the recent volatility is computed from."""
    volatility_rolling_sessions: int = Field(30, ge=2)
    """Daily returns in each window of which the usual volatility is the median."""
    volatility_base_sessions: int = Field(252, ge=30)
    """Daily returns before the recent ones that the usual volatility uses."""
    beta_sessions: int = Field(252, ge=60)
    """Number of latest daily returns that the beta is fitted on."""
    min_beta_sessions: int = Field(60, ge=20)
    """Daily returns in common with the index below which there is no beta."""
    same_event_days: int = Field(14, ge=0)
    """Days between two sources' dates up to which they count as the same event."""
    reporting_gap_days: int = Field(200, ge=30)
    """Days ahead in which a source must name an earnings date to cover the symbol."""
    pillar3_earliest_days: int = Field(30, ge=0)
    """Days after a quarter's end before which no Pillar 3 report is expected."""
    pillar3_deadline_business_days: int = Field(40, ge=1)
    """Business days after a quarter's end within which APS 330 demands the report."""

    @model_validator(mode="after")
    def _require_haircuts_that_fall(self) -> Self:
        falling = sorted(self.haircuts, reverse=True)
        shares = [haircut for _, haircut in falling]
        if list(self.haircuts) != falling or shares != sorted(shares, reverse=True):
            raise InvalidValueError(
                "`haircuts` must fall with the risk, highest first, got "
                f"{self.haircuts}",
                "write e.g. [[0.80, 0.70], [0.50, 0.45], [0.25, 0.20]]",
            )
        return self


class EvaluationSettings(Section):
    """`[evaluation]`: how past nights are repeated and compared with simple models."""

    renamed: ClassVar = {"trees": "n_estimators", "tree_rate": "learning_rate"}

    refit_sessions: int = Field(5, ge=1)
    """Sessions between two trainings; fewer takes longer."""
    cost_bps: float = Field(10, ge=0)
    """Trading cost in basis points (1/100 of 1 %) of the turnover."""
    confidence_level: float = Field(0.95, gt=0, lt=1)
    """Confidence of all intervals; higher widens them."""
    bootstrap_draws: int = Field(2000, ge=100)
    """Resamplings of the days; more makes the intervals more exact."""
    probability_bins: int = Field(10, ge=2)
    """Bins of `probability_up` in which its calibration is measured."""
    daily_symbols: int = Field(5, ge=3)
    """Symbols with a forecast below which a day has no rank correlation."""
    ridge_penalty: float = Field(1.0, gt=0)
    """Penalty (alpha) of the ridge regression; higher shrinks more."""
    n_estimators: int = Field(100, ge=1)
    """Number of LightGBM's trees."""
    tree_leaves: int = Field(7, ge=2)
    """Leaves of each tree; more fit the past more closely."""
    learning_rate: float = Field(0.05, gt=0, le=1)
    """Weight of each of LightGBM's trees; lower needs more trees."""
    leaf_sessions: int = Field(20, ge=1)
    """Sessions that each leaf holds at least; more smooths the forecast."""
    seed: int = Field(42, ge=0)
    """Seed of resampling and trees; the same seed gives the same numbers."""


class RecordSettings(Section):
    """`[track_record]`: when a past call is scored, and when a verdict is given."""

    renamed: ClassVar = {"minimum_calls": "min_calls"}

    horizons: tuple[Annotated[int, Field(ge=1)], ...] = Field((1, 5, 20), min_length=1)
    """Sessions after the as-of session at which a call is scored."""
    min_calls: int = Field(30, ge=2)
    """Scored calls below which the verdict is "too few"."""
    interval: float = Field(0.95, gt=0, lt=1)
    """Confidence of the intervals; higher widens them."""


class RunSettings(Section):
    """`[run]`: how much one run computes at once, and when it counts as failed."""

    renamed: ClassVar = {
        "minimum_coverage": "min_coverage",
        "wait_for_home_seconds": "home_lock_timeout_seconds",
        "least_free_disk_mb": "min_free_disk_mb",
    }

    min_coverage: Share = 0.5
    """Share of usable symbols below which the run has failed."""
    training_processes: int | None = Field(None, ge=1)
    """Processes that train at once; without it one per core."""
    process_memory_mb: int = Field(1200, ge=100)
    """Megabytes that one training process may need; higher starts fewer."""
    runner: Literal["local", "dask"] = "local"
    """Where models are trained: on this machine, or on a Dask cluster."""
    dask_scheduler: str = ""
    """Address of a running Dask scheduler, e.g. tcp://scheduler:8786."""
    models_per_process: int = Field(250, ge=1)
    """Jobs after which a process of this machine is replaced; lower limits memory."""
    home_lock_timeout_seconds: float = Field(3600, ge=0)
    """Seconds that a deployed run waits until another run leaves the home."""
    min_free_disk_mb: int = Field(1000, ge=1)
    """Megabytes of free disk below which `overnight doctor` reports a fault."""
    nights_kept: int = Field(5, ge=1)
    """Nights whose intermediate tables stay under `data/`; older ones are deleted."""
    prefect_days_kept: int = Field(90, ge=1, le=36500)
    """Days after which the server of `overnight deploy` deletes a finished run."""
    reports_kept_days: int | None = Field(None, ge=1)
    """Days that pages stay; without it always. The last night's page always stays."""


class ReportSettings(Section):
    """`[report]`: how many charts and headlines the morning report shows."""

    renamed: ClassVar = {
        "most_charts": "max_charts",
        "most_headlines": "max_headlines",
        "most_headlines_in_all": "max_headlines_total",
        "most_printed_in_full": "max_printed_in_full",
    }

    chart_sessions: int = Field(120, ge=20, le=500)
    """Sessions shown in each chart."""
    max_charts: int = Field(250, ge=0)
    """Charts in one report; symbols with the largest scores come first."""
    max_headlines: int = Field(8, ge=0)
    """Headlines shown per symbol; those with the largest weight come first."""
    max_headlines_total: int = Field(600, ge=0)
    """Headlines in one report; with many symbols each shows fewer."""
    max_printed_in_full: int = Field(20, ge=0)
    """Symbols up to which a printout holds the details of each."""

    def headlines_each(self, symbols: int) -> int:
        """Return how many headlines each symbol may show in a report of `symbols`."""
        return min(self.max_headlines, self.max_headlines_total // max(1, symbols))


class UpdateSettings(Section):
    """`[update]`: the market that trades between an exchange's close and opening."""

    leads: dict[Led, Lead] = {"XASX": "^GSPC", "XLON": "^GSPC"}
    """The lead's index by the exchange's code; other exchanges get no update."""

    def lead_of(self, exchange: str) -> str | None:
        """Return the index that leads an exchange's code, None without one."""
        return self.leads.get(cast("Led", exchange))


class Settings(Section):
    """All settings, by section; the defaults apply without a file."""

    prices: PriceSettings = PriceSettings()
    models: ModelSettings = ModelSettings()
    blend: BlendSettings = BlendSettings()
    sentiment: SentimentSettings = SentimentSettings()
    guard: GuardSettings = GuardSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    track_record: RecordSettings = RecordSettings()
    run: RunSettings = RunSettings()
    report: ReportSettings = ReportSettings()
    update: UpdateSettings = UpdateSettings()
    universes: dict[str, Names] = Field(default_factory=dict)
    """The user's own stock lists by name; they replace built-in ones of that name."""
    schedules: tuple[Schedule, ...] | None = None
    """Stock lists that `overnight deploy` screens, each with `list`, `at`, `timezone`,
    `days` and `train`; they replace the built-in nightly schedule."""

    @field_validator("schedules", mode="before")
    @classmethod
    def _require_two_brackets(cls, value: object) -> object:
        if isinstance(value, dict):
            raise InvalidValueError(
                "`schedules` must be a list of entries, got one table",
                "write each as [[schedules]], with two brackets",
            )
        return value

    @model_validator(mode="after")
    def _require_known_lists(self) -> Self:
        require_consistent(self.schedules or (), self.all_universes)
        return self

    @property
    def all_universes(self) -> dict[str, tuple[str, ...]]:
        """Return the built-in stock lists and the user's own."""
        return UNIVERSES | self.universes
