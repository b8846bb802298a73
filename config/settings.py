"""Every threshold of the stages, frozen; `storage/settings_file.py` reads them.

Holds numbers and names only: no secret, no path of a machine, no clock.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from config.schedules import Schedule, require_consistent
from config.universes import UNIVERSES

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(gt=0, le=1, description="Share of the blend.")]
Names = Annotated[tuple[str, ...], Field(min_length=1)]


class Section(BaseModel):
    """What all sections share: frozen, and strict about unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    renamed: ClassVar[Mapping[str, str]] = {}
    """Earlier names of settings, refused with the present name in the message."""


class PriceSettings(Section):
    """Prices: how they are fetched and when they are good enough."""

    renamed: ClassVar = {
        "minimum_sessions": "min_sessions",
        "largest_move_factor": "max_move_factor",
        "largest_hole_sessions": "max_gap_sessions",
        "most_missing_share": "max_missing_share",
    }

    min_sessions: int = Field(
        55, ge=55, description="Sessions a symbol needs to be screened (SMA 50 + 5)."
    )
    jump_multiple: float = Field(
        8,
        gt=1,
        description="Name a daily move over this many times the mean absolute move; "
        "one that nobody traded, or that came back at once, degrades the row.",
    )
    min_jump_volume_ratio: float = Field(
        1.5,
        ge=0,
        description="A named move counts as traded from this many times the median "
        "volume of the `recent_sessions` before it; a lower one degrades the row.",
    )
    max_move_factor: float = Field(
        5,
        gt=1,
        description="Reject a price more than this factor above or below the one "
        "before: the row, if the next price is back, else the symbol.",
    )
    max_gap_sessions: int = Field(
        10, ge=1, description="Missing sessions in a row above which a row is degraded."
    )
    recent_sessions: int = Field(
        60, ge=1, description="Last sessions that are judged on their own as well."
    )
    complete_session_share: Share = Field(
        0.95, description="Share of sessions present below which a row is degraded."
    )
    min_session_share: Share = Field(
        0.80, description="The same share, below which a history is refused."
    )
    max_no_session_share: Share = Field(
        0.05, description="Share of rows off sessions above which one is refused."
    )
    max_repeated_session_share: Share = Field(
        0.01,
        description="Share of sessions with several different rows above which a "
        "history is refused; one such session is always accepted.",
    )
    bar_slack: Share = Field(
        0.001,
        description="Part by which an open or close may lie outside low to high; a bar "
        "beyond it is named.",
    )
    max_missing_share: Share = Field(
        0.05,
        description="Share of rows with a missing or wrong value above which a history "
        "is refused.",
    )
    overlap_sessions: int = Field(
        10, ge=1, description="Stored sessions fetched again to notice re-adjustment."
    )
    requests_per_second: float = Field(
        2, gt=0, description="Requests to Yahoo a second, all symbols together."
    )
    request_timeout_seconds: float = Field(15, gt=0, description="One request's limit.")
    question_timeout_seconds: float = Field(
        20, gt=0, description="Limit for a symbol's answer, cookies and zone included."
    )
    give_up_after: int = Field(
        10,
        ge=1,
        description="Failed requests in a row after which, all retries being spent, "
        "Yahoo is asked no more.",
    )
    retry_seconds: float = Field(
        90, ge=0, description="Seconds of pauses and retries that one run may spend."
    )
    extras_retry_seconds: float = Field(
        20, ge=0, description="The same for Yahoo's calendar and headlines together."
    )


