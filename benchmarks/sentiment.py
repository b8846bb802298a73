"""How fast the news engines read, and how right they are, on labelled headlines.

    uv run python benchmarks/sentiment.py HEADLINES.csv [--home DIR] [--rows N]

HEADLINES.csv has the columns `text,label`; label 0 is bearish, 1 bullish, 2 neutral.
An engine says bullish above a polarity of +0.1, bearish below -0.1. FinBERT takes part
where `overnight model status` finds it. Beside them stands always-neutral.
"""

import argparse
import csv
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.errors import SentimentUnavailable
from features.lexicon import lexicon_polarity
from modelling.finbert import load_finbert
from modelling.finbert_files import find_files
from storage.settings_file import read_settings

NEUTRAL_WITHIN = 0.1
LABELS = {"0": -1, "1": 1, "2": 0}

Read = Callable[[Sequence[str]], Sequence[float]]


@dataclass(frozen=True)
class Score:
    """An engine's headlines a second, share of right calls, and macro-averaged F1."""

    engine: str
    per_second: float
    accuracy: float
    macro_f1: float


def main() -> None:
    """Print one line an engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("headlines", type=Path)
    parser.add_argument("--home", type=Path, default=Path())
    parser.add_argument("--rows", type=int, default=None, help="the first N only")
    asked = parser.parse_args()
    texts, labels = read_labelled(asked.headlines, asked.rows)
    readers = engines(asked.home)
    print(f"{len(texts)} headlines")
    print(f"{'engine':16} {'per second':>10} {'accuracy':>9} {'macro-F1':>9}")
    for name, read in readers.items():
        score = scored(name, read, texts, labels)
        print(
            f"{score.engine:16} {score.per_second:10.0f} {score.accuracy:9.3f} "
            f"{score.macro_f1:9.3f}"
        )


def read_labelled(path: Path, rows: int | None) -> tuple[list[str], list[int]]:
    """Return the texts and their labels as -1, 0 or 1."""
    with path.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))[:rows]
    return [row["text"] for row in table], [LABELS[row["label"]] for row in table]


def engines(home: Path) -> dict[str, Read]:
    """Return the engines at hand, always-neutral first."""
    found: dict[str, Read] = {
        "always neutral": lambda texts: [0.0] * len(texts),
        "lexicon": lambda texts: [lexicon_polarity(text) for text in texts],
    }
    settings = read_settings(home).sentiment
    try:
        model = load_finbert(find_files(settings), settings.threads)
    except SentimentUnavailable as error:
        print(f"FinBERT takes no part: {error}")
    else:
        found[f"finbert {settings.precision}"] = model.polarities
    return found


def scored(name: str, read: Read, texts: Sequence[str], labels: Sequence[int]) -> Score:
    """Return how fast and how right an engine reads the texts."""
    started = time.perf_counter()
    polarities = read(texts)
    seconds = time.perf_counter() - started
    calls = [_call(polarity) for polarity in polarities]
    right = sum(call == label for call, label in zip(calls, labels, strict=True))
    return Score(
        engine=name,
        per_second=len(texts) / seconds,
        accuracy=right / len(texts),
        macro_f1=sum(_f1(calls, labels, kind) for kind in (-1, 0, 1)) / 3,
    )


def _call(polarity: float) -> int:
    if abs(polarity) <= NEUTRAL_WITHIN:
        return 0
    return 1 if polarity > 0 else -1


def _f1(calls: Sequence[int], labels: Sequence[int], kind: int) -> float:
    """Return the harmonic mean of precision and recall of one kind, 0 if never met."""
    hits = sum(call == label == kind for call, label in zip(calls, labels, strict=True))
    met = sum(call == kind for call in calls) + sum(label == kind for label in labels)
    return 2 * hits / met if met else 0.0


if __name__ == "__main__":
    main()
