"""The only place where an exception ends the work on one symbol."""

import logging
from collections.abc import Callable

from config.errors import OvernightError


def attempt[**Inputs, Found](
    work: Callable[Inputs, Found], *inputs: Inputs.args, **named: Inputs.kwargs
) -> tuple[Found | None, str]:
    """Return what `work` found and "", or None and the reason of its failure.

    `work` itself handles an error that costs only a part of what it finds.
    """
    try:
        return work(*inputs, **named), ""
    except OvernightError as error:
        return None, str(error)
    except Exception as error:  # Whatever it is, the other symbols go on.
        logging.getLogger(__name__).debug("a stage failed", exc_info=True)
        kind = type(error).__name__
        return None, (
            f"unexpected error ({kind}: {error}); run the symbol again with --debug "
            "for the traceback."
        )
