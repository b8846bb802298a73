"""What a night needs of this machine, the home and the services, each looked at once.

A check returns what it found; one that breaks is a failing line, never the end.
"""

import shutil
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import cast
from uuid import uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from packaging.requirements import Requirement
from pydantic import BaseModel, ConfigDict, computed_field

from config.errors import OvernightError, ParameterError
from config.parameters import training_parameters
from config.settings import PriceSettings, Settings
from config.universes import UNIVERSES
from market_data.sample import LAST_SESSION
from market_data.sessions import as_of_session, calendar
from market_data.sources import Feeds, SourceName, open_feeds
from market_data.symbols import EXCHANGES, exchange_of, symbol_of
from modelling.jobs import try_backend
from risk_guard.calendar_file import read_calendar
from status.language_model import language_model
from status.named_server import named_server, refusal
from storage.checkout import CHECKOUT
from storage.home import Home, write_text_atomic
from storage.paths import remove
from storage.secret_check import require_no_secret
from storage.settings_file import read_settings
from workers.process_pool import ProcessPool
from workers.resources import Machine, this_machine

DISTRIBUTION = "event-risk-guard"
BACKEND_SECONDS = 180
ASKED_DAYS = 730
"""As a night asks: that the source answers counts, how new its prices are is said."""

MOST_CLOCK_SECONDS = 120
"""A clock further off would take an unfinished session for a finished one."""

SMALLEST = training_parameters(epochs=1, sequence_length=30, lstm_units=(4, 3))


class DoctorCheck(BaseModel):
    """One line: what was found and, where that is not well, what to do."""

    model_config = ConfigDict(frozen=True)

    name: str
    ok: bool
    found: str
    cure: str = ""


class Diagnosis(BaseModel):
    """All lines, in the order in which they are to be cured."""

    model_config = ConfigDict(frozen=True)

    checks: tuple[DoctorCheck, ...]

    @computed_field  # type: ignore[prop-decorator]  # as pydantic documents it
    @property
    def ok(self) -> bool:
        """Return whether every line is well."""
        return all(check.ok for check in self.checks)


type Found = tuple[bool, str, str]
"""Whether it is well, what was found, what to do."""


def diagnosis(
    address: str, source: str, folder: Path | None, now: datetime
) -> Diagnosis:
    """Return what all checks find for the home at `address`.

    Raises
    ------
    ParameterError
        For a home, source or folder that is none.
    """
    looks = checks_of(address, source, folder, now)
    return Diagnosis(checks=tuple(run_check(*item) for item in looks.items()))


def checks_of(
    address: str, source: str, folder: Path | None, now: datetime
) -> dict[str, Callable[[], Found]]:
    """Return the checks by name, in the order in which `run_check` is to run them.

    Raises
    ------
    ParameterError
        As `diagnosis`.
    """
    home = Home.at(address)
    settings = _readable_settings(home)
    # A word that is no source is refused there, with the choices.
    name = cast("SourceName", source)
    feeds = open_feeds(name, folder, _impatient(settings))
    return {
        "python": _python,
        "packages": _packages,
        "backend": _backend,
        "settings": partial(_settings, home),
        "cores, memory": lambda: machine_check(this_machine(), settings),
        "write access": partial(_write_access, home),
        "free disk": partial(_free_disk, home, settings),
        "price source": partial(_price_source, feeds, name, folder, now),
        "model cache": partial(_model_cache, settings),
        "prefect server": _prefect_server,
        "event calendar": lambda: calendar_check(home, now),
        "clock": lambda: clock_check(_clock_lead(feeds)),
        "time zone": partial(_time_zone, now),
    }


def run_check(name: str, look: Callable[[], Found]) -> DoctorCheck:
    """Return the check's line; what breaks it is what it found."""
    try:
        ok, found, cure = look()
    except OvernightError as error:
        found, _, cure = str(error).rpartition("; ")
        ok, found, cure = False, found or cure, cure.rstrip(".")
    except Exception as error:  # noqa: BLE001  a broken check is a finding
        said = " ".join(str(error).split())[:200]
        ok, found = False, f"{type(error).__name__}: {said}"
        cure = "repair the installation: `uv sync`"
    return DoctorCheck(name=name, ok=ok, found=found, cure="" if ok else cure)


def _readable_settings(home: Home) -> Settings:
    """Return the home's settings, the defaults where `_settings` finds fault."""
    try:
        return read_settings(home.root)
    except ParameterError:
        return Settings()


def _impatient(settings: Settings) -> Settings:
    """Return settings under which a source that does not answer is not asked again."""
    once = {"retry_seconds": 0.0, "extras_retry_seconds": 0.0}
    prices = PriceSettings.model_validate(settings.prices.model_dump() | once)
    return settings.model_copy(update={"prices": prices})


def _python() -> Found:
    found = ".".join(map(str, sys.version_info[:3]))
    return sys.version_info >= (3, 12), found, "install Python 3.12 or later"


def _packages() -> Found:
    try:
        asked = [Requirement(text) for text in requires(DISTRIBUTION) or ()]
    except PackageNotFoundError:
        return False, f"{DISTRIBUTION} is not installed", "install it: `uv sync`"
    needed = [one for one in asked if not one.marker or one.marker.evaluate()]
    wrong = list(filter(None, map(_wrong_version, needed)))
    found = ", ".join(wrong) or f"{len(needed)}, all in their bounds"
    return not wrong, found, "install what is asked for: `uv sync`"


