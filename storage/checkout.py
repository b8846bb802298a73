"""Where the project's own files lie."""

from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
"""The folder of `prefect.yaml`, from which deployments run."""
