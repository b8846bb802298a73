"""The lines of `overnight doctor`."""

from pydantic import BaseModel, computed_field


class DoctorCheck(BaseModel, frozen=True):
    """One line: what was found, and if the check failed, what to do."""

    name: str
    ok: bool
    found: str
    cure: str = ""


class Diagnosis(BaseModel, frozen=True):
    """All lines, in the order in which to repair them."""

    checks: tuple[DoctorCheck, ...]

    @computed_field  # type: ignore[prop-decorator]  # as pydantic documents it
    @property
    def ok(self) -> bool:
        """Return whether every check passed."""
        return all(check.ok for check in self.checks)
