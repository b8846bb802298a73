"""Which companies a headline's title names: by ticker, and by the names of the press.

The names that a source gives ("COMMONWEALTH BANK OF AUSTRALIA") are legal ones; the
press writes others, and those of the built-in lists stand here.
"""

import re
from collections.abc import Iterable

PRESS_NAMES: dict[str, tuple[str, ...]] = {
    "CBA.AX": ("Commonwealth Bank", "CommBank"),
    "ANZ.AX": ("ANZ",),
    "NAB.AX": ("National Australia Bank", "NAB"),
    "WBC.AX": ("Westpac",),
    "MQG.AX": ("Macquarie",),
    "BHP.AX": ("BHP",),
    "RIO.AX": ("Rio Tinto",),
    "CSL.AX": ("CSL",),
    "WES.AX": ("Wesfarmers",),
    "BOQ.AX": ("Bank of Queensland", "BOQ"),
    "FMG.AX": ("Fortescue",),
    "AAPL": ("Apple",),
    "MSFT": ("Microsoft",),
    "GOOGL": ("Alphabet", "Google"),
    "GOOG": ("Alphabet", "Google"),
    "NVDA": ("Nvidia",),
    "AMD": ("Advanced Micro Devices", "AMD"),
    "INTC": ("Intel",),
    "AMZN": ("Amazon",),
    "META": ("Meta", "Facebook"),
    "FB": ("Facebook", "Meta"),
    "TSLA": ("Tesla",),
    "IBM": ("IBM",),
    "BP.L": ("BP",),
    "SHEL.L": ("Shell",),
    "HSBA.L": ("HSBC",),
    "ULVR.L": ("Unilever",),
    "AZN.L": ("AstraZeneca",),
}

_LEGAL_FORMS = re.compile(
    r"(?:[\s,]+(?:and|&|co|company|corp|corporation|group|holdings?|inc|incorporated|"
    r"limited|ltd|n\.?v|plc|s\.?a|se|trust|the))+\.?$",
    re.IGNORECASE,
)

_TRADES = re.compile(
    r"\s+(?:banking|communications|energy|entertainment|financial|industries|metals|"
    r"minerals|mining|oil|pharmaceuticals?|platforms|resources|systems|"
    r"technolog(?:y|ies)|wholesale)$",
    re.IGNORECASE,
)
"""What the press leaves off: Lloyds Banking, Fortescue Metals, Meta Platforms."""

_COMMON_WORDS = frozenset(
    "american australian british eastern first general global international national "
    "new north royal south standard texas united universal us western".split()
)
"""Too common to name a company alone: American Resources is not American."""

_SHORT_TICKER = 2
"""Up to so many letters a bare ticker is read as a word (`V`, `MA`), not a stock."""


MAX_COMPANY_NAME = 200
"""Characters of a company's name above which it is not used."""


def unused_name(company: str) -> tuple[str, ...]:
    """Return a note where the company's name is too long to be one, else nothing."""
    if len(company) <= MAX_COMPANY_NAME:
        return ()
    note = f"the company's name is not used, it has {len(company):,} characters"
    return (f"{note} of at most {MAX_COMPANY_NAME}",)


def press_names(symbol: str, company: str, own: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the names by which a title may call the symbol's company.

    `company` is what the price source calls it, empty where it does not say; `own`
    are the user's.
    """
    company = company.strip() if len(company) <= MAX_COMPANY_NAME else ""
    legal = re.sub(r"^the\s+", "", company, flags=re.IGNORECASE)
    short = _LEGAL_FORMS.sub("", legal)
    given = [name for name in (short, _TRADES.sub("", short)) if _tells(name, symbol)]
    return tuple(dict.fromkeys([*own, *PRESS_NAMES.get(symbol, ()), *given]))


def names_company(title: str, symbol: str, names: Iterable[str]) -> bool:
    """Return whether the title names the ticker, or one of `names`, as whole words.

    A ticker counts in capitals; one of one or two letters only where it is marked as
    a ticker: `$V`, `(V)`, `NYSE:V`, `V.L`. Names count in any case.
    """
    ticker = re.escape(_ticker(symbol))
    marked = rf"[$(:]\s?{ticker}\b"
    if symbol != _ticker(symbol):
        marked += rf"|(?<!\w){re.escape(symbol)}(?!\w)"
    bare = rf"|(?<![\w.]){ticker}(?![\w.]\w|\w)"
    short = len(_ticker(symbol)) <= _SHORT_TICKER
    if re.search(marked if short else marked + bare, title):
        return True
    return any(
        re.search(rf"(?<!\w){re.escape(name)}(?!\w)", title, re.IGNORECASE)
        for name in names
        if name
    )


def _tells(name: str, symbol: str) -> bool:
    """Return whether a legal name says more than the ticker or a common word."""
    word = name.casefold()
    return (
        len(word) > _SHORT_TICKER
        and word not in (symbol.casefold(), _ticker(symbol).casefold())
        and word not in _COMMON_WORDS
    )


def _ticker(symbol: str) -> str:
    return symbol.partition(".")[0].lstrip("^")
