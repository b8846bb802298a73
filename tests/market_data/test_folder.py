"""The folder source: Yahoo's CSV layout, as people and tools save it."""

import json
import re
from datetime import date
from pathlib import Path

import pytest

from config.errors import (
    BadPrices,
    ParameterError,
    SelectionError,
    SymbolError,
    UnknownSymbol,
)
from config.settings import PriceSettings, Settings
from market_data.folder import FolderSource
from market_data.prices import CLOSE, PriceHistory
from market_data.sources import open_feeds
from market_data.store import PriceStore

HEADER = "Date,Open,High,Low,Close,Adj Close,Volume\n"
ROW = ",10,11,9,10.5,10.25,1000\n"
FIRST, LAST = date(2025, 1, 1), date(2025, 12, 31)


def read(folder: Path, body: str, header: str = HEADER) -> PriceHistory:
    """Return what the source makes of a file with this header and body."""
    (folder / "prices").mkdir(exist_ok=True)
    path = folder / "prices" / "AAPL.csv"
    path.write_text(header + body, encoding="utf-8", newline="")
    return FolderSource(folder).fetch("AAPL", FIRST, LAST)


@pytest.mark.parametrize(
    "body",
    [
        f"2025-06-26{ROW}2025-06-27{ROW}",
        f"2025-06-26{ROW}2025-06-27{ROW}".replace("\n", "\r\n"),
        f"2025-06-26{ROW}2025-06-27{ROW}".rstrip(),
        f"2025-06-26 00:00:00{ROW}2025-06-27 00:00:00{ROW}",
        f"2025-06-26T00:00:00Z{ROW}2025-06-27T00:00:00Z{ROW}",
        f"2024-12-31{ROW}2025-06-26{ROW}2025-06-27{ROW}2026-01-02{ROW}",
    ],
)
def test_rows_of_the_range_are_read(tmp_path: Path, body: str) -> None:
    """Any line end is read, and rows outside the range are left out."""
    frame = read(tmp_path, body).frame
    assert [str(day.date()) for day in frame.index] == ["2025-06-26", "2025-06-27"]
    assert frame.iloc[-1].tolist() == [10, 11, 9, 10.5, 10.25, 1000]


@pytest.mark.parametrize("day", ["2025-06-27 00:00:00+10:00", "2025-06-27T00:00-04:00"])
def test_a_date_with_a_zone_keeps_its_own_day(tmp_path: Path, day: str) -> None:
    """The day that is written is the session: yfinance saves local midnights."""
    frame = read(tmp_path, f"{day}{ROW}").frame
    assert [str(session.date()) for session in frame.index] == ["2025-06-27"]


INSTANTS = {
    "CBA.AX": {
        "midnights in UTC": "2025-06-24 14:00:00+00:00 2025-06-25 14:00:00+00:00",
        "summer and winter": "2025-03-03T13:00:00Z 2025-06-25T14:00:00Z",
        "New York's clock": "2025-06-24 10:00:00-04:00 2025-06-25 10:00:00-04:00",
        "own offset, no colon": "2025-06-25 16:10:00+1000 2025-06-26 16:10:00+1000",
        "a live row": "2025-06-25 00:00:00+10:00 2025-06-26 16:10:30+10:00",
        "without an offset": "2025-06-25 23:59:59 2025-06-26 00:00:00",
        "a day with an offset": "2025-06-25Z 2025-06-26+10:00",
        "milliseconds": "2025-06-24T14:00:00.000Z 2025-06-25T14:00:00.000Z",
        "its word": "2025-06-24 14:00:00 UTC 2025-06-25 14:00 GMT",
    },
    "AAPL": {
        "midnights in UTC": "2025-06-25 04:00:00+00:00 2025-06-26 04:00:00+00:00",
        "summer and winter": "2025-01-15 05:00:00+00:00 2025-06-26 04:00:00+00:00",
        "closes in UTC": "2025-06-25T20:00:00Z 2025-06-26T20:00:00Z",
        "closes in Sydney": "2025-06-26 06:00:00+10:00 2025-06-27 06:00:00+10:00",
        "days marked as UTC": "2025-06-25T00:00:00Z 2025-06-26T00:00:00Z",
        "own midnights": "2025-06-25T00:00:00-04:00 2025-06-26T00:00:00-04:00",
    },
    "BP.L": {
        "midnights in UTC": "2025-06-24 23:00:00+00:00 2025-06-25 23:00:00+00:00",
        "summer and winter": "2025-01-15 00:00:00+00:00 2025-06-25 23:00:00+00:00",
        "own midnights": "2025-01-15 00:00:00+00:00 2025-06-26 00:00:00+01:00",
    },
}


