"""The morning's look for last night's CSV."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from config.parameters import TrainingOverrides
from config.settings import BlendSettings, RunSettings, Settings
from market_data.selection import Symbols
from pipeline.plan import RunPlan, RunRequest, plan_run
from pipeline.published_request import write_published_requests
from screening.table import csv_path, write_csv
from tasks.publish import skip_reason

SYMBOLS = ("CBA.AX", "ANZ.AX")
EVENING = datetime(2025, 12, 24, 8, 0, tzinfo=UTC)
"""19:00 in Sydney on a half day; the 25th and 26th are holidays."""


def due(home: Path, now: datetime = EVENING, as_of: date | None = None) -> RunPlan:
    """Return the night of two banks as planned at `now`."""
    return plan_run(
        RunRequest(
            selection=Symbols(symbols=SYMBOLS), as_of=as_of, train="never", home=home
        ),
        now=now,
    )


def publish(home: Path, *statuses: str, symbols: tuple[str, ...] = SYMBOLS) -> Path:
    """Write a CSV of the night of 2025-12-24."""
    path = csv_path(home / "reports" / "csv", date(2025, 12, 24))
    pairs = zip(symbols, statuses, strict=True)
    as_of = date(2025, 12, 24)
    write_csv(
        path,
        [{"symbol": one, "data_status": two, "as_of": as_of} for one, two in pairs],
    )
    return path


def test_a_published_night_is_well(tmp_path: Path) -> None:
    """A CSV with enough usable symbols is all the watch wants."""
    from flows.night_watch import check_night  # noqa: PLC0415

    path = publish(tmp_path, "ok", "failed")
    state = check_night(due(tmp_path))
    assert state.is_completed()
    assert str(path) in state.message


@pytest.mark.parametrize(
    ("statuses", "symbols", "found"),
    [
        (("failed", "failed"), SYMBOLS, "only 0% of its symbols are usable"),
        (("ok", "ok"), ("CBA.AX", "NAB.AX"), "it has no row of ANZ.AX"),
        ((), (), "it has no row of CBA.AX, ANZ.AX"),
    ],
)
def test_a_night_that_is_no_use_is_missed(
    tmp_path: Path, statuses: tuple[str, ...], symbols: tuple[str, ...], found: str
) -> None:
    """A CSV of failures, or without a symbol of the list, does not count."""
    from flows.night_watch import check_night  # noqa: PLC0415

    publish(tmp_path, *statuses, symbols=symbols)
    state = check_night(due(tmp_path))
    assert state.is_failed()
    assert state.name == "Missed"
    assert found in state.message


def test_other_symbols_of_the_night_do_not_matter(tmp_path: Path) -> None:
    """The watch judges its own list's rows, whatever else the night holds."""
    from flows.night_watch import check_night  # noqa: PLC0415

    publish(tmp_path, "ok", "failed", "failed", symbols=(*SYMBOLS, "BHP.AX"))
    assert check_night(due(tmp_path)).is_completed()
    publish(tmp_path, "failed", "failed", "ok", symbols=(*SYMBOLS, "BHP.AX"))
    assert check_night(due(tmp_path)).is_failed()


def test_the_flow_looks_for_the_night_that_was_due(
    prefect_server: None,  # noqa: ARG001
    tmp_path: Path,
) -> None:
    """The watch fails if the night is missing; list and night name its run."""
    from prefect.client.orchestration import get_client  # noqa: PLC0415

    from flows.night_watch import night_watch  # noqa: PLC0415

    arguments: dict[str, Any] = {
        "selection": Symbols(symbols=SYMBOLS),
        "as_of": date(2025, 12, 24),
        "home": str(tmp_path),
    }
    assert night_watch(**arguments, return_state=True).name == "Missed"
    publish(tmp_path, "ok", "ok")
    state = night_watch(**arguments, return_state=True)
    assert state.is_completed()
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(state.state_details.flow_run_id)
    assert run.name == "night-watch CBA.AX ANZ.AX 2025-12-24"


