"""What sources said of events on live nights: one JSON file per symbol.

Answers are only added. A replay reads those up to its own as-of session and writes
nothing, so it changes no later night.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from config.errors import NoCalendar, StorageError, SymbolError
from market_data.symbols import exchange_of, file_stem
from risk_guard.event_sources import EventAnswer, EventSource, UnaskedSource
from risk_guard.events import Event
from risk_guard.sightings import (
    StoredAnswer,
    in_order,
    passed_events,
    sightings_in,
)
from storage.home import write_file_atomic
from storage.paths import StoragePath, read_bytes

STILL_NEAR = timedelta(days=30)
"""How far ahead a stored event is worth a note in a row's warning."""

OLD_RECORD = "the record of that night does not say whether more events come"
"""Of files of the first format, which did not store it."""


@dataclass(frozen=True)
class _Line:
    """An answer in the file; `events` are places in the file's list of events."""

    source: str
    as_of: date
    retrieved_at: AwareDatetime
    covers_future: bool
    events: tuple[int, ...]
    gap: str = ""


@dataclass(frozen=True)
class _File:
    """A symbol's file: each distinct event once, and the answers that name them."""

    events: tuple[Event, ...]
    answers: tuple[_Line, ...]


@dataclass(frozen=True)
class _FirstFormat:
    """An event, and the first as-of session whose night knew it."""

    event: Event
    seen_as_of: date


_NO_INSTANT = datetime.min.replace(tzinfo=UTC)
"""Makes events equal that differ in the instant of their retrieval alone."""

_FILE = TypeAdapter(_File)
_FIRST_FORMAT = TypeAdapter(tuple[_FirstFormat, ...])


@dataclass(frozen=True)
class SymbolHistory:
    """All stored answers about one symbol.

    `problem` says why the file can't be read; `damaged` is its content if that is the
    reason.
    """

    answers: tuple[StoredAnswer, ...] = ()
    problem: str = ""
    damaged: bytes | None = None

    def known_by(self, source: str, as_of: date) -> list[StoredAnswer]:
        """Return the source's answers for sessions up to `as_of`, in order."""
        return in_order(
            one for one in self.answers if one.source == source and one.as_of <= as_of
        )


@dataclass(frozen=True)
class EventHistory:
    """The stored answers of one home, for all symbols."""

    folder: StoragePath

    def read(self, symbol: str) -> SymbolHistory:
        """Return what is stored of the symbol; nothing if there is no file."""
        path = self._path(symbol)
        try:
            content = read_bytes(path)
        except FileNotFoundError:
            return SymbolHistory()
        except (OSError, StorageError):
            return SymbolHistory(problem=_unread(path))
        try:
            return SymbolHistory(tuple(_answers(content)))
        except ValueError:
            return SymbolHistory(problem=_unread(path), damaged=content)

    def record(
        self, symbol: str, known: SymbolHistory, answer: StoredAnswer
    ) -> tuple[str, ...]:
        """Add a live night's answer to what is `known`; return notes for the row.

        A damaged file is kept beside the new one. A file that can't be read for
        another reason is not replaced.
        """
        if known.problem and known.damaged is None:
            return (known.problem,)
        if _says_nothing_new(known, answer):
            return ()
        try:
            kept = self._kept_aside(symbol, known.damaged)
            content = _FILE.dump_json(_file([*known.answers, answer]))
            _write(self._path(symbol), content)
        except StorageError as error:
            said = f"tonight's events of {symbol} are not stored: {error}".rstrip(".")
            return tuple(filter(None, (known.problem, said)))
        return (f"{known.problem}; {kept}",) if kept else ()

    def _kept_aside(self, symbol: str, damaged: bytes | None) -> str:
        """Write the damaged content beside the file; return the sentence on it."""
        if damaged is None:
            return ""
        mark = hashlib.sha256(damaged).hexdigest()[:8]
        path = self.folder / f"{file_stem(symbol)}.damaged-{mark}.json"
        _write(path, damaged)
        return f"the damaged file is kept as {path.name}"

    def _path(self, symbol: str) -> StoragePath:
        return self.folder / f"{file_stem(symbol)}.json"


def _write(path: StoragePath, content: bytes) -> None:
    write_file_atomic(path, lambda new: new.write_bytes(content))


def _unread(path: StoragePath) -> str:
    return f"can't read {path.name}, so the events of earlier nights are not known"


def _answers(content: bytes) -> Iterator[StoredAnswer]:
    """Yield the answers in a file of the present or of the first format.

    Raises
    ------
    ValueError
        If the content is neither.
    """
    try:
        file = _FILE.validate_json(content)
    except ValidationError:
        yield from _of_first_format(_FIRST_FORMAT.validate_json(content))
        return
    for line in file.answers:
        if not all(0 <= place < len(file.events) for place in line.events):
            raise ValueError(f"an answer names an event that is not there: {line}")
        named = _at((file.events[place] for place in line.events), line.retrieved_at)
        yield StoredAnswer(
            line.source,
            line.as_of,
            line.retrieved_at,
            named,
            line.covers_future,
            line.gap,
        )


