"""Refuses configuration files that hold a secret, without showing the secret.

Secrets belong in the environment. A value counts as a secret if its key names a secret,
or if it is an address with a password or token. The form of a well-known key counts on
any line, comments included. Values from the environment (`${NAME}`, `{{ ... }}`) are
allowed.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from config.errors import ParameterError
from storage.paths import StoragePath, read_bytes

MAX_CONFIG_BYTES = 5_000_000
MAX_YAML_CHARACTERS = 200_000
"""The parser takes seconds per megabyte; a longer file is searched line by line."""

MIN_SECRET = 6
"""A shorter value of a variable is not masked: it could be part of any word."""

_WORDS = (
    r"(?:api[_-]?key|access[_-]?key|account[_-]?key|credential|passw(?:or)?d|"
    r"passphrase|private[_-]?key|secret|token|webhook)"
)
_SECRET_NAME = re.compile(rf"(?i){_WORDS}")
_SECRET_VARIABLE = re.compile(rf"(?i){_WORDS}|NOTICE_URL|AUTH_STRING")
_ASSIGNED = re.compile(rf"(?i){_WORDS}[\w-]{{0,60}}=(?P<value>[^\s\"'#,]{{4,}})")
_NAMED_LINE = re.compile(
    rf"(?i){_WORDS}[\w-]{{0,60}}[\"']?\s{{0,9}}[=:]\s{{0,9}}[\"']?"
    r"(?P<value>[^\s\"'#,]{4,})"
)
_WITH_DIGIT = r"(?=[A-Za-z_-]{0,80}\d)"
_CERTAIN = re.compile(
    r"(?P<value>-----BEGIN [A-Z ]{0,30}PRIVATE KEY"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,}"
    rf"|\b(?:gh[pousr]_|hf_|pn[ub]_|npm_|[sr]k_live_){_WITH_DIGIT}[A-Za-z0-9]{{16,}}"
    rf"|\b(?:github_pat_|glpat-|sk-|xox[abprs]-){_WITH_DIGIT}[\w-]{{16,}}"
    r"|\beyJ[\w-]{10,300}\.eyJ[\w-]{10,300}"
    r"|https://hooks\.slack\.com/services/\w\S"
    rf"|\b(?:tgram|discord|slack)://{_WITH_DIGIT}\w{{6}}"
    r"|https://(?:\w{1,9}\.)?discord(?:app)?\.com/api/webhooks/\d\S"
    r"|://[^\s/@:\"']{0,80}:(?=[^\s/@\"'\d]{0,80}\d)[^\s/@\"']{1,200}@)"
)
_IN_A_VALUE = re.compile(
    r"(?P<value>://[^\s/@:\"']{0,80}:[^\s/@\"']{1,200}@"
    r"|https://hooks\.slack\.com/\S|https://\S{1,200}/api/webhooks/\S"
    r"|(?i:[?&](?:access_token|api_?key|key|secret|sig|token)=)[^\s&\"']{4,})"
)
_FROM_ENVIRONMENT = re.compile(r"\$\{?\w|\{\{")


@dataclass(frozen=True)
class _Entry:
    """A value of a file with the keys that lead to it; a list's items have no keys."""

    names: tuple[str, ...]
    value: str
    line: int = 0

    @property
    def is_secret(self) -> bool:
        named = len(self.value) >= 4 and any(map(_SECRET_NAME.search, self.names))
        if named and not _FROM_ENVIRONMENT.search(self.value):
            return True
        forms = (_CERTAIN, _IN_A_VALUE, _ASSIGNED)
        return any(_matches(form, self.value) for form in forms)


def require_no_secret(path: StoragePath) -> None:
    """Refuse a configuration file that holds a secret.

    Raises
    ------
    ParameterError
        Naming file and line, without the secret.
    """
    if line := find_secret(path):
        raise ParameterError(
            f"{path} holds what looks like a secret in line {line}",
            "remove it, set it in the environment (OVERNIGHT_NOTICE_URL, "
            "OVERNIGHT_DELIVER_TO, AWS_..., PREFECT_...), and have a new one issued",
        )


def mask_secrets(text: str) -> str:
    """Return the text with `***` for each secret in it.

    These are the values of environment variables that hold secrets, and the forms by
    which `find_secret` finds a secret in a value.
    """
    for name, value in os.environ.items():
        if len(value) >= MIN_SECRET and _SECRET_VARIABLE.search(name):
            text = text.replace(value, "***")
    for form in (_CERTAIN, _IN_A_VALUE, _ASSIGNED):
        text = form.sub(lambda found: found[0].replace(found["value"], "***"), text)
    return text


def find_secret(path: StoragePath) -> int | None:
    """Return the first line of a file that looks like a secret, counted from 1.

    None if there is no such line, or the file is missing or can't be read.
    """
    try:
        text = read_bytes(path, MAX_CONFIG_BYTES).decode(errors="replace")
    except OSError:
        return None
    lines = text.splitlines()
    found = [number for number, line in enumerate(lines, 1) if _matches(_CERTAIN, line)]
    entries = _entries(path, text)
    if entries is None:
        found += [
            number
            for number, line in enumerate(map(_without_comment, lines), 1)
            if _matches(_NAMED_LINE, line) or _matches(_IN_A_VALUE, line)
        ]
    else:
        secrets = (entry for entry in entries if entry.is_secret)
        found += [entry.line or _find_line(entry, lines) for entry in secrets]
    return min(found, default=None)


def _matches(form: re.Pattern[str], text: str) -> bool:
    return any(
        not _FROM_ENVIRONMENT.search(found["value"]) for found in form.finditer(text)
    )


def _without_comment(line: str) -> str:
    return "" if line.lstrip().startswith("#") else re.sub(r"\s#.*", "", line)


def _entries(path: StoragePath, text: str) -> list[_Entry] | None:
    """Return the values of a TOML or YAML file, None if it can't be parsed."""
    try:
        match path.suffix:
            case ".toml":
                return list(_toml_entries(tomllib.loads(text.removeprefix("\ufeff"))))
            case ".yaml" | ".yml" if len(text) <= MAX_YAML_CHARACTERS:
                return list(_yaml_entries(yaml.compose(text, yaml.SafeLoader), set()))
    except (ValueError, RecursionError, yaml.YAMLError):
        pass
    return None


def _toml_entries(value: object, names: tuple[str, ...] = ()) -> Iterator[_Entry]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield _Entry((), name)
            yield from _toml_entries(inner, (*names, name))
    elif isinstance(value, list):
        for inner in value:
            yield from _toml_entries(inner)
    elif not isinstance(value, bool):
        yield _Entry(names, str(value))


def _yaml_entries(
    node: yaml.Node | None, seen: set[int], names: tuple[str, ...] = ()
) -> Iterator[_Entry]:
    """Yield the values below a node; a node that aliases repeat is read once."""
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, inner in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            yield _Entry((), name, key.start_mark.line + 1)
            yield from _yaml_entries(inner, seen, (*names, name))
    elif isinstance(node, yaml.SequenceNode):
        for inner in node.value:
            yield from _yaml_entries(inner, seen)
    elif isinstance(node, yaml.ScalarNode) and not node.tag.endswith(":bool"):
        yield _Entry(names, str(node.value), node.start_mark.line + 1)


def _find_line(entry: _Entry, lines: list[str]) -> int:
    """Return the line of the value or its key, which TOML's parser does not give."""
    begin = (entry.value.splitlines() or [""])[0]
    for text in (begin, *entry.names[::-1]):
        for number, line in enumerate(lines, start=1):
            if text and text in line and not line.lstrip().startswith("#"):
                return number
    return 1
