"""What a night must not do when it has thousands of symbols."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from market_data.selection import Symbols
from pipeline.plan import RunRequest, plan_run


class Counted(tuple[str, ...]):
    """Symbols that count how often somebody walks through them."""

    __slots__ = ()
    walks = 0

    def __iter__(self) -> Iterator[str]:
        """Count one more walk."""
        Counted.walks += 1
        return super().__iter__()


def test_no_task_walks_through_all_symbols(
    prefect_server: None,  # noqa: ARG001
    market: Path,
    tmp_path: Path,
) -> None:
    """A task takes the same time for any number of symbols: it reads no other."""
    from prefect import flow  # noqa: PLC0415

    from pipeline.run import training_stages  # noqa: PLC0415
    from pipeline.symbol import train_symbol  # noqa: PLC0415
    from tasks.stages import as_tasks, open_flow_run  # noqa: PLC0415

    planned = plan_run(
        RunRequest(
            selection=Symbols(symbols=("AAA.AX", "BBB.AX")),
            source="folder",
            folder=market,
            as_of=datetime(2025, 11, 10, tzinfo=UTC).date(),
            train="never",
            home=tmp_path,
        ),
        now=datetime.now(UTC),
    )
    night = replace(planned, symbols=Counted(planned.symbols))

    @flow
    def one_symbol() -> tuple[str | None, int]:
        with open_flow_run(night, "training") as run:
            stages = as_tasks(night, training_stages(night, run))
            before = Counted.walks
            found = train_symbol(night, stages, "AAA.AX")
        return found.failure, Counted.walks - before

    assert one_symbol() == (None, 0)
