"""Computes the polarities of titles with FinBERT, run by onnxruntime.

Label order, tokenizer and weights come from the model's own files.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
"""The length that FinBERT was trained with; headlines are shorter."""

BATCH = 32

GOOD_NEWS = "Shares surge after record profit beats estimates"
BAD_NEWS = "Company files for bankruptcy after huge loss"

PLAINLY = 0.25
"""Polarity that each of the two must exceed. By the signs alone, a model with swapped
labels could pass."""


@dataclass(frozen=True)
class Finbert:
    """A loaded model; `positive` and `negative` are the indexes of these labels."""

    session: Any
    tokenizer: Any
    positive: int
    negative: int

    def polarities(self, titles: Sequence[str]) -> list[float]:
        """Return P(positive) - P(negative) of each title, in [-1, 1], in their order.

        Titles are batched by length, so that batches need little padding.
        """
        order = sorted(range(len(titles)), key=lambda place: len(titles[place]))
        found = np.empty(len(titles))
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            found[places] = self._score([titles[place] for place in places])
        return [float(polarity) for polarity in found]

    def _score(self, titles: list[str]) -> NDArray[np.float64]:
        encoded = self.tokenizer.encode_batch(titles)
        columns = {
            "input_ids": [title.ids for title in encoded],
            "attention_mask": [title.attention_mask for title in encoded],
            "token_type_ids": [title.type_ids for title in encoded],
        }
        names = [node.name for node in self.session.get_inputs()]
        feed = {name: np.asarray(columns[name], np.int64) for name in names}
        logits = np.asarray(self.session.run(None, feed)[0], np.float64)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        return np.asarray(shares[:, self.positive] - shares[:, self.negative])


@lru_cache(maxsize=1)
def load_finbert(files: FinbertFiles, threads: int) -> Finbert:
    """Return the model, tested with a good and a bad headline; it stays loaded.

    Raises
    ------
    SentimentUnavailable
        If it is damaged, has other labels, or rates the two headlines wrongly.
    """
    require_undamaged(files)
    try:
        positive, negative = _label_places(files)
        model = Finbert(_session(files, threads), _tokenizer(files), positive, negative)
        good, bad = model.polarities([GOOD_NEWS, BAD_NEWS])
    except SentimentUnavailable:
        raise
    except Exception as error:  # onnxruntime and tokenizers raise bare types.
        cause = " ".join(str(error).split())[:160]
        raise _unusable(files, f"{type(error).__name__}: {cause}") from error
    if not good > PLAINLY > -PLAINLY > bad:
        rated = f'"{GOOD_NEWS}" is rated {good:+.2f}, "{BAD_NEWS}" {bad:+.2f}'
        raise _unusable(files, rated)
    return model


def _label_places(files: FinbertFiles) -> tuple[int, int]:
    """Return the indexes of positive and negative, which differ between FinBERTs."""
    content = read_bytes(files.folder / CONFIGURATION, MAX_TEXT_BYTES)
    configuration = json.loads(content)
    names: dict[str, str] = configuration.get("id2label") or {}
    labels = {str(name).lower(): int(at) for at, name in names.items()}
    if set(labels) != {"positive", "negative", "neutral"}:
        raise _unusable(files, f"its labels are {', '.join(sorted(labels)) or 'none'}")
    return labels["positive"], labels["negative"]


def _tokenizer(files: FinbertFiles) -> Any:  # noqa: ANN401
    from tokenizers import Tokenizer  # noqa: PLC0415  slow to import

    content = read_bytes(files.folder / TOKENIZER, MAX_TEXT_BYTES)
    tokenizer = Tokenizer.from_str(content.decode())
    tokenizer.enable_truncation(MOST_TOKENS)
    tokenizer.enable_padding(pad_id=tokenizer.token_to_id("[PAD]") or 0)
    return tokenizer


def _session(files: FinbertFiles, threads: int) -> Any:  # noqa: ANN401
    import onnxruntime  # noqa: PLC0415  slow to import

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Trainings run at the same time and need the cores of waiting threads.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(
        str(files.weights), options, providers=["CPUExecutionProvider"]
    )


def _unusable(files: FinbertFiles, cause: str) -> SentimentUnavailable:
    return SentimentUnavailable(
        f"FinBERT in {files.folder} can't be used: {cause}",
        "remove the folder and fetch it again, or set another folder as `model_folder`",
    )
