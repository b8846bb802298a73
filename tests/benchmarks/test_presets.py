"""The benchmark of the presets: its variants, and the format of a line."""

from presets import Trained, format_line, variants

from config.parameters import PRESETS, TrainingParameters


def test_every_variant_is_a_preset_or_standard_with_one_change() -> None:
    """Each variant is a preset, or `standard` with a single change."""
    standard = TrainingParameters().model_dump()
    for name, parameters in variants():
        values = parameters.model_dump()
        changed = [key for key in values if values[key] != standard[key]]
        if name not in PRESETS:
            assert name == f"{changed[0]}={values[changed[0]]}"
            assert len(changed) == 1


def test_a_line_has_means_of_costs_and_every_skill() -> None:
    """A line has epochs and skill per model, mean seconds and the largest memory."""
    one = Trained(11, 4.0, 700.0, 0.001, 0.002, 0.98)
    two = Trained(50, 8.0, 720.0, 0.003, 0.004, 1.01)
    assert format_line("standard", [one, two]).split() == [
        "standard",
        "11/50",
        "6.0",
        "720",
        "0.0020",
        "0.0030",
        "0.980/1.010",
    ]