class ModelSettings(Section):
    """Models: when one is trained, good, stale or rejected."""

    renamed: ClassVar = {
        "minimum_sessions": "min_sessions",
        "challenge_level": "significance",
        "worst_skill": "max_skill",
        "largest_model_mb": "max_model_mb",
    }

    min_sessions: int = Field(100, ge=60, description="Sessions training needs.")
    stale_after_days: int = Field(7, ge=1, description="Age at which one is refreshed.")
    expires_after_days: int = Field(
        30,
        ge=1,
        description="Age from which one is silent and defended against no other.",
    )
    significance: float = Field(
        0.05,
        gt=0,
        lt=0.5,
        description="Chance of refusing a new model that is as good as the live one.",
    )
    challenge_sessions: int = Field(
        10, ge=2, description="Sessions that both must be judged on, else the new wins."
    )
    history_kept: int = Field(3, ge=0, description="Earlier models kept a symbol.")
    good_loss: float = Field(0.01, gt=0, description="Both losses below: excellent.")
    poor_loss: float = Field(0.02, gt=0, description="Validation loss above: poor.")
    excellent_ratio: float = Field(1.5, gt=0, description="Validation/training loss.")
    overfitting_ratio: float = Field(2.0, gt=0, description="Validation/training loss.")
    max_skill: float = Field(
        1.05, gt=0, description="RMSE against persistence above which one is rejected."
    )
    max_model_mb: int = Field(
        256, ge=1, description="Unpacked size above which a model file is not loaded."
    )
    training_seconds: float = Field(
        1800, gt=0, description="Seconds after which a training is stopped."
    )


class BlendSettings(Section):
    """The blend: weights of the components and the thresholds of the call."""

    lstm: Weight = 0.45
    trend: Weight = 0.25
    technical: Weight = 0.15
    finbert: Weight = 0.15
    trend_without_lstm: Weight = 0.40
    technical_without_lstm: Weight = 0.35
    finbert_without_lstm: Weight = 0.25
    buy_above: float = Field(0.30, gt=0, le=1, description="Score above it: BUY.")
    sell_below: float = Field(-0.30, ge=-1, lt=0, description="Score below it: SELL.")


class SentimentSettings(Section):
    """The news component: which engine reads the headlines, and how they are weighed."""

    engine: Literal["finbert", "lexicon", "off"] = Field(
        "finbert", description="Who reads the headlines; none stands in for another."
    )
    precision: Literal["fp32", "int8"] = Field(
        "fp32", description="FinBERT's weights: exact, or a quarter of the size."
    )
    model_folder: str = Field(
        "", description="A folder in the hub's layout, instead of the hub's cache."
    )
    repository: str = Field(
        "Xenova/finbert", description="ProsusAI/finbert in its ONNX export, on the hub."
    )
    revision: str = Field(
        "8f269abebfdd9009d7d9b5e96af7e5c6bfe50b20",
        pattern="^[0-9a-f]{40}$",
        description="The commit of the repository that is used, and no other.",
    )
    threads: int = Field(2, ge=1, description="Threads of the language model.")
    headlines_asked: int = Field(50, ge=1, le=200, description="Headlines a symbol.")
    window_hours: float = Field(72, gt=0, description="Hours before the cut-off.")
    half_life_hours: float = Field(24, gt=0, description="Age at which weight halves.")
    unnamed_relevance: Share = Field(
        0.3, description="Weight of a title that names neither ticker nor company."
    )
    names: dict[str, Names] = Field(
        default_factory=dict, description="More names of companies, by symbol."
    )


