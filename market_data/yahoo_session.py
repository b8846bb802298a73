"""The session of Yahoo's client: no question outlives its time, whatever hangs.

yfinance has no limit for a whole question: its requests for zone, cookie and crumb wait
10 to 30 s each, the last two under one lock, so that 130 s pass where all of it hangs.
Imports curl_cffi, so it is imported when Yahoo is first asked.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from curl_cffi.const import CurlECode
from curl_cffi.requests import Response, Session
from curl_cffi.requests.exceptions import RequestException, Timeout

CREDENTIAL_HOSTS = ("fc.yahoo.com", "guce.yahoo.com", "consent.yahoo.com")
CRUMB = "/v1/test/getcrumb"

CREDENTIAL_SHARE = 1 / 3
"""Share of a request's limit that a cookie or a crumb gets: prices need neither."""

AWAY_SECONDS = 60
"""A credential's address that did not answer is not asked again for so long."""

REFUSALS = (429, 500, 502, 503, 504)
"""Not 404: the address of the cookie answers so, cookie and all."""


class TimedSession(Session[Response]):
    """A browser-like session for any number of threads, each with its own question."""

    def __init__(self, request_seconds: float, question_seconds: float) -> None:
        """Limit each request, and all requests of one question together."""
        super().__init__(impersonate="chrome")
        self._request_seconds = request_seconds
        self._question_seconds = question_seconds
        self._away_until: dict[str, float] = {}
        self._asked = threading.local()
        self.clock_lead_seconds: float | None = None

    @contextmanager
    def question(self) -> Iterator[None]:
        """Let this thread's requests in the block share one question's time."""
        self._asked.ends = time.monotonic() + self._question_seconds
        self._asked.body = b""
        try:
            yield
        finally:
            del self._asked.ends

    @property
    def last_body(self) -> bytes:
        """Return what this thread's last request was answered with, as it came."""
        body: bytes = self._asked.body
        return body

    def request(self, method: Any, url: str, *words: Any, **options: Any) -> Response:  # noqa: ANN401
        """Return the answer; see `curl_cffi.requests.Session.request`.

        Raises
        ------
        RequestException
            curl's, `Timeout` among them: at once where the question's time is up, or
            the address of a credential has just been silent.
        """
        place = urlsplit(url)
        address = f"{place.hostname}{place.path}"
        credential = place.hostname in CREDENTIAL_HOSTS or place.path == CRUMB
        options["timeout"] = self._seconds_for(address, credential=credential)
        silent_until = time.monotonic() + AWAY_SECONDS
        try:
            answer = super().request(method, url, *words, **options)
        except RequestException:
            if credential:
                self._away_until[address] = silent_until
            raise
        if credential and answer.status_code in REFUSALS:
            self._away_until[address] = silent_until
        self._asked.body = answer.content
        self._note_time(answer.headers.get("Date"))
        return answer

    def _note_time(self, stated: str | None) -> None:
        try:
            said = parsedate_to_datetime(stated or "").timestamp()
        except ValueError:
            return
        self.clock_lead_seconds = time.time() - said

    def _seconds_for(self, address: str, *, credential: bool) -> float:
        now = time.monotonic()
        left = getattr(self._asked, "ends", now + self._question_seconds) - now
        if left <= 0:
            raise Timeout(
                f"no answer within {self._question_seconds:g} s",
                code=CurlECode.OPERATION_TIMEDOUT,
            )
        if not credential:
            return min(self._request_seconds, left)
        if now < self._away_until.get(address, 0):
            raise Timeout(
                f"{address} was silent before", code=CurlECode.OPERATION_TIMEDOUT
            )
        return min(self._request_seconds * CREDENTIAL_SHARE, left)
