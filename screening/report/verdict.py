"""The verdict on a run: how many symbols are usable, which failed, and why. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from screening.report.facts import NightFacts
from screening.report.views import SymbolView
from screening.verdict import Tally


@dataclass(frozen=True)
class VerdictText:
    """A symbol or a kind of source, and the text about it."""

    subject: str
    text: str


@dataclass(frozen=True)
class Count:
    """The number of symbols of one kind, with a note or ''."""

    name: str
    number: int
    note: str = ""


@dataclass(frozen=True)
class Verdict:
    """How the run ended; `headline` is one sentence."""

    level: Literal["good", "mixed", "bad"]
    headline: str
    sessions: tuple[str, ...]
    failed: tuple[VerdictText, ...]
    degraded: tuple[VerdictText, ...]
    usable: tuple[Count, ...]
    calls: tuple[Count, ...]
    sources: tuple[VerdictText, ...]


def verdict(night: NightFacts, views: Sequence[SymbolView]) -> Verdict:
    """Return the verdict on the night of these symbols.

    The level is `bad` if too few of the run's own symbols are usable. It is `mixed` if
    any symbol of the night has a defect or if the night has notices.
    """
    failed = [view for view in views if view.failed]
    tally = _tally(views)
    degraded = [v for v in views if v.cells["data_status"].value == "degraded"]
    headline = _failure(night, views)
    level: Literal["good", "mixed", "bad"] = "bad"
    if not headline:
        level = "mixed" if failed or degraded or night.notices else "good"
        headline = tally.counts
    return Verdict(
        level=level,
        headline=headline,
        sessions=(*_sessions(night), *_count_kept(views)),
        failed=tuple(VerdictText(v.symbol, v.cells["reason"].text) for v in failed),
        degraded=tuple(VerdictText(v.symbol, _defects(v)) for v in degraded),
        usable=(
            Count("ok", tally.usable - tally.degraded),
            Count("degraded", tally.degraded),
            Count("failed", tally.failed),
        ),
        calls=tuple(_calls(views)),
        sources=tuple(_sources(night, views)),
    )


def count_values(values: Iterable[str]) -> str:
    """Return `fresh for 3, stale for 1`, the most frequent first."""
    found = Counter(values).most_common()
    return ", ".join(f"{value} for {number}" for value, number in found)


def _failure(night: NightFacts, views: Sequence[SymbolView]) -> str:
    """Return one sentence if too few symbols of the run itself are usable, else ''."""
    own = _tally([view for view in views if not view.kept])
    if own.outcome(night.coverage_needed) != "Failed":
        return ""
    kept = len(views) - own.total
    more = f", {kept} more are kept from earlier runs of this night" if kept else ""
    return f"{own.headline(night.coverage_needed)}{more}"


def _tally(views: Sequence[SymbolView]) -> Tally:
    status = Counter(view.cells["data_status"].value for view in views)
    failed = sum(view.failed for view in views)
    return Tally(len(views) - failed, failed, status["degraded"])


def _count_kept(views: Sequence[SymbolView]) -> Iterable[str]:
    """Yield, by exchange and session, how many rows are kept from earlier runs."""
    groups: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for view in views:
        if view.kept:
            key = (view.cells["exchange"].value, view.cells["as_of"].value)
            groups[key].append(view.cells["run_at"].text)
    for (exchange, as_of), times in sorted(groups.items()):
        first, last = min(times), max(times)
        runs = f"the run at {first}" if first == last else f"runs at {first} to {last}"
        count = f"{len(times)} symbol{'' if len(times) == 1 else 's'}"
        yield f"{exchange}: session {as_of}, {count} kept from {runs}"


def _sessions(night: NightFacts) -> Iterable[str]:
    """Yield, by exchange, the session screened and whether it was expected."""
    for session in night.sessions:
        start = f"{session.exchange}: session {session.as_of}"
        if session.as_of == session.expected:
            yield f"{start}, the last one completed when the run began, as expected"
        else:
            yield (
                f"{start}, a past one; the last one completed when the run began was "
                f"{session.expected}"
            )


def _defects(view: SymbolView) -> str:
    prices = view.findings.prices
    return "; ".join(prices.defects) if prices else view.cells["reason"].text


def _calls(views: Sequence[SymbolView]) -> Iterable[Count]:
    made = Counter(view.cells["prediction"].value for view in views)
    sat_out = sum(view.sits_out and not view.failed for view in views)
    inert = sum(bool(view.not_tradable) for view in views)
    notes = [f"{sat_out} sat out"] if sat_out else []
    notes += [f"{inert} not tradable"] if inert else []
    for call in ("BUY", "HOLD", "SELL"):
        yield Count(call, made[call], ", ".join(notes) if call == "HOLD" else "")


def _coverage(view: SymbolView) -> str:
    """Return how far the symbol's coming events are known."""
    if view.cells["event_status"].value != "unknown":
        return "known"
    return "others unknown" if view.cells["event_type"].value else "unknown"


def _sources(night: NightFacts, views: Sequence[SymbolView]) -> Iterable[VerdictText]:
    usable = [view for view in views if not view.failed]
    priced = count_values(view.cells["data_source"].value for view in usable)
    yield VerdictText("prices", priced or f"none from {night.source}")
    yield VerdictText("events", count_values(_coverage(view) for view in views))
    yield VerdictText("news", _news(night, views))
    models = count_values(
        view.cells["model_status"].value or "missing" for view in usable
    )
    used = sum(bool(view.cells["lstm_weight"].value) for view in views)
    yield VerdictText("models", f"{models or 'none'}; used for {used} of {len(views)}")


def _news(night: NightFacts, views: Sequence[SymbolView]) -> str:
    """Return for how many symbols each engine read headlines; runs may differ in it."""
    engines = Counter(view.news_engine for view in views if view.news_engine)
    return ", ".join(
        f"read by {engine} for {count} of {len(views)}"
        for engine, count in sorted(engines.items()) or [(night.news_engine, 0)]
    )
