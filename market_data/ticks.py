"""Price steps: the smallest amount by which an exchange's prices differ."""

_STEPS: dict[str, tuple[tuple[float, float], ...]] = {
    # ASX Operating Rules Procedures, 4073: AUD.
    "XASX": ((0.1, 0.001), (2, 0.005), (float("inf"), 0.01)),
    # SEC Rule 612: USD.
    "XNYS": ((1, 0.0001), (float("inf"), 0.01)),
    # RTS 11 of MiFID II, the most liquid band, in pence; others have larger steps.
    "XLON": (
        (100, 0.01),
        (200, 0.02),
        (500, 0.05),
        (1000, 0.1),
        (2000, 0.2),
        (5000, 0.5),
        (float("inf"), 1.0),
    ),
}


def tick_size(exchange: str, price: float) -> float:
    """Return the price step of an exchange code at `price`, in its quote currency.

    Raises
    ------
    KeyError
        If the exchange is not one of `market_data.symbols`.
    """
    return next(step for limit, step in _STEPS[exchange] if price < limit)
