"""What every HTML page of ours has in common: templates, policy, clean text. Pure.

The templates escape all text from outside. A page's content security policy allows only
its own script and style, by their hashes, and no requests.
"""

import base64
import hashlib
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from config.plain_text import plain_text


def page_environment(*folders: Path) -> Environment:
    """Return the environment of the templates in `folders`; the first folder wins."""
    return Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def read_asset(path: Path) -> Markup:
    """Return a style or script of ours, to be used in the page unescaped."""
    # A browser turns line ends into \n before it computes the hash.
    lines = path.read_text(encoding="utf-8").splitlines()
    return Markup("\n".join(lines))  # noqa: S704  our own file


def security_policy(style: str, script: str = "") -> str:
    """Return the policy of a page with this style and this script, '' for none."""
    scripts = f"script-src '{_hash(script)}'; " if script else ""
    return (
        f"default-src 'none'; {scripts}style-src '{_hash(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def finish_page(text: str) -> str:
    """Return the rendered page, smaller and without control characters."""
    # Each line end between tags would be a node of the page.
    text = re.sub(r">\n+<", "><", text)
    # HTML closes these elements by itself; 200 symbols are 200 kB smaller.
    text = re.sub(r"</(?:dt|dd|td|th|tr|li)>(?=<)", "", text)
    return "\n".join(plain_text(line) for line in text.split("\n"))


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