@pytest.mark.parametrize(
    ("symbol", "kind"), [(one, kind) for one in INSTANTS for kind in INSTANTS[one]]
)
def test_an_instant_is_of_the_exchanges_day(
    tmp_path: Path, symbol: str, kind: str
) -> None:
    """An offset is converted to the exchange's clock; a day stays as written."""
    days = re.findall(r"2025-\d\d-\d\d(?:(?! 2025).)*", INSTANTS[symbol][kind])
    (tmp_path / "prices").mkdir()
    path = tmp_path / "prices" / f"{symbol}.csv"
    path.write_text(HEADER + "".join(f"{day}{ROW}" for day in days))
    frame = FolderSource(tmp_path).fetch(symbol, FIRST, LAST).frame
    assert frame.index[-1].date() == date(2025, 6, 26)
    assert len(frame.index.unique()) == 2


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize(
    ("first", "second", "used"),
    [
        ("2025-06-26 00:00:00+10:00", "2025-06-26 16:10:30+10:00", 2),
        ("2025-06-26 16:10:30+10:00", "2025-06-26 00:00:00+10:00", 1),
        ("2025-06-26 09:00", "2025-06-26 16:10", 2),
        ("2025-06-26", "2025-06-26", 2),
    ],
)
def test_of_two_rows_the_later_comes_last(
    tmp_path: Path, first: str, second: str, used: int, *, newest_first: bool
) -> None:
    """By the time of day; without one by the order of the file's rows."""
    (tmp_path / "prices").mkdir()
    lines = ["2025-06-25,9,9,9,9,9,9\n", f"{first},1,1,1,1,1,1\n"]
    lines = [*lines, f"{second},2,2,2,2,2,2\n"]
    body = "".join(reversed(lines) if newest_first else lines)
    (tmp_path / "prices" / "CBA.AX.csv").write_text(HEADER + body)
    frame = FolderSource(tmp_path).fetch("CBA.AX", FIRST, LAST).frame
    assert frame[CLOSE].tolist()[1:] == [3 - used, used]


@pytest.mark.parametrize("cell", ["", "nan", "NaN", "null", " "])
def test_an_empty_cell_is_missing(tmp_path: Path, cell: str) -> None:
    """A cell that says nothing is NaN, for the quality check to name."""
    frame = read(tmp_path, f"2025-06-27,10,11,9,{cell},10.25,1000\n").frame
    assert frame[CLOSE].isna().all()


@pytest.mark.parametrize("cell", ["ten", "1_000", '"1,000"', "0x10", "10.5 AUD", "--"])
def test_a_word_in_a_number_is_refused(tmp_path: Path, cell: str) -> None:
    """A cell that is no number is named by day, column and text."""
    with pytest.raises(BadPrices, match=r"line 2 of 2025-06-27 .*`Close`, got '"):
        read(tmp_path, f"2025-06-27,10,11,9,{cell},10.25,1000\n")


@pytest.mark.parametrize(
    "day",
    [
        "",
        "27/06/2025",
        "yesterday",
        "2025-13-01",
        "2025-06-",
        "2025-06-27 25:00",
        "2025-06-27 10:00 EDT",
        "2025-06-27T10:00:00-99:99",
    ],
)
def test_a_text_in_a_date_is_refused(tmp_path: Path, day: str) -> None:
    """A date of another form is named by its line and text, never guessed."""
    with pytest.raises(BadPrices, match=f"line 3 must hold a date .*, got '{day}'"):
        read(tmp_path, f"2025-06-26{ROW}{day}{ROW}")


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("Date,Open,High,Low,Close,Volume\n", "Adj Close"),
        ("date,open,high,low,close,adj close,volume\n", "Date"),
        ("", "Date"),
        ("Date\n", "Volume"),
    ],
)
def test_a_missing_column_is_named(tmp_path: Path, header: str, named: str) -> None:
    """A file of another layout is refused with the columns it lacks."""
    with pytest.raises(BadPrices, match=f"has no column .*{named}"):
        read(tmp_path, "", header)