def _of_first_format(lines: Iterable[_FirstFormat]) -> Iterator[StoredAnswer]:
    """Yield one answer per source and session, with all that had been seen by then.

    A file of the first format held no event that a source had withdrawn.
    """
    nights = {(line.event.source, line.seen_as_of) for line in lines}
    for source, as_of in sorted(nights):
        named = [
            line
            for line in lines
            if line.event.source == source and line.seen_as_of <= as_of
        ]
        at = max(line.event.retrieved_at for line in named)
        if at.tzinfo is None:
            raise ValueError(f"an instant of {source} has no time zone: {at}")
        events = tuple(line.event for line in named)
        yield StoredAnswer(
            source, as_of, at, events, covers_future=False, gap=OLD_RECORD
        )


def _says_nothing_new(known: SymbolHistory, answer: StoredAnswer) -> bool:
    """Return whether the source's last answer for the same session is the same."""
    earlier = known.known_by(answer.source, answer.as_of)
    if not earlier:
        return False
    at = earlier[-1].retrieved_at
    undated = replace(answer, retrieved_at=at, events=_at(answer.events, at))
    return undated == earlier[-1]


def _file(answers: Iterable[StoredAnswer]) -> _File:
    """Return the answers as they are stored, each distinct event once."""
    places: dict[Event, int] = {}
    first: list[Event] = []
    lines = []
    for one in answers:
        for event, bare in zip(one.events, _at(one.events, _NO_INSTANT), strict=True):
            if bare not in places:
                places[bare] = len(first)
                first.append(event)
        named = tuple(places[bare] for bare in _at(one.events, _NO_INSTANT))
        lines.append(
            _Line(
                one.source,
                one.as_of,
                one.retrieved_at,
                one.covers_future,
                named,
                one.gap,
            )
        )
    return _File(tuple(first), tuple(lines))


def _at(events: Iterable[Event], retrieved_at: datetime) -> tuple[Event, ...]:
    return tuple(replace(event, retrieved_at=retrieved_at) for event in events)


@dataclass(frozen=True)
class RememberedEvents:
    """A source whose answers on live nights are stored.

    `drops_past_events` is whether the source answers for the present only: it drops an event
    once it has passed, and is not asked in a replay. Any other source is asked in a
    replay too. `replayed` are the symbols whose night is a replay.
    """

    source: EventSource
    history: EventHistory
    drops_past_events: bool
    replayed: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Return the source's name."""
        return self.source.name

    def ask(self, symbol: str, as_of: date, now: datetime) -> EventAnswer:
        """Return the source's answer and what it said before; see `EventSource`.

        A live night's answer is stored. A replay stores nothing.
        """
        if self.drops_past_events and symbol in self.replayed:
            return self._recalled(symbol, as_of, self._not_asked)
        try:
            answer = self.source.ask(symbol, as_of, now)
        except SymbolError as error:
            missing = isinstance(error, NoCalendar)
            gap = (error.sentence if missing else str(error)).rstrip(".")
            found = self._recalled(symbol, as_of, gap, *([] if missing else [gap]))
            if not found.sightings and set(found.notes) <= {gap}:
                raise  # Nothing is stored: the source's own error says it all.
            return found
        return self._with_earlier(symbol, as_of, now, answer)

    def _with_earlier(
        self, symbol: str, as_of: date, now: datetime, answer: EventAnswer
    ) -> EventAnswer:
        """Return the answer and the events that have passed since; store it if live."""
        known = self.history.read(symbol)
        present = StoredAnswer(
            self.name, as_of, now, answer.events, answer.covers_future, answer.gap
        )
        notes: tuple[str, ...] = (known.problem,)
        if symbol not in self.replayed:
            notes = self.history.record(symbol, known, present)
        seen = sightings_in(
            [*known.known_by(self.name, as_of), present], exchange_of(symbol).code
        )
        passed = passed_events(seen) if self.drops_past_events else ()
        return replace(
            answer,
            events=(*answer.events, *passed),
            notes=(*answer.notes, *filter(None, notes)),
            sightings=seen,
        )

    def _recalled(self, symbol: str, as_of: date, gap: str, *notes: str) -> EventAnswer:
        """Return what the source last said by `as_of`.

        It covers the future only in a replay of a session for which it was stored.
        `gap` is why the source itself does not answer.
        """
        known = self.history.read(symbol)
        stored = known.known_by(self.name, as_of)
        if not stored:
            said = tuple(filter(None, (*notes, known.problem)))
            return EventAnswer((), covers_future=False, gap=gap, notes=said)
        last = stored[-1]
        seen = sightings_in(stored, exchange_of(symbol).code)
        passed = passed_events(seen) if self.drops_past_events else ()
        events = (*last.events, *passed)
        used = f"the events that {self.name} named as of {last.as_of} are used"
        covered = False
        if symbol in self.replayed and last.as_of == as_of:  # As that night had it.
            covered, gap, used = last.covers_future, last.gap or gap, ""
        elif not _any_near(events, as_of):
            used = ""
        return EventAnswer(
            events,
            covers_future=covered,
            gap="" if covered else gap,
            notes=tuple(filter(None, (*notes, known.problem, used))),
            sightings=seen,
        )

    @property
    def _not_asked(self) -> str:
        """Return why a replay has no answer; nothing if this run has no such source."""
        if isinstance(self.source, UnaskedSource):
            return ""
        return (
            f"{self.name.capitalize()}'s calendar was not asked on that night, or gave "
            "no answer, and it can't be asked of the past"
        )


def _any_near(events: Iterable[Event], as_of: date) -> bool:
    soon = as_of + STILL_NEAR
    return any(one.last >= as_of and one.first <= soon for one in events)
