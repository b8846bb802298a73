"""Makes docs/settings.md, the page of all settings, from config/settings.py.

Run `uv run python docs/settings_page.py` after a change of a setting.
"""

import inspect
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from config.schedules import Schedule  # noqa: E402
from config.settings import Settings  # noqa: E402

PAGE = ROOT / "docs" / "settings.md"

HEAD = """# Every setting

Write what you change into `overnight.toml` in the home; the rest keeps its default.
A setting stands below the name of its section in brackets:

```toml
[models]
stale_after_days = 10

[blend]
buy_above = 0.35
```

An unknown name or a value out of range is refused before anything runs.
"Empty" means that nothing is set; the meaning says what then applies.
This page is made from the code, by `uv run python docs/settings_page.py`.
"""

WORDS = {Ge: "from {}", Gt: "above {}", Le: "to {}", Lt: "and below {}"}


def settings_page() -> str:
    """Return the text of docs/settings.md."""
    return "\n".join([HEAD, *_sections()]).rstrip() + "\n"


def _sections() -> Iterator[str]:
    single: dict[str, FieldInfo] = {}
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _section(f"[{name}]", kind)
        else:
            single[name] = field
    yield "## Lists and schedules\n"
    yield from _table(single)
    yield from _section("[[schedules]]", Schedule)


def _section(heading: str, kind: type[BaseModel]) -> Iterator[str]:
    doc = inspect.cleandoc(kind.__doc__ or "").split("\n\n")
    yield f"## `{heading}`\n"
    yield from (f"{_as_sentence(_one_line(part))}\n" for part in doc)
    yield from _table(kind.model_fields)


def _as_sentence(text: str) -> str:
    """Return the text without the section's name, which the heading has."""
    bare = re.sub(r"^`\[+\w+\]+`: ", "", text)
    return bare[:1].upper() + bare[1:]


def _table(fields: dict[str, FieldInfo]) -> Iterator[str]:
    yield "| setting | default | values | meaning |"
    yield "|---|---|---|---|"
    for name, field in fields.items():
        meaning = _one_line(field.description or "")
        yield f"| `{name}` | {_default(field)} | {_values(field)} | {meaning} |"
    yield ""


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _default(field: FieldInfo) -> str:
    """Return the default as TOML writes it; `-` if the setting must be written."""
    if field.is_required():
        return "-"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ("", {}):
        return "empty"
    return f"`{json.dumps(value, default=str)}`"


def _values(field: FieldInfo) -> str:
    """Return the choices, or the type and the bounds."""
    kind = field.annotation
    if get_origin(kind) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(kind))
    bounds = [
        template.format(f"{getattr(bound, rule.__name__.lower()):g}")
        for bound in field.metadata
        for rule, template in WORDS.items()
        if isinstance(bound, rule)
    ]
    return " ".join([_type_name(kind), *bounds])


def _type_name(kind: Any) -> str:  # noqa: ANN401  any annotation
    plain = [part for part in get_args(kind) if part is not NoneType]
    if plain and NoneType in get_args(kind):
        return _type_name(plain[0])
    names = {int: "whole number", float: "number", str: "text", bool: "true or false"}
    if kind in names:
        return names[kind]
    return "table" if get_origin(kind) is dict else "list"


if __name__ == "__main__":
    PAGE.write_text(settings_page(), encoding="utf-8")
    print(PAGE)
