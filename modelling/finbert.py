"""FinBERT, run by onnxruntime: titles in, polarities out.

Label order, tokenizer and weights come from the model's own files; a model that calls
bad news good is refused.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from config.errors import SentimentUnavailable
from modelling.finbert_files import (
    CONFIGURATION,
    MAX_TEXT_BYTES,
    TOKENIZER,
    FinbertFiles,
    require_undamaged,
)
from storage.paths import read_bytes

MOST_TOKENS = 64
"""The length FinBERT was trained with; of labelled headlines none is longer."""

BATCH = 32

GOOD_NEWS = "Shares surge after record profit beats estimates"
BAD_NEWS = "Company files for bankruptcy after huge loss"

PLAINLY = 0.25
"""Polarity that each of the two must pass: their signs alone are right where a model's
labels have neutral in another's place."""


@dataclass(frozen=True)
class Finbert:
    """A loaded model; `positive` and `negative` are its labels' places."""

    session: Any
    tokenizer: Any
    positive: int
    negative: int

    def polarities(self, titles: Sequence[str]) -> list[float]:
        """Return P(positive) - P(negative) of each title, in [-1, 1], in their order.

        Titles of like length share a batch, so that little of it is padding.
        """
        order = sorted(range(len(titles)), key=lambda place: len(titles[place]))
        found = np.empty(len(titles))
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            found[places] = self._scored([titles[place] for place in places])
        return [float(polarity) for polarity in found]

    def _scored(self, titles: list[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
        encoded = self.tokenizer.encode_batch(titles)
        columns = {
            "input_ids": [one.ids for one in encoded],
            "attention_mask": [one.attention_mask for one in encoded],
            "token_type_ids": [one.type_ids for one in encoded],
        }
        asked = [given.name for given in self.session.get_inputs()]
        feed = {name: np.asarray(columns[name], np.int64) for name in asked}
        logits = np.asarray(self.session.run(None, feed)[0], np.float64)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        polarity: np.ndarray[Any, np.dtype[np.float64]] = (
            shares[:, self.positive] - shares[:, self.negative]
        )
        return polarity


@lru_cache(maxsize=1)
def load_finbert(files: FinbertFiles, threads: int) -> Finbert:
    """Return the model, loaded once a process and tried on a plain pair of headlines.

    Raises
    ------
    SentimentUnavailable
        If it is damaged, is no three-way sentiment model, or gets the pair wrong.
    """
    require_undamaged(files)
    try:
        positive, negative = _label_places(files)
        model = Finbert(_session(files, threads), _tokenizer(files), positive, negative)
        good, bad = model.polarities([GOOD_NEWS, BAD_NEWS])
    except SentimentUnavailable:
        raise
    except Exception as error:  # onnxruntime and tokenizers raise bare types.
        said = " ".join(str(error).split())[:160]
        raise _unusable(files, f"{type(error).__name__}: {said}") from error
    if not good > PLAINLY > -PLAINLY > bad:
        raise _unusable(
            files,
            f'polarity {good:+.2f} for "{GOOD_NEWS}" and {bad:+.2f} for "{BAD_NEWS}"',
        )
    return model


def _label_places(files: FinbertFiles) -> tuple[int, int]:
    """Return where positive and negative stand; FinBERTs differ in it."""
    content = read_bytes(files.folder / CONFIGURATION, MAX_TEXT_BYTES)
    configuration = json.loads(content)
    labels = {str(name).lower(): int(at) for at, name in _labels(configuration)}
    if set(labels) != {"positive", "negative", "neutral"}:
        raise _unusable(files, f"the labels {', '.join(sorted(labels)) or 'none'}")
    return labels["positive"], labels["negative"]


def _labels(configuration: dict[str, Any]) -> Iterable[tuple[str, str]]:
    given: dict[str, str] = configuration.get("id2label") or {}
    return given.items()


def _tokenizer(files: FinbertFiles) -> Any:  # noqa: ANN401
    from tokenizers import Tokenizer  # noqa: PLC0415  the night component's only

    content = read_bytes(files.folder / TOKENIZER, MAX_TEXT_BYTES)
    tokenizer = Tokenizer.from_str(content.decode())
    tokenizer.enable_truncation(MOST_TOKENS)
    tokenizer.enable_padding(pad_id=tokenizer.token_to_id("[PAD]") or 0)
    return tokenizer


def _session(files: FinbertFiles, threads: int) -> Any:  # noqa: ANN401
    import onnxruntime  # noqa: PLC0415  the news component's only

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Trainings run beside it: waiting threads must sleep, not spin.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(
        str(files.weights), options, providers=["CPUExecutionProvider"]
    )


def _unusable(files: FinbertFiles, got: str) -> SentimentUnavailable:
    return SentimentUnavailable(
        f"FinBERT in {files.folder} must tell good news from bad, got {got}; remove "
        "the folder and fetch it again, or name another as `model_folder`."
    )
