"""Tests of `tasks.quoted_inputs`."""

from prefect.utilities.annotations import quote

from tasks.quoted_inputs import call_quoted


def test_each_input_is_quoted() -> None:
    """Prefect searches no input that is quoted: neither by place nor by name."""
    seen: list[object] = []

    def record(plan: str, *, only: bool) -> int:
        seen.extend([plan, only])
        return len(seen)

    assert call_quoted(record, "a plan", only=True) == 2
    assert all(isinstance(given, quote) for given in seen)
    assert [given.unquote() for given in seen if isinstance(given, quote)] == [
        "a plan",
        True,
    ]
