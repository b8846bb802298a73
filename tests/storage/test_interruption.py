"""What a signal that ends the process leaves to be done."""

from storage.interruption import end_steps, on_interruption


def test_the_steps_of_open_blocks_are_taken_and_none_can_fail() -> None:
    """The innermost block's step comes first; a closed block's step is not taken."""
    taken: list[str] = []
    with on_interruption(lambda: taken.append("closed")):
        pass
    with (
        on_interruption(lambda: taken.append("outer")),
        on_interruption(lambda: 1 / 0),
        on_interruption(lambda: taken.append("inner")),
    ):
        end_steps()
    assert taken == ["inner", "outer"]
