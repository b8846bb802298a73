"""Checks what a night needs of this machine, the home and the services.

A check that raises an error is a failed line; the other checks still run.
"""

import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit
from uuid import uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from packaging.requirements import Requirement

from config.errors import OvernightError, ParameterError, list_names
from config.parameters import training_parameters
from config.settings import PriceSettings, Settings
from config.universes import UNIVERSES
from market_data.sample import LAST_SESSION
from market_data.sessions import as_of_session
from market_data.sources import Feeds, SourceName, open_feeds
from market_data.symbols import EXCHANGES, exchange_of, symbol_of
from modelling.jobs import try_backend
from risk_guard.calendar_file import read_calendar
from status.diagnosis import DoctorCheck
from status.language_model import language_model
from status.named_server import database_address, find_fault, named_server
from status.unused_symbols import find_unused
from storage.checkout import CHECKOUT
from storage.home import Home, write_atomic
from storage.paths import remove
from storage.secret_check import require_no_secret
from storage.settings_file import read_settings
from workers.process_pool import ProcessPool
from workers.resources import Machine, this_machine

DISTRIBUTION = "event-risk-guard"
BACKEND_SECONDS = 180
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
HISTORY_DAYS = 730
"""Days of prices that the check of the price source requests, as a night does."""

MAX_CLOCK_SECONDS = 120
"""A clock that is further off can make a night use an unfinished session."""

SMALLEST = training_parameters(epochs=1, sequence_length=30, lstm_units=(4, 3))


type Found = tuple[bool, str, str]
"""Whether the check passed, what it found, and what to do if it failed."""


def diagnose(
    address: str, source: str, folder: Path | None, now: datetime
) -> Iterator[DoctorCheck]:
    """Yield what the checks find for the home at `address`, each when it is known.

    Raises
    ------
    ParameterError
        If the home, the source or its folder does not exist.
    """
    checks = list_checks(address, source, folder, now)
    return (run_check(*item) for item in checks.items())


def list_checks(
    address: str, source: str, folder: Path | None, now: datetime
) -> dict[str, Callable[[], Found]]:
    """Return the checks by name, in the order in which to run them.

    Raises
    ------
    ParameterError
        As `diagnose`.
    """
    home = Home.at(address)
    settings = _readable_settings(home)
    name = cast("SourceName", source)  # `open_feeds` refuses any other name.
    feeds = open_feeds(name, folder, _without_retries(settings))
    return {
        "python": _python,
        "packages": _packages,
        "backend": _backend,
        "settings": partial(_settings, home),
        "cores, memory": lambda: machine_check(this_machine(), settings),
        "write access": partial(_write_access, home),
        "free disk": partial(_free_disk, home, settings),
        "unused files": partial(_unused_files, home, now),
        "prefect disk": partial(_prefect_disk, settings),
        "price source": partial(_price_source, feeds, name, folder, now),
        "model cache": partial(_model_cache, settings),
        "prefect server": _prefect_server,
        "event calendar": lambda: calendar_check(home, now),
        "clock": lambda: clock_check(_clock_lead(feeds)),
        "time zone": partial(_time_zone, now),
    }


def run_check(name: str, check: Callable[[], Found]) -> DoctorCheck:
    """Return the check's line; an error that the check raises is a failed line."""
    try:
        ok, found, cure = check()
    except OvernightError as error:
        ok, found = False, error.problem
        cure = error.fix or "find the message in docs/failures.md"
    except Exception as error:  # noqa: BLE001  any error is a failed line
        ok, found, cure = False, _short(error), "repair the installation: `uv sync`"
    return DoctorCheck(name=name, ok=ok, found=found, cure="" if ok else cure)


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def _readable_settings(home: Home) -> Settings:
    """Return the home's settings, or the defaults if `_settings` will fail."""
    try:
        return read_settings(home.root)
    except ParameterError:
        return Settings()


