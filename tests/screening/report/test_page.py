"""The page as text: complete, equal to the CSV, and safe."""

import base64
import hashlib
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_morning import (
    AS_OF,
    FACTS,
    METADATA,
    event,
    failed,
    headline,
    large_night,
    morning,
    screened,
    with_events,
    with_news,
)

from modelling.freshness import ModelState
from screening.columns import COLUMNS
from screening.findings import ModelFindings
from screening.market_state import group_by_exchange, market_state
from screening.report.facts import EarlierNight, Morning, RecordSection, ReportTable
from screening.report.page import morning_report
from screening.table import cell

MEGABYTE = 1_000_000


class Values(HTMLParser):
    """The values of the page by symbol and column, and its tags and scripts."""

    def __init__(self, page: str) -> None:
        """Read the page."""
        super().__init__()
        self.found: dict[tuple[str, str], set[str]] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._symbol = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Record a tag and its value."""
        given = dict(attrs)
        self.tags.append((tag, given))
        self._symbol = given.get("data-symbol") or self._symbol
        if "data-value" in given:
            key = (self._symbol, str(given["data-column"]))
            self.found.setdefault(key, set()).add(str(given["data-value"]))


def full() -> Morning:
    """Return a morning with events, news, a failure and an earlier night."""
    findings = [
        with_events(screened("AAA.AX"), event(AS_OF, url="https://asx.example/x")),
        with_news(screened("BBB.AX"), headline("BBB.AX rises")),
        failed("GONE.AX"),
    ]
    before = [
        {name: cell(row.get(name)) for name in COLUMNS}
        | {"prediction": "SELL", "score": "-0.4", "event_type": ""}
        for row in morning(findings).rows
    ]
    return morning(findings, earlier=EarlierNight(date(2025, 11, 7), tuple(before)))


def test_every_number_is_the_csvs() -> None:
    """All values of the page equal the CSV's cells, to the digit."""
    given_morning = full()
    rows = {row["symbol"]: row for row in given_morning.rows}
    found = Values(morning_report(given_morning)).found
    for (symbol, column), values in found.items():
        assert values == {cell(rows[symbol].get(column))}
    assert len(found) > 80
    assert {column for _, column in found} >= {
        "score",
        "confidence",
        "probability_up",
        "predicted_return_low",
        "predicted_return_high",
        "event_weight_haircut",
        "rsi",
        "model_skill",
        "finbert_weight",
    }


def test_both_loss_ratios_are_on_the_page() -> None:
    """In the table of models and in the symbol's card; one that is missing says so."""
    finite, findings = screened("AAA.AX"), screened("BBB.AX")
    older = METADATA.model_copy(update={"loss_ratio_vs_persistence": None})
    model = ModelFindings(ModelState("fresh", 2), older, None)
    page = morning_report(morning([finite, replace(findings, model=model)]))
    assert page.count("1.00, raw 5.25") == 2
    assert page.count("not known, raw 5.25") == 2


def test_the_same_morning_is_the_same_page() -> None:
    """The same morning gives the same page at any time."""
    assert morning_report(full()) == morning_report(full())


def test_nothing_is_fetched() -> None:
    """The page loads no file and no host; it only has links."""
    for tag, attributes in Values(morning_report(full())).tags:
        assert "src" not in attributes
        if tag in ("link", "use"):
            assert str(attributes["href"]).startswith(("data:", "#"))
        assert not {name for name in attributes if name.startswith("on")}
        assert "style" not in attributes


