"""A run's progress as Prefect's progress artifact; it never fails or delays a run."""

import threading
from functools import partial
from typing import cast
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

from pipeline.progress import TrainingProgress
from tasks.server import impatient_settings, try_show, use_settings


class ProgressArtifact:
    """The progress artifact of one flow run; create it inside the run."""

    def __init__(self) -> None:
        """Create no artifact yet."""
        self._artifact: UUID | None = None
        self._refused = False
        self._busy = threading.Lock()
        self._impatient = impatient_settings()

    def show(self, progress: TrainingProgress, *, wait: bool) -> None:
        """Create or update the artifact; see `Display`."""
        if wait:
            self._show(progress)
        elif not self._busy.locked():  # Another thread waits for the server already.
            with use_settings(self._impatient):
                self._show(progress)

    def _show(self, progress: TrainingProgress) -> None:
        with self._busy:
            artifact = try_show(
                "the run's progress",
                partial(_write, self._artifact, progress),
                quiet=self._refused,
            )
            self._artifact = artifact or self._artifact
            self._refused = self._refused or artifact is None


def _write(artifact: UUID | None, progress: TrainingProgress) -> UUID:
    """Create or update the progress artifact; return its id."""
    percent, text = 100 * progress.share, progress.sentence
    # Prefect types its calls for async callers too.
    if artifact is None:
        return cast("UUID", create_progress_artifact(percent, "run-progress", text))
    return cast("UUID", update_progress_artifact(artifact, percent, text))
