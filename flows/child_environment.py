"""Which of the user's environment variables reach Prefect's server and worker.

A worker hands its environment to every run. A run needs the machine's paths, languages,
proxies and certificates and the settings of the libraries it uses; it does not need the
keys and passwords of the user's other programs.
"""

import os
from collections.abc import Mapping

from flows.telemetry import TELEMETRY_OFF

NAMES = {
    *("PATH", "HOME", "USER", "LOGNAME", "TZ", "VIRTUAL_ENV", "DO_NOT_TRACK"),
    *("LANG", "LANGUAGE", "TMPDIR", "TEMP", "TMP"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *("HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE"),
    # What Windows' own programs and Python's need.
    *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE"),
    *("APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "HOMEDRIVE", "HOMEPATH"),
    *("NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE"),
}
"""Compared in capitals: proxies are often set in small letters."""

PREFIXES = (
    *("LC_", "XDG_", "PYTHON", "OVERNIGHT_", "PREFECT_"),
    *("OMP_", "OPENBLAS_", "MKL_", "JAX_", "XLA_", "TF_", "KERAS_", "CUDA_", "DASK_"),
)
STORE_PREFIXES = ("AWS_", "FSSPEC_")
"""Credentials and settings of a home in a store; no other home needs them."""

NOTICE_URL = "OVERNIGHT_NOTICE_URL"
"""The webhook's address is a secret; the registration stores it on the server."""

NEVER = {NOTICE_URL, "PREFECT_API_KEY", "PREFECT_PROFILE"}
"""The key and the profile are for other servers than that of `overnight deploy`."""

SERVER_PREFIXES = ("PREFECT_SERVER_", "PREFECT_API_DATABASE_")
"""The second is an older name of the first's settings of the database."""


def child_environment(*, in_store: bool) -> dict[str, str]:
    """Return what the server gets of this process' environment."""
    prefixes = (*PREFIXES, *STORE_PREFIXES) if in_store else PREFIXES
    return {
        name: value
        for name, value in os.environ.items()
        if name not in NEVER
        and (name.upper() in NAMES or name.upper().startswith(prefixes))
    }


def drop_server_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what worker and registration get: no password of the server's database.

    Prefect's built-in profile keeps out what the user's own profiles hold.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith(SERVER_PREFIXES) or name in TELEMETRY_OFF
    }
    return kept | {"PREFECT_PROFILE": "ephemeral"}
