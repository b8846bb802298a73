"""When stock lists are screened: the `[[schedules]]` of `overnight.toml`.

Holds and checks the values; `flows/registration.py` passes them to Prefect.
"""

import re
import zoneinfo
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from difflib import get_close_matches
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from config.errors import quote_value
from config.validation import InvalidValueError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_SCHEDULES = 20

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_LIST_NAME = re.compile(r"\w[\w .-]{0,59}")


def _check_time(value: object) -> str:
    if isinstance(value, str) and _TIME.fullmatch(value):
        return value
    raise InvalidValueError(
        f'`at` must be a time from "00:00" to "23:59", got {quote_value(value)}',
        'write it in quotes with two digits each, such as "06:30"',
    )


def _check_zone(value: object) -> str:
    known = zoneinfo.available_timezones()
    if isinstance(value, str) and value in known:
        return value
    near = get_close_matches(str(value)[:60], known, n=1)
    examples = near or ["Australia/Sydney", "America/New_York"]
    raise InvalidValueError(
        f"`timezone` must be an IANA time zone, got {quote_value(value)}",
        f"use a name such as {' or '.join(examples)}",
    )


def _check_days(value: object) -> str:
    try:
        list(_weekdays(str(value)))
    except ValueError:
        raise InvalidValueError(
            f"`days` must name days of {' '.join(DAYS)}, got {quote_value(value)}",
            'write a range or a list with commas in quotes, such as "mon-fri" or '
            '"tue,thu"',
        ) from None
    return str(value).strip().lower()


def _weekdays(text: str) -> Iterator[int]:
    """Yield the days that the text names, Monday as 0; a range may pass Sunday."""
    for part in text.lower().split(","):
        first, _, last = (word.strip() for word in part.partition("-"))
        begin = DAYS.index(first)
        end = DAYS.index(last) if "-" in part else begin
        yield from ((begin + step) % 7 for step in range((end - begin) % 7 + 1))


class Schedule(BaseModel):
    """A stock list with the days and the time at which it is screened."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True
    )

    list: str
    """Stock list, built-in or under [universes]."""
    at: Annotated[str, BeforeValidator(_check_time)]
    """Time of day, 00:00 to 23:59."""
    timezone: Annotated[str, BeforeValidator(_check_zone)]
    """IANA time zone of `at` and `days`, e.g. America/New_York."""
    days: Annotated[str, BeforeValidator(_check_days)] = "mon-fri"
    """Days of the week, e.g. mon-fri or tue,thu."""
    train: Literal["stale", "always", "never"] = "stale"
    """Which models are trained: missing and stale ones, all, or no model."""

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
        """Return the last start at or before `before` (with a time zone), in UTC."""
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
    """Refuse too many schedules, unknown lists and schedules that are there twice.

    Raises
    ------
    InvalidValueError
        Naming the entry by its number, counted from 1.
    """
    if len(schedules) > MAX_SCHEDULES:
        raise InvalidValueError(
            f"`schedules` must have at most {MAX_SCHEDULES} entries, got "
            f"{len(schedules)}",
            "join lists under [universes], or remove entries",
        )
    for number, schedule in enumerate(schedules, start=1):
        entry, name = f"`schedules` entry {number}", quote_value(schedule.list)
        if schedule.list not in lists:
            raise InvalidValueError(
                f"{entry}: `list` must be one of {', '.join(lists)}, got {name}",
                "correct it, or add the list under [universes]",
            )
        if not _LIST_NAME.fullmatch(schedule.list):
            raise InvalidValueError(
                f"{entry}: `list` becomes the name of a deployment, which has at most "
                f"60 letters, digits, spaces and `_`, `-` or `.`, got {name}",
                "rename the list under [universes]",
            )
        for earlier, other in enumerate(schedules[: number - 1], start=1):
            if _overlap(schedule, other):
                raise InvalidValueError(
                    f"{entry}: {schedule.sentence} is there already as entry "
                    f"{earlier} ({other.sentence})",
                    "remove one of them, or give them other days",
                )


def _overlap(first: Schedule, second: Schedule) -> bool:
    """Return whether both screen the same list at the same time of a common day."""
    keys = {"list", "at", "timezone"}
    same = first.model_dump(include=keys) == second.model_dump(include=keys)
    return same and not set(first.weekdays).isdisjoint(second.weekdays)
