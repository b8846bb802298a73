"""The checkout, the folder of `prefect.yaml`, from which deployments run."""

from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
