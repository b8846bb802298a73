"""Which of the user's environment variables reach Prefect's server and worker.

A worker passes its environment to every run. A run needs paths, languages, proxies,
certificates and the settings of its libraries. It does not need the keys and passwords
of the user's other programs.
"""

import os
from collections.abc import Mapping

from delivery.receivers import VARIABLE
from flows.telemetry import TELEMETRY_OFF

NAMES = {
    *("PATH", "HOME", "USER", "LOGNAME", "TZ", "VIRTUAL_ENV", "DO_NOT_TRACK"),
    *("LANG", "LANGUAGE", "TMPDIR", "TEMP", "TMP"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *("HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE"),
    # Windows' programs and Python's need these.
    *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE"),
    *("APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "HOMEDRIVE", "HOMEPATH"),
    *("NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE"),
}
"""Compared in upper case: proxies are often set in lower case."""

PREFIXES = (
    *("LC_", "XDG_", "PYTHON", "OVERNIGHT_", "PREFECT_"),
    *("OMP_", "OPENBLAS_", "MKL_", "JAX_", "XLA_", "TF_", "KERAS_", "CUDA_", "DASK_"),
)
STORE_PREFIXES = ("AWS_", "FSSPEC_")
"""Credentials and settings that only a home in a store needs."""

NOTICE_URL = "OVERNIGHT_NOTICE_URL"
"""The secret address of the webhook; the registration stores it on the server."""

NEVER = {NOTICE_URL, "PREFECT_API_KEY", "PREFECT_PROFILE"}
"""Never passed on; key and profile are for servers other than our own."""

SERVER_PREFIXES = ("PREFECT_SERVER_", "PREFECT_API_DATABASE_")
"""The second is an older prefix of the server's settings of its database."""


def child_environment(*, in_store: bool) -> dict[str, str]:
    """Return the part of this process' environment that server and worker get."""
    prefixes = (*PREFIXES, *STORE_PREFIXES) if in_store else PREFIXES
    return {
        name: value
        for name, value in os.environ.items()
        if name not in NEVER
        and (name.upper() in NAMES or name.upper().startswith(prefixes))
    }


def drop_addresses(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the server's environment, without the addresses of messages.

    The worker's runs send the messages.
    """
    return {name: value for name, value in environment.items() if name != VARIABLE}


def drop_server_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the worker's environment, without the password of the server's database.

    Prefect's built-in profile is set, so that the user's own profiles are not read.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith(SERVER_PREFIXES) or name in TELEMETRY_OFF
    }
    return kept | {"PREFECT_PROFILE": "ephemeral"}
