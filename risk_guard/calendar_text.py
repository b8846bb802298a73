"""Reads the bytes of a calendar file into records, whatever program saved it.

`calendar_file` turns the records into events.
"""

import codecs
import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from config.plain_text import detect_encoding, plain_text

SEPARATORS = (",", ";", "\t")
"""Spreadsheets use semicolons in countries with a decimal comma."""

MAX_LINE_LETTERS = 10_000
MAX_LINES = 100_000
MAX_RECORD_LINES = 20
"""Lines that a record with quoted line breaks may have."""

_LINE_END = re.compile(r"\r\n|\n|\r")
_SEPARATOR_LINE = re.compile(r'"?sep=.?"?', re.IGNORECASE)
"""Matches the first line of some Excel files, which names the separator."""


@dataclass(frozen=True)
class Record:
    """The number of a record's first line, its cells, and its fault if unreadable."""

    number: int
    cells: tuple[str, ...]
    fault: str = ""


def decode_text(content: bytes) -> str:
    """Return the bytes as text, decoded as their byte-order mark says.

    Bytes without a mark are decoded as UTF-8, or as Windows-1252 if that fails.

    Raises
    ------
    ValueError
        If the bytes are no such text or have too many lines.
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
    r"""Return the lines; only `\n`, `\r\n` and `\r` end a line."""
    return _LINE_END.split(text)


def calendar_records(
    text: str,
    needed: Sequence[str],
    is_event: Callable[[Sequence[str], Sequence[str]], bool],
) -> tuple[tuple[str, ...], Iterator[Record]]:
    """Return the header's names in lower case, and the records after it.

    Comments (`#`) and empty lines are left out. The separator is the one with which the
    header holds all `needed` names. A quoted cell may hold line breaks. If a quote is
    never closed, only its own line is unreadable: `is_event(names, cells)` tells a line
    that is an event by itself from the rest of a cell.
    """
    lines = text_lines(text)
    start = next((at for at, line in enumerate(lines) if _has_header(line)), None)
    if start is None:
        return (), iter(())
    found = [(_names(lines[start], mark), mark) for mark in SEPARATORS]
    names, separator = next(
        (pair for pair in found if set(needed) <= set(pair[0])), found[0]
    )

    @lru_cache(maxsize=2 * MAX_RECORD_LINES)
    def is_event_line(line: str) -> bool:
        return is_event(names, _loose_cells(line, separator))

    reader = _RecordReader(lines, separator, is_event_line)
    return names, reader.records(start + 1)


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


@dataclass(frozen=True)
class _RecordReader:
    lines: Sequence[str]
    separator: str
    is_event_line: Callable[[str], bool]

    def records(self, start: int) -> Iterator[Record]:
        """Yield the records from the line with index `start` on."""
        at = start
        while at < len(self.lines):
            line = self.lines[at]
            if line.lstrip().startswith("#") or not line.strip(" ,;\t"):
                at += 1
                continue
            record, used = self._record(at)
            at += used
            if any(record.cells) and not record.cells[0].startswith("#"):
                yield record

    def _record(self, at: int) -> tuple[Record, int]:
        """Return the record that begins at a line, and how many lines it takes."""
        line, is_long = self.lines[at], len(self.lines[at]) > MAX_LINE_LETTERS
        cells, used, fault = _strict_cells([line], self.separator), 1, ""
        if is_long:
            fault = f"it is longer than {MAX_LINE_LETTERS} characters"
        elif cells is None and _strict_cells([f'{line}"'], self.separator) is not None:
            cells, used = self._continue(at)
            fault = "" if cells else "a double quote is opened and never closed"
        found = cells or _loose_cells(line, self.separator)
        texts = (" ".join(plain_text(cell).split()) for cell in found)
        return Record(at + 1, tuple(texts), fault), used

    def _continue(self, at: int) -> tuple[list[str] | None, int]:
        """Return the cells of a record of several lines, None if it has no end."""
        for end in range(at + 1, min(at + MAX_RECORD_LINES, len(self.lines))):
            line = self.lines[end]
            if len(line) > MAX_LINE_LETTERS or self.is_event_line(line):
                break
            if line.count('"') % 2:  # The first line that can close the quote.
                cells = _strict_cells(self.lines[at : end + 1], self.separator)
                return (cells, end + 1 - at) if cells else (None, 1)
        return None, 1


def _strict_cells(lines: Sequence[str], separator: str) -> list[str] | None:
    """Return the cells if the lines are one well-formed record, else None."""
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
    """Return a line's cells even if its quotes are wrong; a long line is cut."""
    cut = [line[:MAX_LINE_LETTERS]]
    return next(csv.reader(cut, delimiter=separator, skipinitialspace=True), [])
