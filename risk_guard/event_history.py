"""Stores the answers of event sources on live nights: one JSON file per symbol.

Answers are only added. A replay reads the answers up to its own as-of session and
stores nothing, so it can't change another night.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from config.errors import NoCalendar, StorageError, SymbolError
from market_data.symbols import exchange_of, file_stem
from risk_guard.event_sources import EventAnswer, EventSource, UnaskedSource
from risk_guard.events import NO_INSTANT, Event, select_events
from risk_guard.sightings import (
    EventSighting,
    StoredAnswer,
    find_sightings,
    passed_events,
)
from storage.home import write_atomic
from storage.paths import StoragePath, read_bytes

STILL_NEAR = timedelta(days=30)
"""How near a stored event must be if its use is to be noted in the warning."""

OLD_RECORD = "the record of that night does not say whether more events come"
"""Gap of the answers in files of the first format."""


@dataclass(frozen=True)
class _Line:
    """A `StoredAnswer` in the file; `events` are indexes of the file's events."""

    source: str
    as_of: date
    retrieved_at: AwareDatetime
    covers_future: bool
    events: tuple[int, ...]
    gap: str = ""


@dataclass(frozen=True)
class _File:
    """The content of a symbol's file: its distinct events, and the answers."""

    events: tuple[Event, ...]
    answers: tuple[_Line, ...]


@dataclass(frozen=True)
class _FirstFormat:
    """An event in a file of the first format, with the first session that named it."""

    event: Event
    seen_as_of: date


_FILE = TypeAdapter(_File)
_FIRST_FORMAT = TypeAdapter(tuple[_FirstFormat, ...])


@dataclass(frozen=True)
class SymbolHistory:
    """All stored answers about one symbol.

    `problem` is why the file can't be read. If it is damaged, `damaged` is its content.
    """

    answers: tuple[StoredAnswer, ...] = ()
    problem: str = ""
    damaged: bytes | None = None

    def answers_until(self, source: str, as_of: date) -> list[StoredAnswer]:
        """Return the source's answers up to `as_of`, by session and then by time."""
        return sorted(
            (
                answer
                for answer in self.answers
                if answer.source == source and answer.as_of <= as_of
            ),
            key=lambda answer: (answer.as_of, answer.retrieved_at),
        )


@dataclass(frozen=True)
class EventHistory:
    """The stored answers of one home, for all symbols."""

    folder: StoragePath

    def read(self, symbol: str) -> SymbolHistory:
        """Return the stored answers about the symbol, none if there is no file."""
        path = self._path(symbol)
        try:
            content = read_bytes(path)
        except FileNotFoundError:
            return SymbolHistory()
        except (OSError, StorageError):
            return SymbolHistory(problem=_unreadable(path))
        try:
            return SymbolHistory(tuple(_parse(content)))
        except ValueError:
            return SymbolHistory(problem=_unreadable(path), damaged=content)

    def record(
        self, symbol: str, known: SymbolHistory, answer: StoredAnswer
    ) -> tuple[str, ...]:
        """Store a live night's answer after those in `known`; return notes for the row.

        A damaged file is kept under another name. A file that can't be read for another
        reason is not replaced.
        """
        if known.problem and known.damaged is None:
            return (known.problem,)
        if _is_repeat(known, answer):
            return ()
        notes: tuple[str, ...] = ()
        try:
            if known.damaged is not None:
                mark = hashlib.sha256(known.damaged).hexdigest()[:8]
                copy = self.folder / f"{file_stem(symbol)}.damaged-{mark}.json"
                _write(copy, known.damaged)
                notes = (f"{known.problem}; the damaged file is kept as {copy.name}",)
            content = _FILE.dump_json(_index_events([*known.answers, answer]))
            _write(self._path(symbol), content)
        except StorageError as error:
            failure = f"tonight's events of {symbol} are not stored: {error}"
            return tuple(filter(None, (known.problem, failure.rstrip("."))))
        return notes

    def _path(self, symbol: str) -> StoragePath:
        return self.folder / f"{file_stem(symbol)}.json"


def _write(path: StoragePath, content: bytes) -> None:
    write_atomic(path, content)


def _unreadable(path: StoragePath) -> str:
    return f"can't read {path.name}, so the events of earlier nights are not known"


def _parse(content: bytes) -> Iterator[StoredAnswer]:
    """Yield the answers in a file of the present or of the first format.

    Raises
    ------
    ValueError
        If the content has neither format.
    """
    try:
        file = _FILE.validate_json(content)
    except ValidationError:
        yield from _parse_first_format(_FIRST_FORMAT.validate_json(content))
        return
    for line in file.answers:
        if not all(0 <= place < len(file.events) for place in line.events):
            raise ValueError(f"an answer names an event that is not there: {line}")
        named = _set_retrieved_at(
            (file.events[at] for at in line.events), line.retrieved_at
        )
        yield StoredAnswer(**{**vars(line), "events": named})


