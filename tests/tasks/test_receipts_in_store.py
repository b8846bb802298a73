"""Receipts lie where the night's tables lie, in a store too."""

from datetime import UTC, date, datetime

from config.home import Home
from config.places import is_there
from screening.findings import PriceFindings
from tasks.receipts import Receipts

BEGUN = datetime(2025, 11, 10, 9, tzinfo=UTC)


def test_a_receipt_comes_back_until_it_is_dropped(home: Home) -> None:
    """What a stage found is found again, its place in the home included."""
    receipts = Receipts(home.nights / "2025-11-10" / "unfinished" / "x", BEGUN)
    found = PriceFindings(
        path=home.nights / "2025-11-10" / "prices" / "CBA.AX.parquet",
        sessions=250,
        currency="AUD",
        source="yahoo",
        defects=("a jump",),
        dividends={date(2025, 8, 20): 2.6},
    )
    receipts.keep("download", "CBA.AX", found)
    receipts.keep("other", "CBA.AX", found)
    assert receipts.finished("download", "CBA.AX", PriceFindings) == found
    assert receipts.finished("download", "BHP.AX", PriceFindings) is None
    receipts.drop("download")
    assert receipts.finished("download", "CBA.AX", PriceFindings) is None
    assert receipts.finished("other", "CBA.AX", PriceFindings) == found
    receipts.drop()
    assert not is_there(receipts.folder)
