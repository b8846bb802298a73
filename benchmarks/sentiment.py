"""Measures speed and accuracy of the news engines on labelled headlines.

    uv run python benchmarks/sentiment.py HEADLINES.csv [--home DIR] [--rows N]

HEADLINES.csv has the columns `text,label`; label 0 is bearish, 1 bullish, 2 neutral.
An engine's answer is bullish above a polarity of +0.1 and bearish below -0.1. FinBERT
is measured if `overnight model status` finds it. `always neutral` is for comparison.
"""

import argparse
import csv
import operator
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
    """An engine's headlines per second, share of right answers, and macro F1."""

    engine: str
    per_second: float
    accuracy: float
    macro_f1: float


def main() -> None:
    """Print one line per engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("headlines", type=Path)
    parser.add_argument("--home", type=Path, default=Path())
    parser.add_argument("--rows", type=int, default=None, help="the first N only")
    options = parser.parse_args()
    texts, labels = read_labelled(options.headlines, options.rows)
    readers = engines(options.home)
    print(f"{len(texts)} headlines")
    print(f"{'engine':16} {'per second':>10} {'accuracy':>9} {'macro-F1':>9}")
    for name, read in readers.items():
        score = measure(name, read, texts, labels)
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
    """Return the available engines, `always neutral` first."""
    found: dict[str, Read] = {
        "always neutral": lambda texts: [0.0] * len(texts),
        "lexicon": lambda texts: [lexicon_polarity(text) for text in texts],
    }
    settings = read_settings(home).sentiment
    try:
        model = load_finbert(find_files(settings), settings.threads)
    except SentimentUnavailable as error:
        print(f"FinBERT is not measured: {error}")
    else:
        found[f"finbert {settings.precision}"] = model.polarities
    return found


def measure(
    name: str, read: Read, texts: Sequence[str], labels: Sequence[int]
) -> Score:
    """Return the engine's speed and accuracy on the texts."""
    started = time.perf_counter()
    polarities = read(texts)
    seconds = time.perf_counter() - started
    answers = [_answer(polarity) for polarity in polarities]
    right = sum(map(operator.eq, answers, labels))
    return Score(
        engine=name,
        per_second=len(texts) / seconds,
        accuracy=right / len(texts),
        macro_f1=sum(_f1(answers, labels, kind) for kind in (-1, 0, 1)) / 3,
    )


def _answer(polarity: float) -> int:
    if abs(polarity) <= NEUTRAL_WITHIN:
        return 0
    return 1 if polarity > 0 else -1


def _f1(answers: Sequence[int], labels: Sequence[int], kind: int) -> float:
    """Return the F1 of one kind of label, 0 if it never occurs."""
    hits = list(zip(answers, labels, strict=True)).count((kind, kind))
    total = answers.count(kind) + labels.count(kind)
    return 2 * hits / total if total else 0.0


if __name__ == "__main__":
    main()
