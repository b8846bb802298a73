"""Decides whether a headline's title names a company, by ticker or by name.

A price source gives legal names ("COMMONWEALTH BANK OF AUSTRALIA"). The press uses
other names; `PRESS_NAMES` has those of the built-in lists.
"""

import html
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
    "UBER": ("Uber",),
    "SNAP": ("Snap",),
    "ETSY": ("Etsy",),
    "ROKU": ("Roku",),
    "DELL": ("Dell",),
    "EBAY": ("eBay",),
    "GAP": ("Gap",),
}

_LEGAL_FORMS = re.compile(
    r"(?:[\s,]+(?:and|&|co|company|corp|corporation|group|holdings?|inc|incorporated|"
    r"limited|ltd|n\.?v|plc|s\.?a|se|trust|the))+\.?$",
    re.IGNORECASE,
)

_INDUSTRIES = re.compile(
    r"\s+(?:banking|communications|energy|entertainment|financial|industries|metals|"
    r"minerals|mining|oil|pharmaceuticals?|platforms|resources|systems|"
    r"technolog(?:y|ies)|wholesale)$",
    re.IGNORECASE,
)
"""Words that the press omits: Lloyds Banking, Fortescue Metals, Meta Platforms."""

_COMMON_WORDS = frozenset(
    "american australian british eastern first general global international national "
    "new north royal south standard texas united universal us western".split()
)
"""Words too common to name a company alone: "American" is not American Resources."""

_WORDS = frozenset(
    "a all an any are ball be beat best big can car cars cash cat caps care cost cook "
    "cube cure dash dog drive ear earn east eat edit else ever eye eyes fast fate five "
    "flex flow for form free fun gain gap ge glad go gold good grow has has here hero "
    "hope hot it key kids life love low main man many maps max mind mood most nice now "
    "oil on one onto open or out pay peak pets play plug plus pool post pump rare real "
    "ride root run safe sail see site sky snap so spot star stay sun team tell this "
    "top trip true turn two vale very vote wall well west wish wolf work you".split()
)
"""Tickers that are ordinary words: alone they do not name a company."""

_AFTER_COMPANY = (
    r"(?:'s\b|,?\s+(?:inc|corp|plc|ltd|co|shares?|stocks?|earnings|profits?|"
    r"revenues?|sales|results|guidance|outlook|forecast|dividend|buyback|ceo|cfo|q[1-4]|"
    r"beats?|misses|raises?|cuts?|posts?|reports?|says|names|plans|launches|wins|buys|"
    r"sells|sues|settles|jumps?|falls?|rises?|drops?|slides?|sinks?|gains?|climbs?|"
    r"surges?|soars?|tumbles?|plunges?|slumps?|rallies|rally|upgraded|downgraded)\b)"
)
"""Words that often follow a company's name, and rarely an ordinary word."""

_EXCHANGES = (
    r"(?:NYSE(?:\s?(?:ARCA|AMERICAN|MKT))?|NYSEARCA|NASDAQ(?:GS|GM|CM)?|AMEX|ASX|LSE|"
    r"LON|OTC)"
)

_SIGNS = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u02bc": "'",
        "\u2010": "-",
        "\u2011": "-",
    }
)

_SHORT_TICKER = 2
"""A bare ticker with up to this many letters is read as a word (`V`, `MA`)."""


MAX_COMPANY_NAME = 200
"""A longer company name is not used."""


def note_unused_name(company: str) -> tuple[str, ...]:
    """Return a note if the company's name is too long to be used, else nothing."""
    if len(company) <= MAX_COMPANY_NAME:
        return ()
    note = f"the company's name is not used, it has {len(company):,} characters"
    return (f"{note} of at most {MAX_COMPANY_NAME}",)