@pytest.mark.parametrize(
    "body", ["", '"2025-06-27', f"2025-06-27{ROW}".strip() + ",9,9\n", "\x00\x01\n"]
)
def test_a_damaged_file_is_a_symbols_reason(tmp_path: Path, body: str) -> None:
    """An empty, torn or ragged file fails its own symbol, with a typed cause."""
    with pytest.raises(SymbolError):
        read(tmp_path, body)


def test_a_file_that_is_not_there_is_an_unknown_symbol(tmp_path: Path) -> None:
    """A symbol without a file is unknown, and the file wanted is named."""
    with pytest.raises(UnknownSymbol, match=r"prices/AAPL\.csv"):
        FolderSource(tmp_path).fetch("AAPL", FIRST, LAST)


@pytest.mark.parametrize("symbol", ["../secret", "/etc/passwd", "aapl", ""])
def test_no_other_file_is_ever_read(tmp_path: Path, symbol: str) -> None:
    """Only a parsed symbol becomes a path."""
    with pytest.raises(SelectionError):
        FolderSource(tmp_path).fetch(symbol, FIRST, LAST)


def test_an_unordered_file_comes_through_the_store(tmp_path: Path) -> None:
    """Rows in any order reach the quality check, which puts them in order."""
    read(tmp_path, f"2025-06-26{ROW}2025-06-24{ROW}2025-06-27{ROW}")
    store = PriceStore(tmp_path / "kept", FolderSource(tmp_path), PriceSettings())
    assert len(store.history("AAPL", FIRST, LAST).frame) == 3


def described(tmp_path: Path, text: str) -> PriceHistory:
    """Return a file's history beside an events file that holds `text`."""
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "AAPL.json").write_text(text, encoding="utf-8")
    return read(tmp_path, f"2025-06-26{ROW}2025-06-27{ROW}")


def test_name_and_past_dividends_come_from_the_events_file(tmp_path: Path) -> None:
    """The company's name and the dividends within the range; none after it."""
    paid = [{"date": day, "amount": 0.2} for day in ("2025-06-26", "2026-02-01")]
    text = {"meta": {"longName": "Apple Inc."}, "dividends": paid, "earnings": [1]}
    history = described(tmp_path, json.dumps(text))
    assert history.company == "Apple Inc."
    assert history.dividends == {date(2025, 6, 26): 0.2}


@pytest.mark.parametrize(
    ("text", "sector"),
    [
        ('{"profile": {"sector": " Energy\\n"}}', "Energy"),
        ('{"profile": {"sector": 7}}', ""),
        ('{"profile": ["Energy"]}', ""),
        ("{}", ""),
    ],
)
def test_the_sector_comes_from_the_events_file(
    tmp_path: Path, text: str, sector: str
) -> None:
    """A sector that is no text is not known."""
    assert described(tmp_path, text).sector == sector


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        '{"dividends": [{"date": "soon", "amount": 1}]}',
        '{"dividends": [{"date": "2025-06-26", "amount": NaN}]}',
        '{"dividends": {"2025-06-26": 1}}',
        '{"splits": [{"date": "2025-06-26", "numerator": 1, "denominator": 0}]}',
    ],
)
def test_a_broken_events_file_costs_a_note(tmp_path: Path, text: str) -> None:
    """The prices are used, and a note names the file."""
    history = described(tmp_path, text)
    assert (history.dividends, history.splits) == ({}, {})
    assert len(history.notes) == 1
    assert "events/AAPL.json" in history.notes[0]


def test_an_events_file_above_the_limit_costs_a_note(tmp_path: Path) -> None:
    """A file of a terabyte is not read, and the prices are used."""
    (tmp_path / "events").mkdir()
    with (tmp_path / "events" / "AAPL.json").open("wb") as file:
        file.truncate(10**12)
    history = read(tmp_path, f"2025-06-26{ROW}")
    assert len(history.frame) == 1
    assert history.notes[0].startswith("events/AAPL.json is not used: ")
    assert "larger than 100 MB" in history.notes[0]


