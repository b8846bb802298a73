"""`docker-compose.yml` and its guide as the tests read them."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]

# `${NAME}`, `${NAME:?what to do}` and `${NAME:-instead}`; the file uses no other form.
VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")

IN_A_SERVICE = re.compile(r"docker compose (?:run|exec)(?: -\S+)* (\w+) ([^<>]+)")


def variables(text: str) -> set[str]:
    """Return the names of the variables that `text` uses."""
    return {found[1] for found in VARIABLE.finditer(text)}


def required(text: str) -> dict[str, str]:
    """Return the required variables, each with the message if it is missing."""
    return {found[1]: found[3] for found in VARIABLE.finditer(text) if found[2] == "?"}


def environment(service: str, values: Mapping[str, str]) -> dict[str, str]:
    """Return a service's environment, its variables replaced by `values`."""

    def value(found: re.Match[str]) -> str:
        return values.get(found[1]) or (found[3] if found[2] == "-" else "")

    given = SERVICES[service].get("environment", {})
    return {name: VARIABLE.sub(value, text) for name, text in given.items()}


def health_check(service: str) -> list[str]:
    """Return the command of a service's health check."""
    kind, *command = SERVICES[service]["healthcheck"]["test"]
    assert kind == "CMD"
    return command


def volumes() -> dict[str, str]:
    """Return where each named volume is mounted."""
    mounts = [
        one for service in SERVICES.values() for one in service.get("volumes", ())
    ]
    return dict(one.split(":") for one in mounts)


def guide_lines() -> list[str]:
    """Return the command lines of `docs/compose.md`."""
    guide = (ROOT / "docs" / "compose.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.+?)```", guide, flags=re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def guide_commands() -> list[tuple[str, list[str]]]:
    """Return the commands that the guide runs in a service, with the service's name."""
    found = [IN_A_SERVICE.match(line) for line in guide_lines()]
    return [(one[1], one[2].split()) for one in found if one]


def guide_command(*words: str) -> list[str]:
    """Return the only command of the guide that begins with these words."""
    every = [command for _, command in guide_commands()]
    (only,) = (one for one in every if tuple(one[: len(words)]) == words)
    return only


def env_example() -> dict[str, str]:
    """Return the names and values of `.env.example`."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if line and line[0] != "#"]
    return {name: value for name, _, value in pairs}
