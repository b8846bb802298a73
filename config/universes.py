"""The stock lists that come with the product (SPEC 2)."""

UNIVERSES: dict[str, tuple[str, ...]] = {
    "asx_priority": tuple(
        "CBA.AX ANZ.AX NAB.AX WBC.AX MQG.AX BHP.AX RIO.AX CSL.AX WES.AX BOQ.AX".split()
    ),
    "australian": tuple(
        "CBA.AX BHP.AX WBC.AX ANZ.AX NAB.AX CSL.AX WES.AX FMG.AX".split()
    ),
    "us_tech": ("AAPL", "MSFT", "GOOGL", "NVDA", "AMD", "INTC"),
    "us_mega": ("AAPL", "MSFT", "GOOGL", "AMZN", "META", "TSLA"),
    "uk_ftse": ("BP.L", "SHEL.L", "HSBA.L", "ULVR.L", "AZN.L"),
    "top10": tuple("AAPL MSFT GOOGL TSLA NVDA AMZN META AMD CBA.AX BHP.AX".split()),
    "sample": ("AAPL", "FB", "GOOG", "IBM", "MSFT"),
}
