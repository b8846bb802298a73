"""FinBERT: real loading, tokenizing and scoring, on a tiny model with known answers."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_finbert import GOOD, INPUTS, PROSUS, TONE, write_tiny_finbert

from config.errors import SentimentUnavailable
from config.settings import SentimentSettings
from modelling.finbert import BAD_NEWS, BATCH, GOOD_NEWS, Finbert, load_finbert
from modelling.finbert_files import find_files


def loaded(folder: Path, precision: str = "fp32") -> Finbert:
    """Return the model in a folder of the user's."""
    chosen = SentimentSettings.model_validate(
        {"model_folder": str(folder), "precision": precision}
    )
    return load_finbert(find_files(chosen), 1)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Finbert:
    """Return a tiny model with ProsusAI's label order."""
    return loaded(write_tiny_finbert(tmp_path_factory.mktemp("finbert")))


@pytest.mark.parametrize("labels", [PROSUS, TONE])
def test_the_label_order_is_the_model_s_own(
    tmp_path: Path, labels: dict[int, str]
) -> None:
    """Two orders of labels, one meaning."""
    model = loaded(write_tiny_finbert(tmp_path, labels))
    good, bad, plain = model.polarities(["surge profit", "fraud loss", "the meeting"])
    assert good > 0.9
    assert bad < -0.9
    assert plain == pytest.approx(0, abs=1e-6)


def test_polarity_is_the_difference_of_two_shares(tiny: Finbert) -> None:
    """P(positive) - P(negative) of the softmax over the mean logits."""
    (found,) = tiny.polarities(["surge of fraud profit"])
    # [CLS] surge of fraud profit [SEP]: 40, 20 and 1.5 over six words.
    logits = {"positive": 40 / 6, "negative": 20 / 6, "neutral": 1.5 / 6}
    total = sum(math.exp(value) for value in logits.values())
    expected = (math.exp(logits["positive"]) - math.exp(logits["negative"])) / total
    assert found == pytest.approx(expected, abs=1e-6)


def test_padding_says_nothing(tiny: Finbert) -> None:
    """A short title reads the same beside a long one."""
    long = " ".join(["meeting"] * 40)
    assert tiny.polarities(["surge", long])[0] == pytest.approx(
        tiny.polarities(["surge"])[0], abs=1e-6
    )


def test_what_follows_the_64th_token_is_cut(tiny: Finbert) -> None:
    """The model's own limit; [CLS] and [SEP] are among the 64."""
    plain = " ".join(["meeting"] * 62)
    cut, whole = tiny.polarities([f"{plain} {' '.join(GOOD)}", plain])
    assert cut == pytest.approx(whole, abs=1e-6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.sampled_from(["surge", "loss and fraud", "", "the", "x" * 90]),
        max_size=2 * BATCH + 3,
    ),
    st.randoms(),
)
def test_order_and_batches_don_t_matter(
    tiny: Finbert, titles: list[str], random: object
) -> None:
    """Each title has its own polarity, wherever it stands."""
    mixed = list(titles)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    alone = dict(zip(titles, tiny.polarities(titles), strict=True))
    expected = [alone[title] for title in mixed]
    assert tiny.polarities(mixed) == pytest.approx(expected, abs=1e-6)


@given(st.text(max_size=300))
def test_any_text_has_a_polarity(tiny: Finbert, title: str) -> None:
    """Whatever a feed sends, the answer lies in -1 to 1."""
    (found,) = tiny.polarities([title])
    assert -1 <= found <= 1


def test_an_export_without_token_types_runs(tmp_path: Path) -> None:
    """Only the inputs that the model has are fed."""
    model = loaded(write_tiny_finbert(tmp_path, inputs=INPUTS[:2]))
    assert model.polarities([GOOD_NEWS])[0] > 0 > model.polarities([BAD_NEWS])[0]


def test_int8_is_its_own_file(tmp_path: Path) -> None:
    """The choice of precision chooses the file."""
    write_tiny_finbert(tmp_path, weights="onnx/model_int8.onnx")
    assert loaded(tmp_path, "int8").polarities([GOOD_NEWS])[0] > 0
    with pytest.raises(SentimentUnavailable, match=r"has no onnx/model.onnx"):
        loaded(tmp_path)


def test_a_model_that_calls_bad_news_good_is_refused(tmp_path: Path) -> None:
    """The smoke pair guards against wrong weights."""
    with pytest.raises(SentimentUnavailable, match=r"can't be used: .* is rated"):
        loaded(write_tiny_finbert(tmp_path, inverted=True))


@pytest.mark.parametrize("first", ["positive", "negative", "neutral"])
def test_labels_in_another_model_s_order_are_refused(
    tmp_path: Path, first: str
) -> None:
    """Even where only neutral stands in another's place, the pair tells."""
    write_tiny_finbert(tmp_path)
    others = [name for name in PROSUS.values() if name != first]
    for names in ([first, *others], [first, *others[::-1]]):
        written = dict(enumerate(names))
        (tmp_path / "config.json").write_text(json.dumps({"id2label": written}))
        if written == PROSUS:
            continue
        with pytest.raises(SentimentUnavailable, match=r"can't be used: .* is rated"):
            loaded(tmp_path)


@pytest.mark.parametrize(
    "labels",
    [{0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}, {0: "positive", 1: "negative"}],
)
def test_other_labels_are_refused(tmp_path: Path, labels: dict[int, str]) -> None:
    """Positive, negative and neutral, or it is no such model; they are named."""
    with pytest.raises(SentimentUnavailable, match=r"its labels are"):
        loaded(write_tiny_finbert(tmp_path, labels))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("onnx/model.onnx", "this is no model"),
        ("tokenizer.json", '{"version": "1.0", "trunc'),
        ("config.json", "{"),
        ("config.json", "{}"),
    ],
)
def test_a_damaged_file_is_one_sentence(
    tmp_path: Path, name: str, content: str
) -> None:
    """It says which folder, what came, and what to do."""
    (write_tiny_finbert(tmp_path) / name).write_text(content)
    with pytest.raises(SentimentUnavailable) as refused:
        loaded(tmp_path)
    assert str(refused.value).startswith(f"FinBERT in {tmp_path} can't be used: ")
    assert "remove the folder and fetch it again" in str(refused.value)


def test_the_label_order_may_be_written_in_capitals(tmp_path: Path) -> None:
    """`Positive` is positive."""
    names = {str(place): name.title() for place, name in PROSUS.items()}
    write_tiny_finbert(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"id2label": names}))
    assert loaded(tmp_path).polarities([GOOD_NEWS])[0] > 0