class GuardSettings(Section):
    """The event risk guard (SPEC 8)."""

    renamed: ClassVar = {
        "beta_minimum_sessions": "min_beta_sessions",
    }

    lookahead_days: int = Field(7, ge=1, description="Calendar days ahead that count.")
    event_points: Share = Field(0.45, description="Risk of an event in the look-ahead.")
    report_points: Share = Field(0.20, description="More if earnings or regulatory.")
    sentiment_points: Share = Field(0.25, description="Risk of bad news.")
    volatility_points: Share = Field(0.15, description="Risk of a volatility spike.")
    bad_sentiment_below: float = Field(-0.10, description="72-hour polarity below it.")
    haircuts: tuple[tuple[Share, Share], ...] = Field(
        ((0.80, 0.70), (0.50, 0.45), (0.25, 0.20)),
        description="Risk from which a haircut applies, and the haircut; falling.",
    )
    unknown_haircut: float = Field(
        0.20, ge=0.20, le=1, description="Least haircut where no event source answered."
    )
    report_sit_out_sessions: int = Field(
        3, ge=0, description="Sessions before and after earnings or regulatory reports."
    )
    dividend_sit_out_sessions: int = Field(
        1, ge=0, description="Sessions before and after an ex-dividend date."
    )
    volatility_multiple: float = Field(
        1.35, gt=0, description="Recent over usual volatility that makes a spike."
    )
    volatility_recent_sessions: int = Field(10, ge=2, description="Returns judged.")
    volatility_rolling_sessions: int = Field(30, ge=2, description="Rolling window.")
    volatility_base_sessions: int = Field(252, ge=30, description="Before them.")
    beta_sessions: int = Field(252, ge=60, description="Returns the beta is fitted on.")
    min_beta_sessions: int = Field(60, ge=20, description="Returns it needs.")
    same_event_days: int = Field(
        14, ge=0, description="Days within which two sources may mean one event."
    )
    reporting_gap_days: int = Field(
        200,
        ge=30,
        description="A next earnings date further off than this: one is missing.",
    )
    pillar3_earliest_days: int = Field(
        30, ge=0, description="Days after a quarter's end before no report has come."
    )
    pillar3_deadline_business_days: int = Field(
        40, ge=1, description="Business days after a quarter's end that APS 330 allows."
    )

    @model_validator(mode="after")
    def _haircuts_grow_with_risk(self) -> Self:
        falling = sorted(self.haircuts, reverse=True)
        shares = [haircut for _, haircut in falling]
        if list(self.haircuts) != falling or shares != sorted(shares, reverse=True):
            raise ValueError(
                "`haircuts` must fall with the risk, highest first, got "
                f"{self.haircuts}; e.g. [[0.80, 0.70], [0.50, 0.45], [0.25, 0.20]]"
            )
        return self


class EvaluationSettings(Section):
    """The look back: how past nights are judged, and what stands beside them."""

    renamed: ClassVar = {
        "trees": "n_estimators",
        "tree_rate": "learning_rate",
    }

    refit_sessions: int = Field(5, ge=1, description="Sessions from refit to refit.")
    cost_bps: float = Field(10, ge=0, description="Cost of turnover, 1/100 of 1 %.")
    confidence_level: float = Field(0.95, gt=0, lt=1, description="Of all intervals.")
    bootstrap_draws: int = Field(2000, ge=100, description="Resamplings of the days.")
    probability_bins: int = Field(10, ge=2, description="Bins of probability_up.")
    daily_symbols: int = Field(
        5, ge=3, description="Symbols that a day's rank correlation needs."
    )
    ridge_penalty: float = Field(1.0, gt=0, description="Ridge regression's alpha.")
    n_estimators: int = Field(100, ge=1, description="LightGBM's trees.")
    tree_leaves: int = Field(7, ge=2, description="Leaves of one tree.")
    tree_rate: float = Field(0.05, gt=0, le=1, description="Weight of one tree.")
    leaf_sessions: int = Field(20, ge=1, description="Sessions a leaf holds at least.")
    seed: int = Field(42, ge=0, description="Seed of resampling and trees.")


class RecordSettings(Section):
    """The track record: when a call is scored, and when its kind may be judged."""

    renamed: ClassVar = {
        "minimum_calls": "min_calls",
    }

    horizons: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (1, 5, 20),
        min_length=1,
        description="Sessions after the as-of session at which a call is scored.",
    )
    min_calls: int = Field(
        30, ge=2, description="Scored calls below which it is too few to tell."
    )
    interval: float = Field(
        0.95, gt=0, lt=1, description="Share of the cases an interval is to hold."
    )


