"""The book's joint loss beside the sum of the single losses."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening.holdings.book import Position, make_books, money_of

DAYS = pd.date_range("2025-01-01", periods=120, freq="B")


def position(symbol: str, z: Any, **changes: Any) -> Position:  # noqa: ANN401
    """Return 1,000 AUD of a symbol with a scale of 1 % and these past returns."""
    values: dict[str, Any] = {
        "symbol": symbol,
        "currency": "AUD",
        "value": 1000.0,
        "centre": 0.0,
        "scale": 0.01,
        "ordinary": pd.Series(z, DAYS[: len(z)]),
    }
    return Position(**(values | changes))


def normal(seed: int) -> Any:  # noqa: ANN401
    """Return standardised returns of 120 days."""
    return np.random.default_rng(seed).normal(size=len(DAYS))


def test_holdings_that_fall_together_lose_the_plain_sum() -> None:
    """Two holdings with the same days lose together what they lose alone."""
    (book,) = make_books([position("A", normal(1)), position("B", normal(1))])
    assert book.loss == pytest.approx(book.plain_sum, rel=0.1)


def test_a_hedged_book_loses_nothing() -> None:
    """A long and a short position of the same days cancel each other."""
    short = position("B", normal(1), value=-1000.0)
    (book,) = make_books([position("A", normal(1)), short])
    assert book.loss == pytest.approx(0, abs=1e-9)
    assert book.plain_sum > 20


def test_holdings_that_move_apart_lose_less() -> None:
    """The joint loss of four unrelated holdings is about half of the sum."""
    (book,) = make_books([position(str(seed), normal(seed)) for seed in range(4)])
    assert 0.35 < book.loss / book.plain_sum < 0.7


def test_a_reaction_session_draws_from_reactions() -> None:
    """A possible reaction session has the outcomes of reactions, not of past days."""
    wide = np.linspace(-8, 8, 199)
    calm, other = position("A", normal(1)), position("B", normal(2))
    (usual,) = make_books([calm, other])
    (reacting,) = make_books([position("A", normal(1), drawn=wide), other])
    assert reacting.loss > 2 * usual.loss


def test_one_holding_has_its_own_interval() -> None:
    """The book of one holding is that holding."""
    one = position("A", normal(1))
    (book,) = make_books([one])
    assert (book.low, book.high, book.loss) == (one.low, one.high, -one.low)


def test_currencies_are_not_added() -> None:
    """Each currency is a book of its own; pence count as pounds."""
    books = make_books(
        [position("A", normal(1)), position("B", normal(2), currency="GBP")]
    )
    assert [book.currency for book in books] == ["AUD", "GBP"]
    assert money_of("GBp", 250) == ("GBP", 2.5)


def test_the_order_of_the_file_changes_no_number() -> None:
    """Draws do not depend on the order of the positions."""
    both = [position("A", normal(1)), position("B", normal(2)[:90])]
    (one,), (other,) = make_books(both), make_books(both[::-1])
    assert one.loss == pytest.approx(other.loss)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.lists(st.floats(-9, 9), min_size=1, max_size=20),
            st.floats(-1e6, 1e6),
            st.floats(-0.1, 0.1),
            st.booleans(),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_the_joint_loss_is_at_most_the_plain_sum(given_positions: Any) -> None:  # noqa: ANN401
    """For all outcomes, values, centres and reactions: joint loss <= plain sum."""
    positions = [
        position(
            str(at), z, value=value, centre=centre, drawn=np.array(z) if own else None
        )
        for at, (z, value, centre, own) in enumerate(given_positions)
    ]
    (book,) = make_books(positions)
    assert book.loss <= book.plain_sum
    assert book.low <= book.high