def _wrong_version(needed: Requirement) -> str:
    """Return `keras 2.1 (>=3.10 is asked for)`, '' where all is well."""
    try:
        there = version(needed.name)
    except PackageNotFoundError:
        return f"{needed.name} is missing"
    if needed.specifier.contains(there, prereleases=True):
        return ""
    return f"{needed.name} {there} ({needed.specifier} is asked for)"


def _backend() -> Found:
    """Train a network of a few units in a process of its own, as a night does."""
    cure = "repair TensorFlow: `uv sync`"
    try:
        with ProcessPool(1, 1, BACKEND_SECONDS) as pool:
            return True, pool.run(try_backend, SMALLEST), ""
    except Exception as error:  # noqa: BLE001  a broken installation raises anything
        return False, f"{type(error).__name__}: {str(error)[:200]}", cure


def _settings(home: Home) -> Found:
    read_settings(home.root)
    require_no_secret(CHECKOUT / "prefect.yaml")
    return True, f"readable in {home.root}, without secrets", ""


def machine_check(machine: Machine, settings: Settings) -> Found:
    """Return whether one training fits into the memory that is free."""
    needed = settings.run.process_memory_mb
    cure = (
        "end other programs, or train with --preset low_memory and a lower "
        "`process_memory_mb` under [run]"
    )
    found = f"{machine.cores} cores, {machine.available_mb} MB free of {needed} needed"
    return machine.available_mb >= needed, found, cure


def _write_access(home: Home) -> Found:
    probe = home.root / "data" / f"doctor-{uuid4().hex}.txt"
    write_text_atomic(probe, "written by `overnight doctor`")
    remove(probe)
    return True, str(home.root), ""


def _free_disk(home: Home, settings: Settings) -> Found:
    if not isinstance(home.root, Path):
        return True, "a store, which does not say", ""
    root = home.root.absolute()
    there = next(one for one in (root, *root.parents) if one.exists())
    free = shutil.disk_usage(there).free // 2**20
    needed = settings.run.min_free_disk_mb
    return (
        free >= needed,
        f"{free} MB free of {needed} MB needed in {there}",
        "free space, or name a home on another drive with --home",
    )


def _price_source(
    feeds: Feeds, source: SourceName, folder: Path | None, now: datetime
) -> Found:
    symbol = _asked_symbol(source, folder)
    day = LAST_SESSION if source == "sample" else now.date()
    last = as_of_session(exchange_of(symbol).code, day, now)
    history = feeds.prices.fetch(symbol, last - timedelta(days=ASKED_DAYS), last)
    newest = history.frame.index.max().date()
    found = f"{source} has {symbol} to {newest}, the last session is {last}"
    return True, found, ""


def _asked_symbol(source: SourceName, folder: Path | None) -> str:
    if source == "folder" and folder:
        files = sorted((folder / "prices").glob("*.csv"))
        return symbol_of(files[0].stem) if files else UNIVERSES["asx_priority"][0]
    return UNIVERSES["sample" if source == "sample" else "asx_priority"][0]


def _model_cache(settings: Settings) -> Found:
    if settings.sentiment.engine != "finbert":
        found = f"not asked for, the headlines' reader is {settings.sentiment.engine}"
        return True, found, ""
    model = language_model(settings.sentiment, fetch=False)
    if model.usable:
        return True, f"FinBERT, {model.megabytes} MB in {model.folder}", ""
    found, _, cure = model.reason.rpartition("; ")
    also = 'or have headlines read by engine = "lexicon" under [sentiment]'
    return False, found or cure, f"{cure.rstrip('.')}, {also}"


def _prefect_server() -> Found:
    server = named_server()
    if server is None:
        return True, "none is named, each run starts one of its own for its time", ""
    found, cure = refusal(server)
    return not found, f"{server.address} {found or 'answers'}", cure


def calendar_check(home: Home, now: datetime) -> Found:
    """Return whether the user's calendar is readable and has something to come."""
    found = read_calendar(home.event_calendar)
    cure = "correct or complete event_calendar.csv; config/ has an example of it"
    if found.missing and not found.refusals:
        return True, "no event_calendar.csv: what the price source knows must do", ""
    faults = found.notices(now.date())
    if faults:
        return False, faults[0].rstrip("."), cure
    last = found.last_date
    return True, f"{len(found.lines)} events, the last on {last}", ""


def _clock_lead(feeds: Feeds) -> float | None:
    return feeds.yahoo.clock_lead_seconds if feeds.yahoo else None


def clock_check(lead_seconds: float | None) -> Found:
    """Return whether this machine's clock agrees with Yahoo's."""
    if lead_seconds is None:
        return True, "not compared: no answer of Yahoo's to compare with", ""
    side = "ahead of" if lead_seconds > 0 else "behind"
    found = f"{abs(lead_seconds):.0f} s {side} Yahoo's"
    cure = "set the clock by a time server (`timedatectl set-ntp true`)"
    return abs(lead_seconds) <= MOST_CLOCK_SECONDS, found, cure


def _time_zone(now: datetime) -> Found:
    try:
        zones = [str(calendar(one.code).tz) for one in EXCHANGES.values()]
        for zone in zones:
            ZoneInfo(zone)
    except ZoneInfoNotFoundError as error:
        return False, str(error), "install the zones' data: `pip install tzdata`"
    local = now.astimezone()
    here = f"{local:%H:%M} here ({local.tzname()}, UTC{local:%z})"
    return True, f"{here}, {now.astimezone(ZoneInfo(zones[0])):%H:%M} in {zones[0]}", ""