def _without_retries(settings: Settings) -> Settings:
    """Return settings with which a failed request is not repeated."""
    once = {"retry_seconds": 0.0, "extras_retry_seconds": 0.0}
    prices = PriceSettings.model_validate(settings.prices.model_dump() | once)
    return settings.model_copy(update={"prices": prices})


def _python() -> Found:
    found = ".".join(map(str, sys.version_info[:3]))
    return sys.version_info >= (3, 12), found, "install Python 3.12 or later"


def _packages() -> Found:
    try:
        listed = [Requirement(text) for text in requires(DISTRIBUTION) or ()]
    except PackageNotFoundError:
        return False, f"{DISTRIBUTION} is not installed", "run `uv sync`"
    required = [item for item in listed if not item.marker or item.marker.evaluate()]
    wrong = list(filter(None, map(_check_version, required)))
    found = ", ".join(wrong) or f"{len(required)}, all in their bounds"
    return not wrong, found, "install the required versions: `uv sync`"


def _check_version(required: Requirement) -> str:
    """Return `keras 2.1 (required: >=3.10)`, or '' if the version is right."""
    try:
        installed = version(required.name)
    except PackageNotFoundError:
        return f"{required.name} is missing"
    if required.specifier.contains(installed, prereleases=True):
        return ""
    return f"{required.name} {installed} (required: {required.specifier})"


def _backend() -> Found:
    """Train a network of a few units in a separate process, as a night does."""
    cure = "repair TensorFlow: `uv sync`"
    try:
        # After its last job a process is replaced: with one job a second would start.
        with ProcessPool(1, 2, BACKEND_SECONDS) as pool:
            return True, pool.run(try_backend, SMALLEST), ""
    except Exception as error:  # noqa: BLE001  a broken installation raises anything
        return False, _short(error), cure


def _settings(home: Home) -> Found:
    read_settings(home.root)
    require_no_secret(CHECKOUT / "prefect.yaml")
    return True, f"readable in {home.root}, without secrets", ""


def machine_check(machine: Machine, settings: Settings) -> Found:
    """Check that the free memory is enough for one training process."""
    needed = settings.run.process_memory_mb
    cure = (
        "close other programs, or train with --preset low_memory and a lower "
        "`process_memory_mb` under [run]"
    )
    found = f"{machine.cores} cores, {machine.available_mb} MB free of {needed} needed"
    return machine.available_mb >= needed, found, cure


def _write_access(home: Home) -> Found:
    probe = home.root / "data" / f"doctor-{uuid4().hex}.txt"
    write_atomic(probe, "written by `overnight doctor`")
    remove(probe)
    return True, str(home.root), ""


def _free_disk(home: Home, settings: Settings) -> Found:
    if not isinstance(home.root, Path):
        return True, "not known: the home is in an object store", ""
    return _disk_check(home.root, settings.run.min_free_disk_mb)


def _disk_check(folder: Path, needed: int) -> Found:
    root = folder.absolute()
    existing = next(folder for folder in (root, *root.parents) if folder.exists())
    free = shutil.disk_usage(existing).free // 2**20
    return (
        free >= needed,
        f"{free} MB free of {needed} MB needed in {existing}",
        "delete files, or use a home on another drive with --home",
    )


def _unused_files(home: Home, now: datetime) -> Found:
    unused = find_unused(home, now)
    if not unused:
        return True, "every symbol with files is listed, held or screened", ""
    names = list_names([one.symbol for one in unused])
    size = sum(one.size for one in unused) / 1e6
    # Not a fault: nothing has to be removed.
    return True, f"{names}, {size:.1f} MB; `overnight clean` removes them", ""


