"""One component of the blend: what it says, how sure it is, or why it is silent."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Component:
    """A direction in [-1, 1] with a confidence in [0, 1], or the reason for neither.

    Nothing stands in for a missing component: both numbers are None together.
    """

    direction: float | None
    confidence: float | None
    reason: str = ""

    @classmethod
    def missing(cls, reason: str) -> "Component":
        """Return a component that is silent because of `reason`."""
        return cls(None, None, reason)

    @property
    def present(self) -> bool:
        """Return whether the component speaks."""
        return self.direction is not None
