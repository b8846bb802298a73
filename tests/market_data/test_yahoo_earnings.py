"""Yahoo's page of earnings dates: whole, or a typed failure, never fewer rows."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pandas as pd
import pytest
from equipment import Replay

from config.errors import (
    NoCalendar,
    RateLimited,
    SymbolError,
    UnknownSymbol,
    Unreachable,
)
from config.settings import PriceSettings
from market_data.yahoo_client import YahooClient
from market_data.yahoo_earnings import read_earnings_page

WHOLE = b"<html><table><tr><td>1</td></tr></table></html>"


def client(**changes: float) -> YahooClient:
    """Return a client that does not wait between two questions."""
    given = {"extras_retry_seconds": 0, "requests_per_second": 50} | changes
    return YahooClient(PriceSettings(**given))


def test_the_page_s_instants_are_those_of_new_york(replay: Replay) -> None:
    """Apple's reports since 2015 and the coming one, to the hour; one request."""
    found = client().earnings("AAPL")
    assert (len(found), found[-1].date()) == (43, date(2015, 1, 27))
    assert found[0].isoformat() == "2025-07-31T16:00:00-04:00"
    assert replay.stats()["by_endpoint"]["earnings_html"] == 1


def test_a_page_without_earnings_is_an_empty_list(replay: Replay) -> None:
    """Yahoo knows the stock and no report of it; that is an answer."""
    assert client().earnings("BP.L") == ()
    assert replay.stats()["by_endpoint"]["earnings_html"] == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("rate_limit", RateLimited),
        ("http,status=503", Unreachable),
        ("truncate", Unreachable),
        ("cut", Unreachable),
        ("html_down", Unreachable),
        ("reset", Unreachable),
        ("not_found", UnknownSymbol),
    ],
)
def test_a_bad_page_is_a_failure(
    replay: Replay, fault: str, kind: type[SymbolError]
) -> None:
    """The client would return no rows, or those of the first half of the page."""
    name, _, more = fault.partition(",")
    replay.faults(",".join(filter(None, [name, "endpoint=earnings_html", more])))
    with pytest.raises(kind, match=r"AAPL") as failure:
        client().earnings("AAPL")
    assert type(failure.value) is kind


def test_a_cut_page_is_asked_for_again(replay: Replay) -> None:
    """Within the waiting time of calendar and headlines."""
    replay.faults("truncate,endpoint=earnings_html,first=1")
    assert len(client(extras_retry_seconds=10).earnings("AAPL")) == 43


def test_a_hanging_page_ends_with_the_time_limit(replay: Replay) -> None:
    """The limit of a request is that of all other questions."""
    replay.faults("hang,seconds=8,endpoint=earnings_html")
    begun = datetime.now(UTC)
    with pytest.raises(Unreachable):
        client(request_timeout_seconds=1).earnings("AAPL")
    assert (datetime.now(UTC) - begun).total_seconds() < 6


def ticker(
    table: pd.DataFrame | Exception | None, body: bytes = WHOLE, status: int = 200
) -> SimpleNamespace:
    """Return a `Ticker` whose page gives this table, or fails."""

    def get_earnings_dates(limit: int) -> pd.DataFrame | None:
        assert limit == 100
        if isinstance(table, Exception):
            raise table
        return table

    session = SimpleNamespace(last_body=body, last_status=status)
    return SimpleNamespace(session=session, get_earnings_dates=get_earnings_dates)


def test_a_page_of_another_form_is_not_asked_for_again() -> None:
    """It is not `Unreachable`, which would use up the run's waiting time."""
    with pytest.raises(NoCalendar, match="another form"):
        read_earnings_page(ticker(KeyError("Symbol")), "AAPL")
    with pytest.raises(Unreachable):
        read_earnings_page(ticker(KeyError("Symbol"), WHOLE[:20]), "AAPL")


@pytest.mark.parametrize("status", [400, 401, 500])
def test_an_error_page_with_a_table_is_a_failure(status: int) -> None:
    """The status counts, not what the page holds."""
    with pytest.raises(Unreachable, match=f"status {status}"):
        read_earnings_page(ticker(None, status=status), "AAPL")


def test_a_row_without_a_date_is_left_out() -> None:
    """The other rows are kept."""
    noon = pd.Timestamp("2025-05-01 12:00", tz="America/New_York")
    table = pd.DataFrame(index=pd.DatetimeIndex([pd.NaT, noon]))
    assert read_earnings_page(ticker(table), "AAPL") == (noon.to_pydatetime(),)


def test_a_page_cut_after_its_table_is_whole_enough() -> None:
    """Every row is there; without a table the page's own end must be."""
    body = WHOLE.removesuffix(b"</html>")
    empty = pd.DataFrame(index=pd.DatetimeIndex([]))
    assert read_earnings_page(ticker(empty, body), "AAPL") == ()
    with pytest.raises(Unreachable):
        read_earnings_page(ticker(None, b"<html><body>"), "AAPL")


@pytest.mark.parametrize(
    "text", ["", "Please verify you are human", "Before you continue to Yahoo"]
)
def test_a_page_that_names_no_result_is_not_an_empty_list(text: str) -> None:
    """It is not Yahoo's calendar, and not a lasting failure that would be stored."""
    body = f"<html><body>{text}</body></html>".encode()
    with pytest.raises(SymbolError, match="neither earnings") as failure:
        read_earnings_page(ticker(None, body), "AAPL")
    assert not isinstance(failure.value, NoCalendar | UnknownSymbol | Unreachable)


@pytest.mark.parametrize("mark", ["'", "&#x27;", "&#39;", "\u2019"])
def test_yahoo_s_sentence_for_no_results_is_an_empty_list(mark: str) -> None:
    """However the page writes the apostrophe."""
    body = f"<html><div>We couldn{mark}t find any results.</div></html>".encode()
    assert read_earnings_page(ticker(None, body), "AAPL") == ()