def _prefect_disk(settings: Settings) -> Found:
    """Check the disk of Prefect's database, if that is a file on this machine."""
    server = named_server()
    if server and urlsplit(server.address).hostname not in LOOPBACK:
        return True, f"not known: {server.address} keeps its own database", ""
    address = urlsplit(database_address())
    if not address.scheme.startswith("sqlite"):
        place = address.hostname or "a socket of this machine"
        return True, f"not known: the database is a server at {place}", ""
    if "memory" in address.path + address.query:
        return True, "the database is in memory", ""
    database = Path(address.path[1:]).expanduser()
    size = database.stat().st_size // 2**20 if database.exists() else 0
    ok, found, _ = _disk_check(database.parent, settings.run.min_free_disk_mb)
    cure = "delete files there, or set PREFECT_HOME to a folder on another drive"
    return ok, f"{found}; {database.name} has {size} MB", cure


def _price_source(
    feeds: Feeds, source: SourceName, folder: Path | None, now: datetime
) -> Found:
    symbol = _choose_symbol(source, folder)
    day = LAST_SESSION if source == "sample" else now.date()
    last = as_of_session(exchange_of(symbol).code, day, now)
    history = feeds.prices.fetch(symbol, last - timedelta(days=HISTORY_DAYS), last)
    newest = history.frame.index.max().date()
    return True, f"{source} has {symbol} up to {newest}; the last session is {last}", ""


def _choose_symbol(source: SourceName, folder: Path | None) -> str:
    if source == "folder" and folder:
        files = sorted((folder / "prices").glob("*.csv"))
        return symbol_of(files[0].stem) if files else UNIVERSES["asx_priority"][0]
    return UNIVERSES["sample" if source == "sample" else "asx_priority"][0]


def _model_cache(settings: Settings) -> Found:
    if settings.sentiment.engine != "finbert":
        engine = settings.sentiment.engine
        return True, f"not needed: `engine` under [sentiment] is {engine}", ""
    model = language_model(settings.sentiment, fetch=False)
    if model.usable:
        return True, f"FinBERT, {model.megabytes} MB in {model.folder}", ""
    lexicon = 'set engine = "lexicon" under [sentiment]'
    cure = f"{model.fix}, or {lexicon}" if model.fix else lexicon
    return False, model.reason, cure


def _prefect_server() -> Found:
    server = named_server()
    if server is None:
        return True, "none is named; each run starts a temporary server", ""
    fault, cure = find_fault(server)
    return not fault, f"{server.address} {fault or 'answers'}", cure


def calendar_check(home: Home, now: datetime) -> Found:
    """Check that the user's calendar can be read and has an event to come."""
    found = read_calendar(home.event_calendar)
    cure = "correct event_calendar.csv as config/event_calendar.example.csv shows"
    if found.missing and not found.refusals:
        return True, "no event_calendar.csv: only the price source names events", ""
    faults = found.notices(now.date())
    if faults:
        return False, faults[0].rstrip("."), cure
    return True, f"{len(found.lines)} events, the last on {found.last_date}", ""


def _clock_lead(feeds: Feeds) -> float | None:
    return feeds.yahoo.clock_lead_seconds if feeds.yahoo else None


def clock_check(lead_seconds: float | None) -> Found:
    """Check that this machine's clock agrees with Yahoo's; None is "not known"."""
    if lead_seconds is None:
        return True, "not compared: Yahoo has not answered", ""
    side = "ahead of" if lead_seconds > 0 else "behind"
    found = f"{abs(lead_seconds):.0f} s {side} Yahoo's"
    cure = "set the clock from a time server (`timedatectl set-ntp true`)"
    return abs(lead_seconds) <= MAX_CLOCK_SECONDS, found, cure


def _time_zone(now: datetime) -> Found:
    try:
        zones = [exchange.time_zone for exchange in EXCHANGES.values()]
        for zone in zones:
            ZoneInfo(zone)
    except ZoneInfoNotFoundError as error:
        return False, str(error), "install the time zones: `uv pip install tzdata`"
    local = now.astimezone()
    here = f"{local:%H:%M} here ({local.tzname()}, UTC{local:%z})"
    there = f"{now.astimezone(ZoneInfo(zones[0])):%H:%M} in {zones[0]}"
    return True, f"{here}, {there}", ""