@pytest.mark.parametrize("as_of", [date(2025, 12, 25), date(2025, 12, 27)])
def test_a_night_of_a_holiday_need_not_run(tmp_path: Path, as_of: date) -> None:
    """A date without a session is refused with the last session before it."""
    now = datetime(2025, 12, 28, 8, 0, tzinfo=UTC)
    why = skip_reason(due(tmp_path, now, as_of), as_of)
    assert f"{as_of} is no session of XASX" in why
    assert "2025-12-24" in why


def test_a_published_night_need_not_run(tmp_path: Path) -> None:
    """On the holiday after it the night is found published; before, it must run."""
    holiday = datetime(2025, 12, 25, 8, 0, tzinfo=UTC)
    assert skip_reason(due(tmp_path, holiday), None) == ""
    publish(tmp_path, "ok", "ok")
    assert "the night of 2025-12-24 is published" in skip_reason(
        due(tmp_path, holiday), None
    )


@pytest.mark.parametrize(
    "change",
    [
        {"source": "sample"},
        {"folder": Path("elsewhere")},
        {"train": "always"},
        {"parameters": TrainingOverrides(epochs=3).apply_to("standard")},
        {"settings": Settings(blend=BlendSettings(buy_above=0.4))},
    ],
    ids=str,
)
def test_a_night_of_another_request_must_run(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    """A trial with another source, policy, preset or setting cancels no night."""
    plan = due(tmp_path)
    publish(tmp_path, "ok", "ok")
    write_published_requests(replace(plan, **change), {})
    assert skip_reason(plan, None) == ""
    write_published_requests(plan, {})
    assert "is published" in skip_reason(plan, None)


def test_a_night_without_a_model_for_the_clusters_fault_must_run(
    tmp_path: Path,
) -> None:
    """It must run for the symbol itself; other symbols of the night are published."""
    plan = due(tmp_path)
    publish(tmp_path, "ok", "ok")
    write_published_requests(plan, {}, {"ANZ.AX": "cluster_failed: no worker."})
    assert skip_reason(plan, None) == ""
    assert "is published" in skip_reason(replace(plan, symbols=SYMBOLS[:1]), None)


def test_how_a_run_works_and_reports_is_no_other_request(tmp_path: Path) -> None:
    """Worker processes and charts change no row, so the night need not run again."""
    plan = due(tmp_path)
    publish(tmp_path, "ok", "ok")
    other = Settings(run=RunSettings(training_processes=1))
    write_published_requests(replace(plan, settings=other), {})
    assert "is published" in skip_reason(plan, None)


def test_the_watch_names_a_csv_that_was_changed(tmp_path: Path) -> None:
    """A night that a spreadsheet saved with semicolons is called changed."""
    from flows.night_watch import check_night  # noqa: PLC0415

    path = publish(tmp_path, "ok", "ok")
    path.write_text(path.read_text().replace(",", ";"))
    message = check_night(due(tmp_path)).message or ""
    assert "is no longer as the night wrote it" in message


def test_the_watch_names_a_trials_source(tmp_path: Path) -> None:
    """Rows of a folder do not stand for the live night that was due."""
    from flows.night_watch import check_night  # noqa: PLC0415

    plan = due(tmp_path)
    publish(tmp_path, "ok", "ok")
    write_published_requests(replace(plan, source="folder"), {})
    state = check_night(plan)
    assert state.is_failed()
    assert "CBA.AX was screened with the source folder, not yahoo" in state.message


@pytest.mark.parametrize(
    ("statuses", "symbols"),
    [(("failed", "failed"), SYMBOLS), (("ok", "ok"), ("CBA.AX", "NAB.AX"))],
)
def test_a_failed_night_or_anothers_must_run(
    tmp_path: Path, statuses: tuple[str, ...], symbols: tuple[str, ...]
) -> None:
    """A CSV below the coverage, or of other symbols, is not this night's."""
    publish(tmp_path, *statuses, symbols=symbols)
    assert skip_reason(due(tmp_path), None) == ""