def press_names(symbol: str, company: str, own: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the names under which a title may mention the symbol's company.

    `company` is the price source's name for it, "" if it gives none. `own` are the
    names that the user has set.
    """
    company = company.strip() if len(company) <= MAX_COMPANY_NAME else ""
    legal = re.sub(r"^the\s+", "", company, flags=re.IGNORECASE)
    short = _LEGAL_FORMS.sub("", legal)
    candidates = (short, _INDUSTRIES.sub("", short))
    given = [name for name in candidates if _is_specific(name, symbol)]
    return tuple(dict.fromkeys([*own, *PRESS_NAMES.get(symbol, ()), *given]))


def names_company(title: str, symbol: str, names: Iterable[str]) -> bool:
    """Return whether the title has the ticker, or one of `names`, as whole words.

    A ticker counts in capitals. A ticker of one or two letters counts only as `$V`,
    `NYSE: V`, `V.L`, or `(V)` after a word of the company's name. Names count in any
    case. A name that equals the ticker must be written like a name: `Uber` or `eBay`.
    """
    text, ticker = plain_title(title), _ticker(symbol)
    known = [plain_title(name) for name in names if name.strip()]
    if _has_marked_ticker(text, symbol) or _has_ticker_in_brackets(text, ticker, known):
        return True
    if len(ticker) > _SHORT_TICKER and _has_bare_ticker(text, ticker):
        return True
    return any(_has_name(text, name, ticker) for name in known)


def plain_title(title: str) -> str:
    """Return the title with plain quotes and hyphens, no entities, and `&` as `and`."""
    plain = decode_entities(title).translate(_SIGNS)
    spaced = re.sub(r"\s*&\s*", " and ", plain)
    return " ".join(spaced.split())


def decode_entities(text: str) -> str:
    """Return the text without HTML entities, also if encoded twice: `&amp;#39;`."""
    return html.unescape(html.unescape(text))


def _has_marked_ticker(text: str, symbol: str) -> bool:
    """Return whether the text has `$T`, `NYSE: T` or `T.L`."""
    ticker = _ticker_pattern(_ticker(symbol))
    patterns = [
        rf"(?<![\w$])\${ticker}(?!\w|[.,]\d)",
        rf"\b{_EXCHANGES}\s?:\s?{ticker}(?!\w)",
    ]
    if symbol != _ticker(symbol):
        patterns.append(rf"(?<!\w){_ticker_pattern(symbol)}(?!\w)")
    return any(re.search(pattern, text) for pattern in patterns)


def _has_ticker_in_brackets(text: str, ticker: str, names: Iterable[str]) -> bool:
    """Return whether `(T)` follows a word of one of the names."""
    found = re.search(rf"([\w'-]+)[.,]?\s*\({_ticker_pattern(ticker)}\)", text)
    if not found:
        return False
    words = {word for name in names for word in name.casefold().split()}
    return found[1].casefold() in words - _COMMON_WORDS - {"and", "the", "of"}


def _has_bare_ticker(text: str, ticker: str) -> bool:
    """Return whether the ticker is there in capitals.

    A ticker that is an ordinary word counts only before `_AFTER_COMPANY`.
    """
    follows = _AFTER_COMPANY if ticker.casefold() in _WORDS else ""
    pattern = rf"(?<![\w.]){_ticker_pattern(ticker)}(?![\w.]\w|\w)(?i:{follows})"
    return bool(re.search(pattern, text))


def _has_name(text: str, name: str, ticker: str) -> bool:
    """Return whether the text has the name as whole words."""
    if name.casefold() != ticker.casefold():
        pattern = rf"(?<!\w){re.escape(name)}(?!\w)"
        return bool(re.search(pattern, text, re.IGNORECASE))
    forms = "|".join(re.escape(form) for form in {name, name.capitalize()})
    is_word = name.casefold() in _WORDS
    for found in re.finditer(rf"(?<![\w-])(?:{forms})(?![\w-])", text):
        follows = re.match(_AFTER_COMPANY, text[found.end() :], re.IGNORECASE)
        if follows or not is_word or _is_capital_of_name(text, found.start()):
            return True
    return False


def _is_capital_of_name(text: str, start: int) -> bool:
    """Return whether that capital marks a name: it does within a sentence."""
    before = text[:start].rstrip()
    is_sentence = re.search(r"\b[a-z]{5,}\b", text)  # Not A Title In Capitals.
    return bool(before and before[-1] not in ".:!?-'\"" and is_sentence)


def _ticker_pattern(ticker: str) -> str:
    """Return a pattern of the ticker: `BRK-B` is also written `BRK.B` and `BRK/B`."""
    return re.escape(ticker).replace(r"\-", "[-./]")


def _is_specific(name: str, symbol: str) -> bool:
    """Return whether a legal name is more specific than a ticker or a common word.

    A name that equals the ticker must not be in capitals: Uber, not ZZZ.
    """
    word = name.casefold()
    if len(word) <= _SHORT_TICKER or word in _COMMON_WORDS:
        return False
    is_ticker = word in (symbol.casefold(), _ticker(symbol).casefold())
    return not (is_ticker and name.isupper())


def _ticker(symbol: str) -> str:
    return symbol.partition(".")[0].lstrip("^")
