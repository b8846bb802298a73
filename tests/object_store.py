"""Stores for homes that are no folder: S3 on loopback, and one that must move files."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import fsspec
import upath.registry
from fsspec.implementations.local import LocalFileSystem
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from upath import UPath

BUCKET = "nights"

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@contextmanager
def bucket_on_loopback() -> Iterator[str]:
    """Yield the address of an empty bucket; this process and its children find it."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    found = CREDENTIALS | {"AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    before = {name: os.environ.get(name) for name in found}
    os.environ.update(found)
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    yield f"s3://{BUCKET}"
    server.stop()
    for name, value in before.items():
        os.environ.pop(name)
        if value is not None:
            os.environ[name] = value


class Share(LocalFileSystem):
    """A folder under an address of its own, written in place: a part can be seen."""

    protocol = "share"
    root_marker = "/"

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        stripped: str = super()._strip_protocol(str(path).removeprefix("share://"))
        return stripped


class SharePath(UPath):
    """A path of a `Share`."""


def shared_folder(folder: Path) -> str:
    """Return the address of `folder` as a store that is no known object store."""
    fsspec.register_implementation("share", Share, clobber=True)
    upath.registry.register_implementation("share", SharePath, clobber=True)
    return f"share://{folder}"
