"""The dictionary: direction and object, negation, signed percentages."""

import csv

import pytest
from equipment import equipment, needed
from hypothesis import given
from hypothesis import strategies as st

from features.lexicon import lexicon_polarity


@pytest.mark.parametrize(
    "title",
    [
        "Profit beats estimates",
        "Losses narrow",
        "Costs fall",
        "Shares +4%",
        "Upgraded to buy",
        "Company avoids default",
    ],
)
def test_good_news_is_positive(title: str) -> None:
    """Less of a bad thing is good."""
    assert lexicon_polarity(title) > 0


@pytest.mark.parametrize(
    "title",
    [
        "Shares plunge",
        "Losses widened",
        "Costs rise",
        "Shares -4%",
        "Fraud probe opened",
        "Bank not profitable",
        "Shares slide \u2013 5%",
    ],
)
def test_bad_news_is_negative(title: str) -> None:
    """More of a bad thing is bad."""
    assert lexicon_polarity(title) < 0


@pytest.mark.parametrize("title", ["", "Annual general meeting", "https://x.au/surge"])
def test_no_term_is_nothing(title: str) -> None:
    """Without a term of finance the polarity is 0; an address is no word."""
    assert lexicon_polarity(title) == 0


@given(st.text(max_size=200))
def test_any_text_has_a_polarity(title: str) -> None:
    """It lies in -1 to 1, whatever the text and its case."""
    assert -1 <= lexicon_polarity(title) <= 1


def test_it_is_the_dictionary_that_was_measured() -> None:
    """Each of 2,388 labelled headlines has the polarity of the original."""
    original = equipment("finbert", "headline_lexicon").polarity
    path = needed("finbert/headlines/sent_valid.csv")
    with path.open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    assert len(texts) > 2000
    assert [lexicon_polarity(text) for text in texts] == [original(t) for t in texts]
