"""What sources said of events in earlier nights, a JSON file a symbol.

Yahoo forgets an event as soon as it has passed, and may not answer at all: what it
last said stands until it says otherwise.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from pydantic import TypeAdapter

from config.errors import SymbolError
from config.home import write_whole
from config.places import AnyPath, read_whole
from market_data.symbols import file_stem
from risk_guard.event_sources import EventAnswer, EventSource
from risk_guard.events import Event

STILL_NEAR = timedelta(days=30)
"""How far ahead an old word is worth a note in a row's warning."""


@dataclass(frozen=True)
class SeenEvent:
    """An event, and the first as-of session whose night knew it."""

    event: Event
    seen_as_of: date

    @property
    def key(self) -> tuple[str, str, date, date, str]:
        """Return what makes two sightings one event."""
        event = self.event
        return event.source, event.type, event.first, event.last, event.status


_SEEN = TypeAdapter(tuple[SeenEvent, ...])


@dataclass(frozen=True)
class EventHistory:
    """The events of all symbols seen by one home."""

    folder: AnyPath

    def known_by(
        self, symbol: str, source: str, as_of: date
    ) -> tuple[tuple[Event, ...], tuple[str, ...]]:
        """Return what nights up to `as_of` were told by the source, and what is lost.

        The latter is a note where a file is there and can't be read.
        """
        stored, lost = self._read(symbol)
        events = tuple(
            seen.event
            for seen in stored
            if seen.event.source == source and seen.seen_as_of <= as_of
        )
        return events, lost

    def learn(
        self, symbol: str, source: str, events: tuple[Event, ...], as_of: date
    ) -> None:
        """Put `events` in the place of what the source had said by `as_of`.

        Raises
        ------
        StorageError
            If the file can't be written.
        """
        stored, _ = self._read(symbol)
        first_seen = {seen.key: seen.seen_as_of for seen in stored}
        others = [
            seen
            for seen in stored
            if seen.event.source != source or seen.seen_as_of > as_of
        ]
        told = [SeenEvent(event, as_of) for event in events]
        told = [
            replace(seen, seen_as_of=min(as_of, first_seen.get(seen.key, as_of)))
            for seen in told
        ]
        fresh = {seen.key: seen for seen in [*others, *told]}
        if not (fresh or stored):
            return
        content = _SEEN.dump_json(tuple(fresh.values()), indent=1)
        write_whole(self._path(symbol), lambda new: new.write_bytes(content))

    def _read(self, symbol: str) -> tuple[tuple[SeenEvent, ...], tuple[str, ...]]:
        """Return what is stored; a torn or foreign file counts as nothing, and a note.

        No file is nothing without a note.
        """
        path = self._path(symbol)
        try:
            return _SEEN.validate_json(read_whole(path)), ()
        except FileNotFoundError:
            return (), ()
        except (OSError, ValueError):
            lost = f"events seen in earlier nights are lost, can't read {path.name}"
            return (), (lost,)

    def _path(self, symbol: str) -> AnyPath:
        return self.folder / f"{file_stem(symbol)}.json"


@dataclass(frozen=True)
class Remembered:
    """A source whose word is kept: for nights without answer, and for passed events.

    `forgets` is whether the source drops an event once it has passed; one that does
    not is taken at its present word.
    """

    source: EventSource
    history: EventHistory
    forgets: bool

    @property
    def name(self) -> str:
        """Return the source's name."""
        return self.source.name

    def ask(self, symbol: str, as_of: date, now: datetime) -> EventAnswer:
        """Return the source's answer with what it said before; see `EventSource`."""
        earlier, lost = self.history.known_by(symbol, self.name, as_of)
        try:
            answer = self.source.ask(symbol, as_of, now)
        except SymbolError as error:
            soon = as_of + STILL_NEAR
            near = [one for one in earlier if one.last >= as_of and one.first <= soon]
            if not near:
                return self._silent(error, earlier)
            told = max(event.retrieved_at for event in near).date()
            note = f"{self.name} has no answer, its word of {told} stands"
            return self._silent(error, earlier, note)
        passed = earlier if self.forgets else ()
        passed = tuple(event for event in passed if event.last <= as_of)
        events = tuple(dict.fromkeys([*answer.events, *passed]))
        self.history.learn(symbol, self.name, events, as_of)
        return replace(answer, events=events, notes=(*answer.notes, *lost))

    def _silent(
        self, error: SymbolError, earlier: tuple[Event, ...], *notes: str
    ) -> EventAnswer:
        """Return the earlier events; raise where there is none to return."""
        if not earlier:
            raise error
        return EventAnswer(
            earlier,
            knows_what_comes=False,
            gap=str(error).rstrip("."),
            notes=notes,
        )
