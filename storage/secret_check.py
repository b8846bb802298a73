"""Secrets have no place in a file: what looks like one is named, never shown.

They come from the environment. Keys and values are looked at after the file has been
parsed: a key that names a secret with a value of its own, an address with a password or
a token in it. The forms of well-known keys count in any line, a comment's included; the
words of a comment do not. A value that is itself taken from the environment (`${NAME}`,
`{{ ... }}`) is no secret.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from config.errors import ParameterError
from storage.paths import StoragePath, read_limited

LARGEST_FILE_BYTES = 5_000_000
LARGEST_PARSED_YAML = 200_000
"""Its parser needs some seconds for a megabyte; more is looked at line by line."""

_WORDS = (
    r"(?:api[_-]?key|access[_-]?key|account[_-]?key|credential|passw(?:or)?d|"
    r"passphrase|private[_-]?key|secret|token|webhook)"
)
_SECRET_NAME = re.compile(rf"(?i){_WORDS}")
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
class FoundSecret:
    """Where something that looks like a secret stands; its value is left out."""

    path: StoragePath
    line: int

    @property
    def sentence(self) -> str:
        """Return what was found, and what to do about it."""
        return (
            f"{self.path} must hold no secret, got what looks like one in line "
            f"{self.line}; take it out, set it in the environment "
            "(OVERNIGHT_NOTICE_URL, AWS_..., PREFECT_...), and have a new one issued."
        )


@dataclass(frozen=True)
class _Entry:
    """A value of a file; `names` are the keys it stands under, none for a list's."""

    names: tuple[str, ...]
    value: str
    line: int = 0

    @property
    def is_secret(self) -> bool:
        named = len(self.value) >= 4 and any(map(_SECRET_NAME.search, self.names))
        if named and not _FROM_ENVIRONMENT.search(self.value):
            return True
        forms = (_CERTAIN, _IN_A_VALUE, _ASSIGNED)
        return any(_holds(form, self.value) for form in forms)


def secret_in(path: StoragePath) -> FoundSecret | None:
    """Return the first line of a file that looks like a secret, None without one.

    A file that is not there, or can't be read, holds none that we could lose.
    """
    try:
        text = read_limited(path, LARGEST_FILE_BYTES).decode(errors="replace")
    except OSError:
        return None
    lines = text.splitlines()
    found = [number for number, line in enumerate(lines, 1) if _holds(_CERTAIN, line)]
    entries = _entries(path, text)
    if entries is None:
        found += [
            number
            for number, line in enumerate(lines, 1)
            if _holds(_NAMED_LINE, _uncommented(line))
            or _holds(_IN_A_VALUE, _uncommented(line))
        ]
    else:
        found += [one.line or _line_of(one, lines) for one in entries if one.is_secret]
    return FoundSecret(path, min(found)) if found else None


def _holds(form: re.Pattern[str], text: str) -> bool:
    return any(
        not _FROM_ENVIRONMENT.search(found["value"]) for found in form.finditer(text)
    )


def _uncommented(line: str) -> str:
    """Return a line of a file that can't be parsed, without what is a comment there."""
    return "" if line.lstrip().startswith("#") else re.sub(r"\s#.*", "", line)


def _entries(path: StoragePath, text: str) -> list[_Entry] | None:
    """Return the values of a TOML or YAML file, None for another or a broken one."""
    try:
        match path.suffix:
            case ".toml":
                return list(_toml_entries(tomllib.loads(text.removeprefix("\ufeff"))))
            case ".yaml" | ".yml" if len(text) <= LARGEST_PARSED_YAML:
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
    """Give the values below a node; one that is there again by an alias only once."""
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


def _line_of(entry: _Entry, lines: list[str]) -> int:
    """Return the line that holds the value, else its name; TOML's parser says none."""
    begin = (entry.value.splitlines() or [""])[0]
    for text in (begin, *entry.names[::-1]):
        for number, line in enumerate(lines, start=1):
            if text and text in line and not line.lstrip().startswith("#"):
                return number
    return 1


def require_no_secret(path: StoragePath) -> None:
    """Refuse a configuration file that holds a secret.

    Raises
    ------
    ParameterError
        Naming file and line, without what stands there.
    """
    found = secret_in(path)
    if found:
        raise ParameterError(found.sentence)
