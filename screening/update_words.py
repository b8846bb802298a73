"""The sentences of an update before the opening, for its page, message and terminal."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from config.errors import list_names
from screening.track_record.track_record import Mean
from screening.track_record.update_record import UpdateRecord, UpdateRecords
from screening.update_row import Row


@dataclass(frozen=True)
class UpdateTexts:
    """An update of the night of `as_of` in rows and sentences.

    `missed` is the session of a later night that was never published, else None.
    """

    as_of: date
    rows: Sequence[Row]
    notices: Sequence[str] = ()
    missed: date | None = None
    records: UpdateRecords | None = None

    @property
    def updated(self) -> list[Row]:
        """Return the rows with an update, the largest expected gap first."""
        found = [row for row in self.rows if row.get("expected_gap") is not None]
        return sorted(found, key=lambda row: -float(row["expected_gap"]))

    @property
    def flagged(self) -> list[Row]:
        """Return the rows whose event changed since the night."""
        return [row for row in self.rows if row.get("event_changed")]

    @property
    def headline(self) -> str:
        """Return how many stocks are updated, or that there was no night."""
        if self.missed:
            return f"the night of {self.missed} was never published"
        return f"{len(self.updated)} of {len(self.rows)} stocks updated"

    @property
    def replay(self) -> bool:
        """Return whether an update of any stock is not live."""
        return any(row.get("live") is False for row in self.updated)

    def lead_lines(self) -> list[str]:
        """Return one sentence per lead and session on what it did."""
        lines = dict.fromkeys(
            f"{row['lead']}: {float(row['lead_return']):+.2%} from the close of "
            f"{row['lead_base_session']} to that of {row['lead_session']}."
            for row in self.updated
        )
        return [*lines]

    def reason_lines(self) -> list[str]:
        """Return the reasons of stocks without a whole update, with their symbols."""
        if self.missed:
            sentence = (
                f"The night of {self.missed} was never published, so there is no "
                f"update. The last published night is that of {self.as_of}."
            )
            return [sentence]
        by_reason: dict[str, list[str]] = {}
        for row in self.rows:
            if row.get("reason"):
                by_reason.setdefault(str(row["reason"]), []).append(row["symbol"])
        return [
            f"{list_names(symbols, 5)}: {reason.rstrip('.')}."
            for reason, symbols in by_reason.items()
        ]


def record_lines(records: UpdateRecords | None) -> list[str]:
    """Return sentences on the hits of earlier updates."""
    if records is None:
        return []
    shown: Iterable[UpdateRecord] = (
        [records.live, records.replayed] if records.replayed.updates else [records.live]
    )
    return [line for record in shown for line in _record_lines(record)]


def _record_lines(record: UpdateRecord) -> Iterator[str]:
    kind = "Live updates" if record.live else "Replayed updates"
    if not record.updates:
        yield f"{kind}: none yet."
        return
    yield (
        f"{kind}: {record.updates} from {record.first} to {record.last}, "
        f"{record.scored} scored on {record.days} sessions."
    )
    names = {
        "opening gap": record.gap,
        "close to close": record.close_to_close,
        "open to close": record.open_to_close,
        "in the 80 % interval": record.in_interval,
    }
    hits = [f"{name} {_share(mean)}" for name, mean in names.items() if mean]
    if hits:
        yield f"{kind}, same sign as expected: {'; '.join(hits)}."
    elif record.scored:
        yield f"{kind}: too few to tell."


def _share(mean: Mean) -> str:
    if mean.low is None or mean.high is None:
        return f"{mean.mean:.1%}"
    return f"{mean.mean:.1%} ({mean.low:.1%} to {mean.high:.1%})"