@pytest.mark.parametrize(
    ("text", "company"),
    [
        ('{"meta": {"longName": null, "currency": null}}', ""),
        ('{"meta": {"longName": null, "shortName": "Apple"}}', "Apple"),
        ('\ufeff{"meta": {"longName": "Apple Inc."}}', "Apple Inc."),
        ('{"meta": null, "dividends": null, "splits": null}', ""),
    ],
)
def test_what_an_events_file_lacks_is_empty(
    tmp_path: Path, text: str, company: str
) -> None:
    """A null is a part that is not there, and a byte-order mark is no part."""
    history = described(tmp_path, text)
    assert (history.company, history.currency) == (company, "")
    assert (history.dividends, history.notes) == ({}, ())


def test_the_good_entries_of_an_events_file_are_kept(tmp_path: Path) -> None:
    """One bad dividend costs itself only; two of one day add up, a repeat does not."""
    paid = [0.2, 0.3, 0.3, "much"]
    entries = [{"date": "2025-06-26", "amount": amount} for amount in paid]
    split = {"date": "2025-06-27", "numerator": 4, "denominator": 1}
    history = described(
        tmp_path,
        json.dumps(
            {"meta": {"currency": "USD"}, "dividends": entries, "splits": [split]}
        ),
    )
    assert history.dividends == {date(2025, 6, 26): 0.5}
    assert history.splits == {date(2025, 6, 27): 4}
    assert history.currency == "USD"
    assert history.notes[0].startswith("1 dividends of events/AAPL.json can't be read")


@pytest.mark.parametrize("commas", [",", ",,,", ", ,"])
def test_commas_at_the_end_of_a_line_are_let_be(tmp_path: Path, commas: str) -> None:
    """Empty cells beyond the header move no value into another column."""
    row = f"{ROW.strip()}{commas}\n"
    frame = read(tmp_path, f"2025-06-26{row}2025-06-27{row}").frame
    assert frame.iloc[-1].tolist() == [10, 11, 9, 10.5, 10.25, 1000]


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ("27/06/2025,10,11,9,10.5,10.25,1000", "line 7 must hold a date .* in `Date`"),
        ("2025-06-27,10,high,9,10.5,10.25,1000", "line 7 of 2025-06-27 .*`High`"),
        ("2025-06-27,10,11,9,10.5,10.25,1000,7", "line 7 has 8 cells for 7 columns"),
    ],
)
def test_a_bad_row_is_named_by_its_line(tmp_path: Path, row: str, named: str) -> None:
    """Blank lines count: the number is the one that an editor shows."""
    with pytest.raises(BadPrices, match=named):
        read(tmp_path, f"\n2025-06-25{ROW}\n\n2025-06-26{ROW}{row}\n")


YFINANCE = "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits\n"


def test_dividends_and_splits_stand_beside_yfinance_s_prices(tmp_path: Path) -> None:
    """Its default frame has no adjusted closes: the close stands in for them."""
    body = "2025-06-26,10,11,9,10.5,1000,0.0,0.0\n2025-06-27,10,11,9,10.5,1,0.2,4.0\n"
    history = read(tmp_path, body, YFINANCE)
    assert history.frame["adjusted_close"].tolist() == [10.5, 10.5]
    assert history.dividends == {date(2025, 6, 27): 0.2}
    assert history.splits == {date(2025, 6, 27): 4}


def test_a_file_without_adjusted_closes_or_dividends_says_how_to_save_one(
    tmp_path: Path,
) -> None:
    """One sentence holds yfinance's call for this symbol."""
    with pytest.raises(BadPrices, match=r'Ticker\("AAPL"\).history\(.*auto_adjust=F'):
        read(
            tmp_path,
            "2025-06-27,10,11,9,10.5,1000\n",
            "Date,Open,High,Low,Close,Volume\n",
        )


@pytest.mark.parametrize("folder", [None, Path("/nowhere"), Path(__file__)])
def test_a_folder_without_prices_is_refused(folder: Path | None) -> None:
    """A wrong `--folder` is refused before anything runs, with its path."""
    with pytest.raises(ParameterError, match=f"`folder` must .*, got {folder};"):
        open_feeds("folder", folder, Settings())


def test_sources_are_opened_by_name(tmp_path: Path) -> None:
    """Each name gives the source of that name; another one is refused."""
    (tmp_path / "prices").mkdir()
    assert open_feeds("folder", tmp_path, Settings()).prices.name == "folder"
    for name in ("yahoo", "sample"):
        assert open_feeds(name, None, Settings()).prices.name == name
    with pytest.raises(ParameterError, match="got 'google'"):
        open_feeds("google", None, Settings())  # type: ignore[arg-type]