def _parse_first_format(lines: Iterable[_FirstFormat]) -> Iterator[StoredAnswer]:
    """Yield an answer per source and session, with all events named by then.

    Withdrawn events were not stored in the first format.
    """
    nights = {(line.event.source, line.seen_as_of) for line in lines}
    for source, as_of in sorted(nights):
        events = tuple(
            line.event
            for line in lines
            if line.event.source == source and line.seen_as_of <= as_of
        )
        at = max(event.retrieved_at for event in events)
        if at.tzinfo is None:
            raise ValueError(f"an instant of {source} has no time zone: {at}")
        yield StoredAnswer(
            source, as_of, at, events, covers_future=False, gap=OLD_RECORD
        )


def _is_repeat(known: SymbolHistory, answer: StoredAnswer) -> bool:
    """Return whether the source's last stored answer up to that session is the same."""
    earlier = known.answers_until(answer.source, answer.as_of)
    if not earlier:
        return False
    at = earlier[-1].retrieved_at
    same_time = replace(
        answer, retrieved_at=at, events=_set_retrieved_at(answer.events, at)
    )
    return same_time == earlier[-1]


def _index_events(answers: Iterable[StoredAnswer]) -> _File:
    """Return the answers as they are stored, each distinct event once."""
    places: dict[Event, int] = {}
    distinct: list[Event] = []
    lines = []
    for answer in answers:
        # Events that differ in the time of retrieval only are the same.
        timeless = _set_retrieved_at(answer.events, NO_INSTANT)
        for event, key in zip(answer.events, timeless, strict=True):
            if key not in places:
                places[key] = len(distinct)
                distinct.append(event)
        indexes = tuple(places[key] for key in timeless)
        lines.append(_Line(**{**vars(answer), "events": indexes}))
    return _File(tuple(distinct), tuple(lines))


def _set_retrieved_at(events: Iterable[Event], at: datetime) -> tuple[Event, ...]:
    """Return the events with `at` as the time of their retrieval."""
    return tuple(replace(event, retrieved_at=at) for event in events)


@dataclass(frozen=True)
class RememberedEvents:
    """A source whose answers on live nights are stored.

    `drops_past_events` means that the source names no past events: passed events are
    then taken from its stored answers, and a replay does not ask it. `replayed` are the
    symbols whose night is a replay.
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
        """Return the source's answer with its passed events; see `EventSource`.

        A live night's answer is stored. A replay stores nothing.
        """
        if self.drops_past_events and symbol in self.replayed:
            return self._recall(symbol, as_of, self._explain_no_answer)
        try:
            answer = self.source.ask(symbol, as_of, now)
        except SymbolError as error:
            missing = isinstance(error, NoCalendar)
            gap = (error.sentence if missing else str(error)).rstrip(".")
            found = self._recall(symbol, as_of, gap, *([] if missing else [gap]))
            if not found.sightings and set(found.notes) <= {gap}:
                raise  # Nothing is stored.
            return found
        return self._add_passed(symbol, as_of, now, answer)

    def _add_passed(
        self, symbol: str, as_of: date, now: datetime, answer: EventAnswer
    ) -> EventAnswer:
        """Return the answer with passed events; store the answer on a live night.

        In a replay the answer is no sighting: the source gives it after that night.
        """
        known = self.history.read(symbol)
        answers = known.answers_until(self.name, as_of)
        notes: tuple[str, ...] = (known.problem,)
        if symbol not in self.replayed:
            present = StoredAnswer(
                self.name, as_of, now, answer.events, answer.covers_future, answer.gap
            )
            answers = [*answers, present]
            notes = self.history.record(symbol, known, present)
        passed, seen = self._find_passed(symbol, answers)
        return replace(
            answer,
            events=(*answer.events, *passed),
            notes=(*answer.notes, *filter(None, notes)),
            sightings=seen,
        )

    def _find_passed(
        self, symbol: str, answers: Sequence[StoredAnswer]
    ) -> tuple[tuple[Event, ...], tuple[EventSighting, ...]]:
        """Return the passed events that the source dropped, and all sightings."""
        seen = find_sightings(answers, exchange_of(symbol).code)
        return (passed_events(seen) if self.drops_past_events else ()), seen

    def _recall(self, symbol: str, as_of: date, gap: str, *notes: str) -> EventAnswer:
        """Return the source's last stored answer up to `as_of`, with passed events.

        It covers the future only in a replay of its own session. `gap` is why the
        source itself has no answer.
        """
        known = self.history.read(symbol)
        stored = known.answers_until(self.name, as_of)
        if not stored:
            found = tuple(filter(None, (*notes, known.problem)))
            return EventAnswer((), covers_future=False, gap=gap, notes=found)
        last = stored[-1]
        passed, seen = self._find_passed(symbol, stored)
        events = (*last.events, *passed)
        covered, used = False, ""
        if symbol in self.replayed and last.as_of == as_of:
            covered, gap = last.covers_future, last.gap or gap
        elif select_events(events, as_of, as_of + STILL_NEAR):
            used = f"the events that {self.name} named as of {last.as_of} are used"
        return EventAnswer(
            events,
            covers_future=covered,
            gap="" if covered else gap,
            notes=tuple(filter(None, (*notes, known.problem, used))),
            sightings=seen,
        )

    @property
    def _explain_no_answer(self) -> str:
        """Return why a replay has no answer, "" if this run does not use the source."""
        if isinstance(self.source, UnaskedSource):
            return ""
        return (
            f"{self.name.capitalize()}'s calendar was not asked on that night, or gave "
            "no answer, and it can't be asked of the past"
        )
