"""Secrets have no place in a file: what looks like one is named, never shown.

They come from the environment. Finds names that ask for a value, addresses with a
password or a token in them, and the forms of well-known keys; a value that is itself
taken from the environment (`${NAME}`, `{{ ... }}`) is none.
"""

import re
from dataclasses import dataclass

from config.errors import ParameterError
from config.places import AnyPath, read_limited

LARGEST_FILE_BYTES = 5_000_000

_NAMED = re.compile(
    r"(?i)[\w.-]*(?:api[_-]?key|access[_-]?key|credential|passw(?:or)?d|passphrase|"
    r"private[_-]?key|secret|token|webhook)[\w-]*[\"']?\s*[=:]\s*[\"']?"
    r"(?P<value>[^\s\"'#,]{4,})"
)
_FORMS = re.compile(
    r"(?P<value>[a-z][a-z0-9+.-]*://[^\s/@:\"']*:[^\s/@\"']+@"
    r"|https://hooks\.slack\.com/\S+|https://\S+/api/webhooks/\S+"
    r"|(?i:[?&](?:api_?key|key|secret|sig|token)=)[^\s&\"']{4,}"
    r"|\b(?:AKIA|gh[pousr]_|github_pat_|hf_|pn[ub]_|sk-|xox[abprs]-)[\w-]{12,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY)"
)
_FROM_ENVIRONMENT = re.compile(r"\$\{?\w|\{\{")


@dataclass(frozen=True)
class FoundSecret:
    """Where something that looks like a secret stands; its value is left out."""

    path: AnyPath
    line: int

    @property
    def sentence(self) -> str:
        """Return what was found, and what to do about it."""
        return (
            f"{self.path} must hold no secret, got what looks like one in line "
            f"{self.line}; take it out, set it in the environment "
            "(OVERNIGHT_NOTICE_URL, AWS_..., PREFECT_...), and have a new one issued."
        )


def secret_in(path: AnyPath) -> FoundSecret | None:
    """Return the first line of a file that looks like a secret, None without one.

    A file that is not there, or can't be read, holds none that we could lose.
    """
    try:
        text = read_limited(path, LARGEST_FILE_BYTES).decode(errors="replace")
    except OSError:
        return None
    for number, line in enumerate(text.splitlines(), start=1):
        found = _NAMED.search(line) or _FORMS.search(line)
        if found and not _FROM_ENVIRONMENT.search(found["value"]):
            return FoundSecret(path, number)
    return None


def require_no_secret(path: AnyPath) -> None:
    """Refuse a configuration file that holds a secret, a comment's included.

    Raises
    ------
    ParameterError
        Naming file and line, without what stands there.
    """
    found = secret_in(path)
    if found:
        raise ParameterError(found.sentence)
