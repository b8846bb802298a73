"""The command `overnight model fetch`."""

from cli.commands.model_status import print_language_model
from cli.options import HomeOptions, command


@command(HomeOptions)
def model_fetch(options: HomeOptions) -> None:
    """Download FinBERT, about 440 MB; later nights read headlines with it.

    For example: overnight model fetch
    """
    print_language_model(options, fetch=True)
