"""A message as Markdown, for a page that shows no plain text. Pure."""

import re

from delivery.message import Message

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|&~$:-])")


def message_markdown(message: Message) -> str:
    """Return the message as Markdown; its text is shown as it is.

    The first lines are paragraphs. After an empty line, the first line is the title of
    the lines that follow it, which become a list.
    """
    head, *sections = message.text.split("\n\n")
    blocks = [f"## {escape(message.subject)}", *map(escape, head.split("\n"))]
    return "\n\n".join([*blocks, *map(_section, sections)])


def escape(text: str) -> str:
    """Return the text so that Markdown shows it unchanged, also HTML in it."""
    return _SPECIAL.sub(r"\\\1", text)


def _section(text: str) -> str:
    title, *lines = text.split("\n")
    if not lines:
        return escape(title)
    return "\n".join(
        [f"### {escape(title)}", "", *(f"- {escape(one)}" for one in lines)]
    )
