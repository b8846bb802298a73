"""A tiny model with FinBERT's files in the hub's layout, whose answers are known.

Every word has a row of three logits; the answer is the mean over the words.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import BertWordPieceTokenizer

PROSUS = {0: "positive", 1: "negative", 2: "neutral"}
TONE = {0: "neutral", 1: "positive", 2: "negative"}

GOOD = ("surge", "record", "profit", "beats")
BAD = ("bankruptcy", "loss", "plunge", "fraud")
PLAIN = [
    "shares",
    "after",
    "estimates",
    "company",
    "files",
    "for",
    "huge",
    "firm",
    "meeting",
    "and",
    "the",
    "of",
]
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def write_tiny_finbert(
    folder: Path,
    labels: Mapping[int, str] = PROSUS,
    weights: str = "onnx/model.onnx",
    *,
    inverted: bool = False,
    inputs: tuple[str, ...] = INPUTS,
) -> Path:
    """Write the model to `folder` and return it; `inverted` calls bad news good."""
    vocabulary = _vocabulary()
    tokenizer = BertWordPieceTokenizer(vocab=vocabulary, lowercase=True)
    path = folder / weights
    path.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {str(place): name for place, name in labels.items()}
    (folder / "config.json").write_text(json.dumps({"id2label": names}))
    good, bad = (BAD, GOOD) if inverted else (GOOD, BAD)
    table = _table(vocabulary, labels, good, bad)
    onnx.save(_model(table, inputs), path)
    return folder


def _vocabulary() -> dict[str, int]:
    letters = [chr(code) for code in range(97, 123)] + list("0123456789.,;:%$&'-+")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *GOOD, *BAD, *PLAIN]
    words += letters + [f"##{letter}" for letter in letters]
    return {word: place for place, word in enumerate(words)}


def _table(
    vocabulary: dict[str, int],
    labels: Mapping[int, str],
    good: tuple[str, ...],
    bad: tuple[str, ...],
) -> np.ndarray:
    places = {name: place for place, name in labels.items()}
    table = np.zeros((len(vocabulary), len(labels)), np.float32)
    table[:, places.get("neutral", 0)] = 0.5
    for words, label in ((good, "positive"), (bad, "negative")):
        for word in words:
            table[vocabulary[word]] = 0
            table[vocabulary[word], places.get(label, 0)] = 20
    return table


def _model(table: np.ndarray, inputs: tuple[str, ...]) -> onnx.ModelProto:
    """Return an ONNX graph that averages the rows of the words in the mask."""
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "two"], ["kept"]),
        helper.make_node("Mul", ["rows", "kept"], ["words"]),
        helper.make_node("ReduceSum", ["words", "one"], ["sum"], keepdims=0),
        helper.make_node("ReduceSum", ["kept", "one"], ["count"], keepdims=0),
        helper.make_node("Div", ["sum", "count"], ["logits"]),
    ]
    shape = ["batch_size", "sequence_length"]
    ports = [
        helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in inputs
    ]
    answer = helper.make_tensor_value_info(
        "logits", TensorProto.FLOAT, ["batch_size", table.shape[1]]
    )
    constants = [
        numpy_helper.from_array(table, "table"),
        numpy_helper.from_array(np.array([1]), "one"),
        numpy_helper.from_array(np.array([2]), "two"),
    ]
    graph = helper.make_graph(nodes, "tiny", ports, [answer], constants)
    opset = helper.make_opsetid("", 17)
    return helper.make_model(graph, opset_imports=[opset], ir_version=8)