class RunSettings(Section):
    """One run: how much at once, and how much must survive."""

    renamed: ClassVar = {
        "minimum_coverage": "min_coverage",
        "wait_for_home_seconds": "home_lock_timeout_seconds",
        "least_free_disk_mb": "min_free_disk_mb",
    }

    min_coverage: Share = Field(
        0.5, description="Share of usable symbols below which the run has failed."
    )
    training_processes: int | None = Field(
        None, ge=1, description="Processes that train; empty: one a core."
    )
    process_memory_mb: int = Field(
        1000,
        ge=100,
        description="Memory of one; fewer train where so much is not free for each. "
        "The engine tensorflow needs 1600.",
    )
    runner: Literal["local", "dask"] = Field(
        "local", description="Where models are trained: on this machine, or on Dask's."
    )
    dask_scheduler: str = Field(
        "", description="Address of a running scheduler, e.g. tcp://scheduler:8786."
    )
    models_per_process: int = Field(
        250, ge=1, description="Jobs after which a training process is replaced."
    )
    home_lock_timeout_seconds: float = Field(
        3600, ge=0, description="How long a deployed run waits for another's end."
    )
    min_free_disk_mb: int = Field(
        1000, ge=1, description="Free disk space below which `overnight doctor` warns."
    )
    nights_kept: int = Field(
        5, ge=1, description="Nights whose intermediate tables stay under `data/`."
    )


class ReportSettings(Section):
    """The morning report: how much of a night it draws."""

    renamed: ClassVar = {
        "most_charts": "max_charts",
        "most_headlines": "max_headlines",
        "most_headlines_in_all": "max_headlines_total",
        "most_printed_in_full": "max_printed_in_full",
    }

    chart_sessions: int = Field(120, ge=20, le=500, description="Sessions in a chart.")
    max_charts: int = Field(
        250, ge=0, description="Charts in one report, those of the largest scores."
    )
    max_headlines: int = Field(
        8, ge=0, description="Headlines shown a symbol, those of the largest weight."
    )
    max_headlines_total: int = Field(
        600,
        ge=0,
        description="Headlines in one report; a large night shows fewer each.",
    )
    max_printed_in_full: int = Field(
        20, ge=0, description="Symbols up to which all details are printed unasked."
    )

    def headlines_of(self, symbols: int) -> int:
        """Return how many headlines each of so many symbols may show."""
        return min(self.max_headlines, self.max_headlines_total // max(1, symbols))


class Settings(Section):
    """The configuration, a section a stage."""

    prices: PriceSettings = PriceSettings()
    models: ModelSettings = ModelSettings()
    blend: BlendSettings = BlendSettings()
    sentiment: SentimentSettings = SentimentSettings()
    guard: GuardSettings = GuardSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    track_record: RecordSettings = RecordSettings()
    run: RunSettings = RunSettings()
    report: ReportSettings = ReportSettings()
    universes: dict[str, Names] = Field(
        default_factory=dict, description="Stock lists of the user's own, by name."
    )
    schedules: tuple[Schedule, ...] | None = Field(
        None,
        description="Lists screened by `overnight deploy`, each with `list`, `at`, "
        "`timezone`, `days` and `train`; they replace the built-in nightly one.",
    )

    @field_validator("schedules", mode="before")
    @classmethod
    def _entries_have_two_brackets(cls, value: object) -> object:
        if isinstance(value, dict):
            raise ValueError(  # noqa: TRY004  pydantic turns this one into its finding
                "`schedules` must be a list of entries, got one table; write each as "
                "[[schedules]], with two brackets"
            )
        return value

    @model_validator(mode="after")
    def _schedules_fit_the_lists(self) -> Self:
        require_consistent(self.schedules or (), self.all_universes)
        return self

    @property
    def all_universes(self) -> dict[str, tuple[str, ...]]:
        """Return the built-in lists with the user's own laid over them."""
        return UNIVERSES | self.universes
