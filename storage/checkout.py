"""Path of the checkout, from which deployments run."""

from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
"""Folder of `prefect.yaml`."""
