"""One component of the blend: its direction and confidence, or why it is missing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Component:
    """A direction in [-1, 1] with a confidence in [0, 1], or the reason for neither.

    Both numbers are None if the component is missing; no neutral value replaces them.
    """

    direction: float | None
    confidence: float | None
    reason: str = ""

    @classmethod
    def missing(cls, reason: str) -> "Component":
        """Return a component without values, missing because of `reason`."""
        return cls(None, None, reason)

    @property
    def present(self) -> bool:
        """Return whether the component has a direction and a confidence."""
        return self.direction is not None
