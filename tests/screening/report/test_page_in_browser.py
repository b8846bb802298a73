"""The morning report in Chromium: its controls, and attacks on it."""

from dataclasses import replace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from made_holdings import held
from made_morning import (
    event,
    failed,
    headline,
    large_night,
    morning,
    past_reactions,
    screened,
    with_events,
    with_news,
)
from made_rows import DISTRIBUTION

from screening.report.facts import Morning, RecordSection, ReportTable

RUN = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def shown(page: Any) -> list[str]:  # noqa: ANN401
    """Return the symbols of the table as a person sees them, in order."""
    return [
        str(row.get_attribute("data-symbol"))
        for row in page.locator(".ranking tbody tr").all()
        if row.is_visible()
    ]


def full_morning() -> Morning:
    """Return a morning with each kind of content."""
    reports = replace(DISTRIBUTION, past=past_reactions(0.03, -0.04, 0.01, 0.07))
    still = replace(DISTRIBUTION, scale=0.001)
    return morning(
        [
            with_events(
                screened("AAA.AX", distribution=reports),
                event(screened().forecast_session),
            ),
            with_news(screened("BBB.AX"), headline("BBB rises"), polarity=-0.6),
            screened("CCC.AX", distribution=still),
            failed("GONE.AX"),
        ],
        holdings=held(),
        track_record=RecordSection(
            ("41 calls have come due.",),
            (ReportTable("By call", ("call", "hit rate"), (("BUY", "54 %"),)),),
        ),
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
def test_axe_finds_no_barrier(open_page: Any, scheme: str, width: int) -> None:  # noqa: ANN401
    """The unfolded page passes axe, light and dark, wide and narrow."""
    page = open_page(full_morning(), scheme, width).page
    page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [320, 400])
def test_a_phone_does_not_scroll_sideways(open_page: Any, width: int) -> None:  # noqa: ANN401
    """Unfolded on a phone, nothing is wider than the screen."""
    page = open_page(full_morning(), width=width).page
    page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_it_requests_nothing_else_and_logs_nothing(open_page: Any) -> None:  # noqa: ANN401
    """Opening the page requests only the page and logs nothing."""
    opened = open_page(full_morning())
    opened.page.locator("#open-all").click()
    assert opened.complaints == []
    assert [url.rpartition("/")[2] for url in opened.requests] == ["report.html"]


def test_a_column_is_sorted_both_ways(open_page: Any) -> None:  # noqa: ANN401
    """A click sorts by the CSV's numbers, the next reverses; empty cells stay last."""
    given = full_morning()
    page = open_page(given).page
    usable = [row for row in given.rows if row["data_status"] != "failed"]
    rising = [row["symbol"] for row in sorted(usable, key=lambda row: row["score"])]
    button = page.get_by_role("button", name="Score")
    button.click()
    assert shown(page) == [*rising[::-1], "GONE.AX"]
    button.click()
    assert shown(page) == [*rising, "GONE.AX"]
    head = page.locator(".ranking th[data-column=score]")
    assert head.get_attribute("aria-sort") == "ascending"


def test_the_keyboard_sorts_too(open_page: Any) -> None:  # noqa: ANN401
    """Enter on a heading sorts like a click."""
    page = open_page(full_morning()).page
    page.get_by_role("button", name="Symbol").press("Enter")
    assert shown(page) == ["AAA.AX", "BBB.AX", "CCC.AX", "GONE.AX"]


def test_filters_hide_rows_and_fold_outs(open_page: Any) -> None:  # noqa: ANN401
    """Filters hide rows and details that do not match, and count the rest."""
    page = open_page(full_morning()).page
    page.locator("#find").fill("bbb")
    assert shown(page) == ["BBB.AX"]
    assert page.locator("#shown").inner_text() == "1 of 4 shown"
    assert page.locator("details.symbol:visible").count() == 1
    page.locator("#find").fill("")
    page.locator("#only-data").select_option("failed")
    assert shown(page) == ["GONE.AX"]
    page.locator("#only-data").select_option("")
    page.locator("#only-out").check()
    assert shown(page) == ["AAA.AX"]


def test_a_symbol_unfolds_from_the_table(open_page: Any) -> None:  # noqa: ANN401
    """The link in the table opens the symbol's details with the chart."""
    page = open_page(full_morning()).page
    chart = page.locator("details[data-symbol='CCC.AX'] figure.chart svg[role=img]")
    assert not chart.is_visible()
    page.locator(".ranking").get_by_role("link", name="CCC.AX").click()
    assert chart.is_visible()


