"""An S3-compatible server in a process of its own, that all of AWS's tools are led to, and buckets on it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from handseg_cli.io.store import open_store
from handseg_cli.paths import Url

if TYPE_CHECKING:
    from handseg_cli.io.s3 import S3


class Bucket:
    """A bucket of its own for a test, and the requests that were made to the server since `forget`."""

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self.store = cast("S3", open_store("s3"))
        self.store.fs.call_s3("create_bucket", Bucket=name)
        self.forget()

    def url(self, key: str) -> Url:
        return Url("s3", f"{self.name}/{key}")

    def put(self, key: str, data: bytes) -> None:
        """Put an object there, as some other program does."""
        self.store.fs.call_s3("put_object", Bucket=self.name, Key=key, Body=data)

    def there(self) -> list[str]:
        return [key for page in self.store.pages(self.url(""), True) for key, _ in page]

    def forget(self) -> None:
        self.begin = self.log.stat().st_size

    def asked(self) -> dict[str, int]:
        """Count the requests for this bucket by their method; a list is LIST."""
        lines = self.log.read_bytes()[self.begin :].decode().splitlines()
        found = [re.search(rf"(GET|HEAD|PUT) /{self.name}(\S*) ", line) for line in lines]
        kinds = ["LIST" if "list-type" in each[2] else each[1] for each in found if each]
        return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


@contextmanager
def serving(log: Path) -> Iterator[None]:
    """Have a server until the work is done, which notes requests in a file."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with pytest.MonkeyPatch.context() as patch, log.open("wb") as file:
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "none")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        process = subprocess.Popen(command, stdout=file, stderr=file)
        open_store.cache_clear()
        try:
            wait_for(port)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
            open_store.cache_clear()


def wait_for(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the server does not start")
