"""Checkpoints lie where the night's tables lie, in a store too."""

from datetime import UTC, date, datetime

from pipeline.checkpoints import Checkpoints
from screening.findings import PriceFindings
from storage.home import Home
from storage.paths import is_there

BEGUN = datetime(2025, 11, 10, 9, tzinfo=UTC)


def test_a_checkpoint_comes_back_until_it_is_dropped(home: Home) -> None:
    """What a stage found is found again, its place in the home included."""
    checkpoints = Checkpoints(home.nights / "2025-11-10" / "unfinished" / "x", BEGUN)
    found = PriceFindings(
        path=home.nights / "2025-11-10" / "prices" / "CBA.AX.parquet",
        sessions=250,
        currency="AUD",
        source="yahoo",
        defects=("a jump",),
        dividends={date(2025, 8, 20): 2.6},
    )
    checkpoints.write("download", "CBA.AX", found)
    checkpoints.write("other", "CBA.AX", found)
    assert checkpoints.read("download", "CBA.AX", PriceFindings) == found
    assert checkpoints.read("download", "BHP.AX", PriceFindings) is None
    checkpoints.drop("download")
    assert checkpoints.read("download", "CBA.AX", PriceFindings) is None
    assert checkpoints.read("other", "CBA.AX", PriceFindings) == found
    checkpoints.drop()
    assert not is_there(checkpoints.folder)
