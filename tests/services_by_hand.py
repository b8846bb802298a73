"""The compose file's services, started on this machine without Docker.

Commands, environment and health checks are the compose file's own; only addresses,
ports and folders differ, and Debian's Postgres stands in for the image's.
"""

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from compose_file import ROOT, SERVICES, environment, health_check

START_SECONDS = 150
STOP_SECONDS = 20

Outcome = subprocess.CompletedProcess[str]

# Signs that would have to be encoded in a URL.
SECRETS = {
    "POSTGRES_PASSWORD": f"{secrets.token_urlsafe(16)}@:/%40 #",
    "PREFECT_SERVER_API_AUTH_STRING": f"overnight:{secrets.token_urlsafe(16)}",
}


class ServicesByHand:
    """Processes of the services, each in a group of its own, and their folder."""

    def __init__(self, folder: Path, postgres_bin: Path) -> None:
        self.folder = folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.api, self.database, self.health = _free_ports(3)
        self.url = f"http://127.0.0.1:{self.api}/api"
        programs = (Path(sys.executable).parent, postgres_bin, "/usr/bin", "/bin")
        self.path = os.pathsep.join(map(str, programs))

    def start(self, service: str) -> None:
        """Start a service by its command, and return once its health check passes."""
        command = [self._here(word) for word in SERVICES[service]["command"]]
        self._spawn(service, command)
        self.wait_until_healthy(service)

    def start_postgres(self) -> None:
        """Start what the image's own entry point would: a cluster with one user."""
        cluster, given = self.folder / "cluster", environment("postgres", SECRETS)
        password = self.folder / "password"
        password.write_text(given["POSTGRES_PASSWORD"])
        password.chmod(0o644)
        user = f"--username={given['POSTGRES_USER']}"
        how = ["--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8"]
        made = self.call("postgres", ["initdb", user, *how, "-D", str(cluster)])
        assert made.returncode == 0, made.stdout
        self._spawn_postgres()
        self._create_database(user, given["POSTGRES_DB"])
        self.wait_until_healthy("postgres")

    def pause_postgres(self, seconds: float) -> None:
        """Stop the database, and start it again after the seconds."""
        self.stop("postgres", STOP_SECONDS)
        time.sleep(seconds)
        self._spawn_postgres()
        self.wait_until_healthy("postgres")

    def _spawn_postgres(self) -> None:
        options = [f"-p{self.database}", "-clisten_addresses=127.0.0.1", "-cfsync=off"]
        socket_folder = f"-cunix_socket_directories={self.folder}"
        cluster = str(self.folder / "cluster")
        self._spawn("postgres", ["postgres", "-D", cluster, *options, socket_folder])

    def _create_database(self, user: str, name: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while self.call("postgres", ["createdb", user, name]).returncode:
            assert time.monotonic() < deadline, self.log("postgres")
            time.sleep(0.2)

    def is_healthy(self, service: str) -> bool:
        """Return what the compose file's health check says."""
        command = [self._here(word) for word in health_check(service)]
        return self.call(service, command).returncode == 0

    def wait_until_healthy(self, service: str) -> None:
        """Return when the health check passes; fail when the service has ended.

        Until the address that it asks answers, the check itself is not run: each time
        it would start a Python.
        """
        deadline = time.monotonic() + START_SECONDS
        while not (self._answers(service) and self.is_healthy(service)):
            assert self.running[service].poll() is None, self.log(service)
            assert time.monotonic() < deadline, self.log(service)
            time.sleep(0.1)

    def _answers(self, service: str) -> bool:
        """Return whether the address in the health check, if it has one, answers."""
        words = " ".join(health_check(service))
        try:
            return all(
                httpx.get(self._here(url)).is_success
                for url in re.findall(r'http://[^"]+', words)
            )
        except httpx.TransportError:
            return False

    def call(
        self, service: str, command: list[str]
    ) -> subprocess.CompletedProcess[str]:
        """Return the outcome of a command in a service's environment."""
        return subprocess.run(
            command,
            env=self._environment(service),
            cwd=self._folder_of(service),
            user=_account(service),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def stop(self, service: str, limit_seconds: float) -> int:
        """Return the exit code after the request to end that an engine would send."""
        process = self.running[service]
        # SIGINT is the Postgres image's own stop signal: it does not wait for clients.
        ending = signal.SIGINT if service == "postgres" else signal.SIGTERM
        process.send_signal(ending)
        try:
            return process.wait(limit_seconds)
        except subprocess.TimeoutExpired as late:
            late.add_note(self.log(service))
            raise

    def log(self, service: str) -> str:
        """Return the end of what a service has written."""
        written = (self.folder / f"{service}.log").read_text(errors="replace")
        return f"{service} wrote:\n{written[-4000:]}"

    def close(self) -> None:
        """End what was started, the last first; what does not end is killed."""
        for service, process in reversed(self.running.items()):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.stop(service, STOP_SECONDS)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _spawn(self, service: str, command: list[str]) -> None:
        with (self.folder / f"{service}.log").open("wb") as log:
            self.running[service] = subprocess.Popen(
                # A shell's background job ignores SIGINT, and so would its children;
                # Prefect's worker ends by one. An engine hands none down.
                ["/usr/bin/env", "--default-signal=INT", *command],
                env=self._environment(service),
                cwd=self._folder_of(service),
                user=_account(service),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _environment(self, service: str) -> dict[str, str]:
        given = environment(service, SECRETS)
        moved = {name: self._here(value) for name, value in given.items()}
        return moved | {
            "PATH": self.path,
            "LANG": "C.UTF-8",
            "HOME": str(self.folder),
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.database),
            "PGPASSWORD": SECRETS["POSTGRES_PASSWORD"],
            "PREFECT_HOME": str(self.folder / f"prefect-{service}"),
            "PREFECT_SERVER_API_PORT": str(self.api),
            "PREFECT_SERVER_DATABASE_HOST": "127.0.0.1",
            "PREFECT_SERVER_DATABASE_PORT": str(self.database),
            "PREFECT_WORKER_WEBSERVER_PORT": str(self.health),
            "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(self.folder / "prefect-ui"),
            "OVERNIGHT_HOME": str(self.folder / "home"),
            "DO_NOT_TRACK": "1",
        }

    def _here(self, text: str) -> str:
        address = f"127.0.0.1:{self.api}"
        everywhere = "0.0.0.0"  # noqa: S104  replaced by loopback, here
        return (
            text.replace("server:4200", address)
            .replace("127.0.0.1:4200", address)
            .replace("127.0.0.1:8080", f"127.0.0.1:{self.health}")
            .replace(everywhere, "127.0.0.1")
        )

    def _folder_of(self, service: str) -> Path:
        return self.folder if service == "postgres" else ROOT


@contextlib.contextmanager
def services_by_hand() -> Iterator[ServicesByHand]:
    """Yield services of which none runs yet; end them all, whatever happens.

    The test is skipped where Postgres is not installed.
    """
    postgres_bin = _postgres_bin()
    folder = Path(tempfile.mkdtemp(prefix="services-by-hand-"))
    if account := _account("postgres"):
        shutil.chown(folder, account)
    services = ServicesByHand(folder, postgres_bin)
    try:
        yield services
    finally:
        services.close()
        shutil.rmtree(folder)


def _postgres_bin() -> Path:
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = str(debian[-1]) if debian else shutil.which("initdb")
    if not found:
        pytest.skip("Postgres is not installed here: no initdb")
    return Path(found).resolve().parent


def _account(service: str) -> str | None:
    """Return the account that Postgres runs under where root would start it."""
    return "postgres" if service == "postgres" and os.geteuid() == 0 else None


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
