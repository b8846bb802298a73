"""A message as Markdown."""

from delivery.markdown import message_markdown
from delivery.message import Message


def test_sections_become_lists_and_text_stays_text() -> None:
    """Text that looks like Markdown or HTML is shown as it is."""
    text = "1 of 2 usable.\nBUY 1.\n\nMissing\nA_B.AX: <script>x</script> [l](http://x)"
    found = message_markdown(Message("Night of 2025", f"{text}\n\nReport: r.html"))
    assert found == (
        "## Night of 2025\n\n1 of 2 usable.\n\nBUY 1.\n\n### Missing\n\n"
        r"- A\_B.AX\: \<script\>x\</script\> \[l\]\(http\://x\)"
        "\n\nReport\\: r.html"
    )
