"""A bucket for the tests: an S3-compatible server on loopback."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.s3.models import s3_backends

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


def forget(address: str) -> None:
    """Remove what lies below an address of this process' server, without a request."""
    start = address.removeprefix(f"s3://{BUCKET}/")
    objects = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[BUCKET].keys
    for name in [name for name in objects if name.startswith(f"{start}/")]:
        objects.pop(name)
