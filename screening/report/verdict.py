"""The verdict of a run: how many symbols are usable, which not, from where. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from screening.report.facts import NightFacts
from screening.report.views import SymbolView


@dataclass(frozen=True)
class VerdictText:
    """A symbol, and what is to be said of it."""

    symbol: str
    reason: str


@dataclass(frozen=True)
class Count:
    """How many of something there are, and what is to be added."""

    name: str
    number: int
    note: str = ""


@dataclass(frozen=True)
class Verdict:
    """How the run ended, worst news first.

    `level` is `good`, `mixed` or `bad`; `headline` says it in one sentence.
    """

    level: Literal["good", "mixed", "bad"]
    headline: str
    sessions: tuple[str, ...]
    failed: tuple[VerdictText, ...]
    degraded: tuple[VerdictText, ...]
    usable: tuple[Count, ...]
    calls: tuple[Count, ...]
    sources: tuple[VerdictText, ...]


def verdict(night: NightFacts, views: Sequence[SymbolView]) -> Verdict:
    """Return the verdict on the night of these symbols."""
    failed = tuple(
        VerdictText(view.symbol, view.cells["reason"].text)
        for view in views
        if view.failed
    )
    degraded = tuple(
        VerdictText(view.symbol, _defects(view))
        for view in views
        if view.cells["data_status"].value == "degraded"
    )
    own = [view for view in views if not view.kept]
    return Verdict(
        level=_level(night, own, failed, degraded),
        headline=_headline(night, own, views),
        sessions=(*_sessions(night), *_kept(views)),
        failed=failed,
        degraded=degraded,
        usable=(
            Count("ok", len(views) - len(failed) - len(degraded)),
            Count("degraded", len(degraded)),
            Count("failed", len(failed)),
        ),
        calls=tuple(_calls(views)),
        sources=tuple(_sources(night, views)),
    )


def count_values(values: Iterable[str]) -> str:
    """Return `fresh for 3, stale for 1`, the most frequent first."""
    found = Counter(values).most_common()
    return ", ".join(f"{value} for {number}" for value, number in found)


def _level(
    night: NightFacts,
    own: Sequence[SymbolView],
    failed: Sequence[VerdictText],
    degraded: Sequence[VerdictText],
) -> Literal["good", "mixed", "bad"]:
    """Return how the run ended: bad by its own symbols, mixed by any of the night."""
    usable = _usable(own)
    if not usable or usable / len(own) < night.coverage_needed:
        return "bad"
    return "mixed" if failed or degraded or night.notices else "good"


def _headline(
    night: NightFacts, own: Sequence[SymbolView], views: Sequence[SymbolView]
) -> str:
    """Return one sentence: on the run if it failed, otherwise on the night."""
    usable, kept = _usable(own), len(views) - len(own)
    more = f", {kept} more are kept from earlier runs of this night" if kept else ""
    if not usable:
        return f"The run failed: none of {len(own)} symbols is usable{more}"
    if usable / len(own) < night.coverage_needed:
        said = f"The run failed: only {usable} of {len(own)} symbols are usable"
        return f"{said}{more}"
    degraded = sum(view.cells["data_status"].value == "degraded" for view in views)
    failed = len(views) - _usable(views)
    ends = [f"{degraded} with a defect"] if degraded else []
    ends += [f"{failed} failed"] if failed else []
    said = f"{_usable(views)} of {len(views)} symbols usable"
    return ", ".join([said, *ends])


def _usable(views: Sequence[SymbolView]) -> int:
    return sum(not view.failed for view in views)


def _kept(views: Sequence[SymbolView]) -> Iterable[str]:
    """Yield, by exchange and session, how many symbols earlier runs have screened."""
    groups: dict[tuple[str, str], list[str]] = {}
    for view in views:
        if view.kept:
            key = (view.cells["exchange"].value, view.cells["as_of"].value)
            groups.setdefault(key, []).append(view.cells["run_at"].text)
    for (exchange, as_of), times in sorted(groups.items()):
        first, last = min(times), max(times)
        runs = f"the run at {first}" if first == last else f"runs at {first} to {last}"
        count = f"{len(times)} symbol{'' if len(times) == 1 else 's'}"
        yield f"{exchange}: session {as_of}, {count} kept from {runs}"


def _sessions(night: NightFacts) -> Iterable[str]:
    """Tell, by exchange, the session screened and whether it is the one expected."""
    for one in night.sessions:
        if one.as_of == one.expected:
            yield (
                f"{one.exchange}: session {one.as_of}, the last one completed when "
                "the run began, as expected"
            )
        else:
            yield (
                f"{one.exchange}: session {one.as_of}, a past one; the last one "
                f"completed when the run began was {one.expected}"
            )


def _defects(view: SymbolView) -> str:
    prices = view.findings.prices
    return "; ".join(prices.defects) if prices else view.cells["reason"].text


def _calls(views: Sequence[SymbolView]) -> Iterable[Count]:
    made = Counter(view.cells["prediction"].value for view in views)
    sat_out = sum(view.sits_out and not view.failed for view in views)
    for call in ("BUY", "HOLD", "SELL"):
        note = f"{sat_out} sat out" if call == "HOLD" and sat_out else ""
        yield Count(call, made[call], note)


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
    heard = [view for view in views if view.cells["lstm_weight"].value]
    models = count_values(
        view.cells["model_status"].value or "missing" for view in usable
    )
    yield VerdictText(
        "models", f"{models or 'none'}; heard for {len(heard)} of {len(views)}"
    )


def _news(night: NightFacts, views: Sequence[SymbolView]) -> str:
    """Return who read the headlines of how many; runs of a night may differ in it."""
    engines = Counter(view.news_engine for view in views if view.news_engine)
    if not engines:
        return f"read by {night.news_engine} for 0 of {len(views)}"
    return ", ".join(
        f"read by {engine} for {count} of {len(views)}"
        for engine, count in sorted(engines.items())
    )