def test_it_can_be_read_without_script(open_page: Any) -> None:  # noqa: ANN401
    """Without scripts, only the controls are missing."""
    page = open_page(full_morning(), java_script=False).page
    assert page.locator(".ranking tbody tr").count() == 4
    assert page.locator(".controls:visible").count() == 0
    page.locator("details.symbol summary").first.click()
    assert page.locator("details.symbol figure.chart svg[role=img]").first.is_visible()


def test_text_from_outside_is_text(open_page: Any) -> None:  # noqa: ANN401
    """Scripts in titles, names and addresses are shown as text."""
    hostile = with_news(
        with_events(
            screened("AAA.AX"),
            event(screened().forecast_session, title=RUN, url="javascript:alert(3)"),
        ),
        headline(RUN, "javascript:alert(4)", provider=RUN),
        headline(f'"{RUN}', "https://x.example/' onmouseover='alert(5)"),
    )
    given = morning([hostile], earlier=None)
    opened = open_page(given)
    opened.page.locator("#open-all").click()
    for title in opened.page.locator(".headlines bdi").all():
        title.hover()
    assert opened.complaints == []
    assert opened.page.locator("img, main script").count() == 0
    assert opened.page.locator("a[href^=javascript]").count() == 0
    assert RUN in opened.page.locator(".headlines").inner_text()


def test_a_script_that_got_in_would_not_run(open_page: Any) -> None:  # noqa: ANN401
    """The page's policy blocks all scripts and styles but its own."""
    opened = open_page(full_morning())
    opened.page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(1)>')"
    )
    opened.page.wait_for_timeout(100)
    assert opened.complaints
    assert all("Content Security Policy" in message for message in opened.complaints)


def test_two_hundred_symbols_open_within_a_second(open_page: Any) -> None:  # noqa: ANN401
    """A large night is drawn with less than a second of work."""
    page = open_page(large_night(200)).page
    asked = page.context.new_cdp_session(page)
    # Processor time: a busy machine does not change it.
    asked.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.reload()
    found = asked.send("Performance.getMetrics")["metrics"]
    (seconds,) = [one["value"] for one in found if one["name"] == "TaskDuration"]
    assert page.locator(".ranking tbody tr").count() == 200
    assert seconds < 1


def test_printing_unfolds_a_small_night(open_page: Any) -> None:  # noqa: ANN401
    """On paper every symbol of a small night has its details, in light colours."""
    page = open_page(full_morning(), "dark").page
    page.emulate_media(media="print", color_scheme="dark")
    chart = page.locator("details[data-symbol='CCC.AX'] figure.chart svg[role=img]")
    assert chart.is_visible()
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(255, 255, 255)"


def test_a_row_opens_its_symbol_in_place(open_page: Any) -> None:  # noqa: ANN401
    """The details stand below the row; closing or sorting puts them back."""
    page = open_page(full_morning()).page
    link = page.locator(".ranking").get_by_role("link", name="CCC.AX")
    link.click()
    below = page.locator(".ranking tr[data-symbol='CCC.AX'] + tr.opened details.symbol")
    assert below.is_visible()
    assert link.get_attribute("aria-expanded") == "true"
    below.locator("summary").first.click()
    page.locator(".ranking tr.opened").wait_for(state="detached")
    assert link.get_attribute("aria-expanded") == "false"
    link.click()
    page.get_by_role("button", name="Score").click()
    assert page.locator(".ranking tr.opened").count() == 0
    assert page.locator("#symbols details.symbol").count() == 4


@pytest.mark.parametrize("width", [1200, 390])
def test_headings_stay_in_view(open_page: Any, width: int) -> None:  # noqa: ANN401
    """In the middle of 60 symbols, below the window, the headings are at the top."""
    page = open_page(large_night(60), width=width).page
    middle = page.locator(".ranking tr[data-symbol='S030.AX']")
    place = middle.bounding_box()
    assert place
    assert place["y"] > 800
    middle.scroll_into_view_if_needed()
    head = page.locator(".ranking > thead th").nth(1).bounding_box()
    assert head
    assert 0 <= head["y"] < 20


def test_a_stock_is_on_the_first_screen_of_a_phone(open_page: Any) -> None:  # noqa: ANN401
    """Title and news come before links and plumbing."""
    page = open_page(large_night(3), width=390).page
    place = page.locator("#changes strong").first.bounding_box()
    assert place
    assert place["y"] < 600


@pytest.mark.parametrize("width", [1200, 360])
def test_axe_finds_no_barrier_in_an_opened_row(open_page: Any, width: int) -> None:  # noqa: ANN401
    """The details within the table pass axe, too, and nothing is wider."""
    page = open_page(full_morning(), width=width).page
    page.locator(".ranking").get_by_role("link", name="BBB.AX").click()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") == width
