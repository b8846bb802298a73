"""When stock lists are screened: the `[[schedules]]` of `overnight.toml`.

Values and their checks only: Prefect gets them elsewhere, and nothing here reads the
clock.
"""

import re
import zoneinfo
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from difflib import get_close_matches
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from config.errors import quote_value

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_SCHEDULES = 20

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_LIST_NAME = re.compile(r"\w[\w .-]{0,59}")


def _time_of_day(value: object) -> str:
    if isinstance(value, str) and _TIME.fullmatch(value):
        return value
    raise ValueError(
        '`at` must be a time in quotes from "00:00" to "23:59", such as "06:30", got '
        f"{quote_value(value)}"
    )


def _zone_name(value: object) -> str:
    known = zoneinfo.available_timezones()
    if isinstance(value, str) and value in known:
        return value
    near = get_close_matches(str(value)[:60], known, n=1)
    examples = near or ["Australia/Sydney", "America/New_York"]
    raise ValueError(
        "`timezone` must be a name of the IANA time zones, such as "
        f"{' or '.join(examples)}, got {quote_value(value)}"
    )


def _days_text(value: object) -> str:
    try:
        list(_weekdays(str(value)))
    except ValueError:
        pass
    else:
        return str(value).strip().lower()
    raise ValueError(
        f"`days` must name days of {' '.join(DAYS)}, as a range or with commas, in one "
        f'text, such as "mon-fri" or "tue,thu", got {quote_value(value)}'
    )


def _weekdays(text: str) -> Iterator[int]:
    """Give the days that the text names, Monday as 0; a range may pass Sunday."""
    for part in text.lower().split(","):
        first, _, last = (word.strip() for word in part.partition("-"))
        begin = DAYS.index(first)
        end = DAYS.index(last) if "-" in part else begin
        yield from ((begin + step) % 7 for step in range((end - begin) % 7 + 1))


class Schedule(BaseModel):
    """One list and the days and time at which it is screened."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    list: Annotated[str, Field(description="Stock list, built-in or under [universes]")]
    at: Annotated[
        str,
        BeforeValidator(_time_of_day),
        Field(description="Time of day, 00:00 to 23:59"),
    ]
    timezone: Annotated[
        str,
        BeforeValidator(_zone_name),
        Field(description="IANA zone that time and days are of, e.g. America/New_York"),
    ]
    days: Annotated[
        str,
        BeforeValidator(_days_text),
        Field(description="Days, e.g. mon-fri or tue,thu"),
    ] = "mon-fri"
    train: Annotated[
        Literal["stale", "always", "never"],
        Field(description="Models trained: missing and stale ones, all, or none"),
    ] = "stale"

    @property
    def weekdays(self) -> tuple[int, ...]:
        """Return the days in order, Monday as 0."""
        return tuple(sorted(set(_weekdays(self.days))))

    @property
    def cron(self) -> str:
        """Return the days and the time as a cron line, in which Sunday is 0."""
        hour, minute = map(int, self.at.split(":"))
        days = ",".join(str((day + 1) % 7) for day in self.weekdays)
        return f"{minute} {hour} * * {days}"

    @property
    def sentence(self) -> str:
        """Return `us_tech at 16:45 America/New_York, mon-fri`."""
        return f"{self.list} at {self.at} {self.timezone}, {self.days}"

    def latest_start(self, before: datetime) -> datetime:
        """Return the last start at or before the (aware) instant, in UTC."""
        zone = zoneinfo.ZoneInfo(self.timezone)
        day = before.astimezone(zone).date()
        starts = (
            datetime.combine(day - timedelta(days=back), time.fromisoformat(self.at))
            for back in range(8)
        )
        return next(
            instant
            for start in starts
            if start.weekday() in self.weekdays
            and (instant := start.replace(tzinfo=zone).astimezone(UTC)) <= before
        )


def require_consistent(schedules: Sequence[Schedule], lists: Collection[str]) -> None:
    """Refuse schedules of unknown lists, too many of them, and one given twice.

    Raises
    ------
    ValueError
        Naming the entry's number, counted from 1, the value and what to do.
    """
    if len(schedules) > MAX_SCHEDULES:
        raise ValueError(
            f"`schedules` must have at most {MAX_SCHEDULES} entries, got "
            f"{len(schedules)}; put lists together under [universes], or remove some"
        )
    for number, schedule in enumerate(schedules, start=1):
        place = f"`schedules` entry {number}: "
        if schedule.list not in lists:
            raise ValueError(
                f"{place}`list` must be one of {', '.join(lists)}, got "
                f"{quote_value(schedule.list)}; correct it, or add the list under "
                "[universes]"
            )
        if not _LIST_NAME.fullmatch(schedule.list):
            raise ValueError(
                f"{place}`list` names a deployment, so it must have at most 60 "
                "letters, digits, spaces and `_`, `-` or `.`, got "
                f"{quote_value(schedule.list)}; rename the list under [universes]"
            )
        _require_once(place, schedule, schedules[: number - 1])


def _require_once(place: str, schedule: Schedule, earlier: Sequence[Schedule]) -> None:
    for number, other in enumerate(earlier, start=1):
        same = (other.list, other.at, other.timezone) == (
            schedule.list,
            schedule.at,
            schedule.timezone,
        )
        if same and set(other.weekdays) & set(schedule.weekdays):
            raise ValueError(
                f"{place}{schedule.sentence} is there already as entry {number} "
                f"({other.sentence}); remove one of them, or give them other days"
            )
