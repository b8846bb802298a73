"""Prefect's API as a program uses it that knows the authentication string."""

import uuid

import httpx


def prefect_api(url: str, auth_string: str) -> httpx.Client:
    """Return a client whose requests have the string and a CSRF token."""
    name, _, password = auth_string.partition(":")
    client = httpx.Client(base_url=url, auth=(name, password), timeout=30)
    me = uuid.uuid4().hex
    answer = client.get("/csrf-token", params={"client": me})
    if answer.is_error:
        client.close()
    client.headers["Prefect-Csrf-Client"] = me
    client.headers["Prefect-Csrf-Token"] = answer.raise_for_status().json()["token"]
    return client
