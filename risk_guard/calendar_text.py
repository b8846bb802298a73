"""A calendar file's bytes to records: encoding, separator, quotes, line numbers.

Knows nothing of events; `calendar_file` makes events of the records.
"""

import codecs
import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from config.plain_text import detect_encoding, plain_text

SEPARATORS = (",", ";", "\t")
"""Spreadsheets of countries with a decimal comma separate cells by semicolons."""

MAX_LINE_LETTERS = 10_000
MAX_LINES = 100_000
MAX_RECORD_LINES = 20
"""Lines that a quoted cell with line breaks may reach over."""

_LINE_END = re.compile(r"\r\n|\n|\r")
_SEPARATOR_LINE = re.compile(r'"?sep=.?"?', re.IGNORECASE)
"""Excel's own first line, which names the separator."""


@dataclass(frozen=True)
class Record:
    """One record: the number of its first line, its cells, and why it is unreadable."""

    number: int
    cells: tuple[str, ...]
    fault: str = ""


def decode_text(content: bytes) -> str:
    """Return the bytes as text, read by their byte-order mark.

    Without a mark they are UTF-8, or Windows-1252 if they can't be UTF-8.

    Raises
    ------
    ValueError
        If they are neither, with the reason and what to do.
    """
    encoding = detect_encoding(content)
    if encoding in ("", "utf-8-sig"):
        text = _eight_bit(content)
    else:
        text = _sixteen_bit(content, encoding)
    if "\0" in text:
        raise ValueError(
            "it holds NUL bytes, as UTF-16 without a byte-order mark does; save it as "
            "CSV UTF-8"
        )
    if len(text_lines(text)) > MAX_LINES:
        raise ValueError(f"it has more than {MAX_LINES} lines; keep the coming events")
    return text.lstrip("\ufeff")


def _eight_bit(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        body = content.removeprefix(codecs.BOM_UTF8)
        return body.decode("cp1252", errors="replace")


def _sixteen_bit(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"its byte-order mark says {encoding.upper()}, but the bytes are not "
            f"({error.reason}); save it as CSV UTF-8"
        ) from error


def text_lines(text: str) -> list[str]:
    r"""Return the lines, which end at `\n`, `\r\n` and `\r` only."""
    return _LINE_END.split(text)


def calendar_records(
    text: str,
    needed: Sequence[str],
    is_event: Callable[[Sequence[str], Sequence[str]], bool],
) -> tuple[tuple[str, ...], Iterator[Record]]:
    """Return the header's names in small letters, and the records after it.

    Comments (`#`) and lines without content are left out. `needed` are names that the
    header has; they show what separates the cells. A quoted cell may hold line breaks.
    A quote that is never closed spoils its own line only: `is_event(names, cells)` is
    whether a line that the quote would swallow is an event by itself.
    """
    lines = text_lines(text)
    start = next((at for at, line in enumerate(lines) if _has_header(line)), None)
    if start is None:
        return (), iter(())
    found = [(_names(lines[start], one), one) for one in SEPARATORS]
    names, separator = next(
        (one for one in found if set(needed) <= set(one[0])), found[0]
    )

    @lru_cache(maxsize=2 * MAX_RECORD_LINES)
    def stands_alone(line: str) -> bool:
        return is_event(names, _loose_cells(line, separator))

    return names, _records(lines, start + 1, separator, stands_alone)


def _has_header(line: str) -> bool:
    content = line.strip(" ,;\t")
    return bool(content) and not (
        content.startswith("#") or _SEPARATOR_LINE.fullmatch(content)
    )


def _names(line: str, separator: str) -> tuple[str, ...]:
    cells = [plain_text(cell).strip() for cell in _loose_cells(line, separator)]
    while cells and not cells[-1]:
        cells.pop()  # Spreadsheets pad a line with empty cells.
    return tuple(cell.lower() for cell in cells)


def _records(
    lines: Sequence[str],
    start: int,
    separator: str,
    stands_alone: Callable[[str], bool],
) -> Iterator[Record]:
    at = start
    while at < len(lines):
        line = lines[at]
        if line.lstrip().startswith("#") or not line.strip(" ,;\t"):
            at += 1
            continue
        record, used = _record(lines, at, separator, stands_alone)
        at += used
        if any(record.cells) and not record.cells[0].startswith("#"):
            yield record


def _record(
    lines: Sequence[str],
    at: int,
    separator: str,
    stands_alone: Callable[[str], bool],
) -> tuple[Record, int]:
    """Return the record that begins at a line, and how many lines it takes."""
    line = lines[at]
    cells, used, fault = _strict_cells([line], separator), 1, ""
    if cells is None and len(line) <= MAX_LINE_LETTERS and _is_open(line, separator):
        cells, used = _continued(lines, at, separator, stands_alone)
        fault = "" if cells else "a double quote is opened and never closed"
    if len(line) > MAX_LINE_LETTERS:
        fault = f"it is longer than {MAX_LINE_LETTERS} characters"
    found = cells or _loose_cells(line, separator)
    texts = (" ".join(plain_text(cell).split()) for cell in found)
    return Record(at + 1, tuple(texts), fault), used


def _continued(
    lines: Sequence[str],
    at: int,
    separator: str,
    stands_alone: Callable[[str], bool],
) -> tuple[list[str] | None, int]:
    """Return the cells of a record over several lines, None if there is no end."""
    for end in range(at + 1, min(at + MAX_RECORD_LINES, len(lines))):
        if len(lines[end]) > MAX_LINE_LETTERS or stands_alone(lines[end]):
            break
        if lines[end].count('"') % 2:  # The first one that can close the quote.
            cells = _strict_cells(lines[at : end + 1], separator)
            return (cells, end + 1 - at) if cells else (None, 1)
    return None, 1


def _is_open(line: str, separator: str) -> bool:
    return _strict_cells([f'{line}"'], separator) is not None


def _strict_cells(lines: Sequence[str], separator: str) -> list[str] | None:
    """Return the cells of the lines as one well-formed record, None if they are not."""
    try:
        rows = list(
            csv.reader(
                [f"{line}\n" for line in lines],
                delimiter=separator,
                skipinitialspace=True,
                strict=True,
            )
        )
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _loose_cells(line: str, separator: str) -> list[str]:
    """Return a line's cells, whatever its quotes; a long line's are cut."""
    cut = [line[:MAX_LINE_LETTERS]]
    return next(csv.reader(cut, delimiter=separator, skipinitialspace=True), [])