def test_the_policy_names_the_script_and_the_style_by_their_hashes() -> None:
    """The policy holds the hashes that the browser computes."""
    page = morning_report(full())
    for tag in ("script", "style"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;" in page


def test_two_hundred_symbols_are_under_three_megabytes() -> None:
    """A night of 200 symbols, all with charts, news and events, fits a mail."""
    page = morning_report(large_night(200))
    assert page.count("<details class=") == 200
    assert len(page.encode()) < 3 * MEGABYTE


def test_what_changed_is_listed() -> None:
    """Changed calls have both scores; without an earlier night the page says so."""
    page = morning_report(full())
    assert "Compared with the night of 2025-11-07, for 3 symbols" in page
    assert "score \u22120.400 to" in page
    assert "New event" in page
    assert "No earlier night" in morning_report(morning([screened()]))


def test_a_night_in_which_all_failed_has_a_report() -> None:
    """If all symbols failed, the page lists them with their reasons."""
    page = morning_report(morning([failed("GONE.AX"), failed("NO.AX")]))
    assert "The run failed: none of 2 symbols is usable" in page
    assert page.count("unknown_symbol: the source must know the symbol") >= 4


def test_a_replay_says_that_it_is_one() -> None:
    """A past night's report is marked as a replay; a live report is not."""
    later = replace(FACTS.sessions[0], expected=date(2026, 1, 5))
    replay = replace(FACTS, sessions=(later,))
    assert "Replay of a past night" in morning_report(
        morning([screened()], night=replay)
    )
    assert "Replay of a past night" not in morning_report(full())


def test_the_track_record_has_its_place() -> None:
    """The record is shown, or else a sentence that there is no record yet."""
    assert "There is no track record yet" in morning_report(full())
    table = ReportTable("By call", ("call", "hit rate"), (("BUY", "<54 %>"),))
    record = RecordSection(("41 calls have come due.",), (table,))
    page = morning_report(morning([screened()], track_record=record))
    assert "41 calls have come due." in page
    assert "&lt;54 %&gt;" in page
    assert "no track record yet" not in page


def test_an_index_is_linked_to_its_details() -> None:
    """The link of a symbol with a caret has a target."""
    page = morning_report(morning([screened("^AXJO")]))
    assert 'href="#symbol-%5EAXJO"' in page
    assert 'id="symbol-^AXJO"' in page


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.text(max_size=60).map(lambda text: f"<script>{text}</script>'\"><b onclick=x>")
)
def test_no_text_from_outside_becomes_a_tag(text: str) -> None:
    """Titles, publishers, names and notices do not change the page's tags."""
    made = Values(morning_report(_morning_with(text))).tags
    plain = Values(morning_report(_morning_with("plain words"))).tags
    assert [tag for tag, _ in made] == [tag for tag, _ in plain]


def _morning_with(text: str) -> Morning:
    """Return a morning with the text wherever text comes from outside."""
    found = with_news(
        with_events(screened(), event(AS_OF, title=text, source=text)),
        headline(f"CBA.AX {text}", provider=text),
    )
    assert found.prices
    named = replace(found, prices=replace(found.prices, company=text, defects=(text,)))
    return morning([named], night=replace(FACTS, notices=(text,)))


def test_a_text_that_no_file_can_hold_is_replaced() -> None:
    """Half a character in a headline does not prevent the report."""
    page = morning_report(morning([with_news(screened(), headline("CBA.AX \ud800"))]))
    assert "CBA.AX ?" in page
    page.encode("utf-8")


def test_the_market_is_between_changes_and_ranking() -> None:
    """One short block per exchange, with a sentence that it changes no call."""
    found = [
        replace(one, prices=replace(one.prices, sector="<b>Energy"))
        for one in (screened("AAA.AX"), screened("MSFT"))
        if one.prices
    ]
    market = tuple(
        market_state(group, None, 7) for group in group_by_exchange(found).values()
    )
    page = morning_report(morning(found, night=replace(FACTS, market=market)))
    places = [
        page.index(f'id="{name}"')
        for name in ("changes", "market", "ranking", "verdict")
    ]
    assert places == sorted(places)
    assert "The market&#39;s state changes no call." in page
    assert page.count("<p>1 symbol: ") == 2
    assert "&lt;b&gt;Energy" in page


def test_a_night_without_a_market_has_no_empty_block() -> None:
    """A report of stored rows alone has neither the section nor its link."""
    assert 'id="market"' not in morning_report(full())
    assert 'href="#market"' not in morning_report(full())
