"""How fast samples for training come out of a prepared file in a store, against the same file on this disk.

    python data_scripts/benchmark_store.py ~/.handseg/prepared/egohands.h5
    python data_scripts/benchmark_store.py hands.h5 --delay 0 --workers 0

A server on this machine is taken for S3; it waits `--delay` seconds before each answer, and takes some of the CPU
itself. Batches are made in turn from the disk and from the store, so that whatever else the machine does meets both.
Prints a table with the requests and the bytes that a sample takes.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import socket
import tempfile
import time
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from handseg_cli.io.far import reader_of
from handseg_cli.loading.batches import Batch, Feed
from handseg_cli.loading.mix import Mix, Part
from handseg_cli.loading.recipe import Recipe
from handseg_cli.paths import Place, Url

BATCH = 16
TOLD = 'HTTP/1.1 {}\r\nETag: "one"\r\nLast-Modified: Sat, 01 Nov 2025 00:00:00 GMT\r\nContent-Length: {}\r\n'

Counter = Synchronized  # of a C integer


def serve(file: Path, sock: socket.socket, delay_s: float, asked: Counter[int], sent: Counter[int]) -> None:
    """Serve ranges of one file at any address, until this process is ended."""
    size, descriptor = file.stat().st_size, os.open(file, os.O_RDONLY)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()
                return
            await asyncio.sleep(delay_s)
            found = re.search(rb"(?i)\r\nrange: bytes=(\d+)-(\d+)", head)
            if found is None:
                writer.write((TOLD.format("200 OK", size) + "\r\n").encode())
                continue
            start, last = int(found[1]), int(found[2])
            data = os.pread(descriptor, last + 1 - start, start)
            asked.value, sent.value = asked.value + 1, sent.value + len(data)
            span = f"Content-Range: bytes {start}-{last}/{size}\r\n\r\n"
            writer.write((TOLD.format("206 Partial Content", len(data)) + span).encode() + data)

    async def forever() -> None:
        await (await asyncio.start_server(answer, sock=sock)).serve_forever()

    asyncio.run(forever())


def batches(place: Place, root: Path, workers: int, size: int) -> Iterator[Batch]:
    """Yield training batches without end."""
    feed = Feed(Mix([Part("set", place, root=root)], "train"), Recipe(size=size), batch=BATCH, seed=0, workers=workers)
    epoch = 0
    while True:
        yield from feed.epoch(epoch)
        epoch += 1


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="a prepared file")
    parser.add_argument("--delay", type=float, default=0.03, help="seconds that the store waits before each answer")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=12, help="of ten batches from each")
    options = parser.parse_args()
    # Spawned: a thread of fsspec's would not live in a fork.
    context = get_context("spawn")
    asked, sent = context.Value("q", 0), context.Value("q", 0)
    with socket.create_server(("127.0.0.1", 0)) as sock, tempfile.TemporaryDirectory() as root:
        os.environ |= {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{sock.getsockname()[1]}"}
        os.environ |= {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_DEFAULT_REGION": "us-east-1"}
        server = context.Process(target=serve, args=(options.file, sock, options.delay, asked, sent), daemon=True)
        server.start()
        measure(options, Path(root), (asked, sent))
        server.terminate()


def measure(options: argparse.Namespace, root: Path, counters: tuple[Counter[int], Counter[int]]) -> None:
    """Make batches from both in turn and print what they take."""
    url = Url("s3", "bucket/set.h5")
    began = time.perf_counter()
    samples = len(reader_of(url, root))
    (outline,) = (root / "outlines").iterdir()
    kept = outline.stat().st_blocks * 512
    print(f"{samples} samples, {options.file.stat().st_size / 1e6:.1f} MB; kept here {kept / 1e6:.1f} MB,")
    print(f"which took {time.perf_counter() - began:.2f} s and {counters[0].value} requests")
    feeds = {
        "disk": batches(options.file, root, options.workers, options.size),
        "store": batches(url, root, options.workers, options.size),
    }
    for feed in feeds.values():
        for _ in range(2 * (options.workers or 1) + 1):
            next(feed)
    seconds, cpu = dict.fromkeys(feeds, 0.0), dict.fromkeys(feeds, 0.0)
    before = [counter.value for counter in counters]
    for _ in range(options.rounds):
        for name, feed in feeds.items():
            mark = time.perf_counter(), time.process_time()
            for _ in range(10):
                next(feed)
            seconds[name] += time.perf_counter() - mark[0]
            cpu[name] += time.process_time() - mark[1]
    count = options.rounds * 10 * BATCH
    for name in feeds:
        print(f"{name:6} {count / seconds[name]:8.1f} samples/s {1000 * cpu[name] / count:8.2f} ms CPU of this process")
    requests, amount = (counter.value - begin for counter, begin in zip(counters, before, strict=True))
    print(
        f"store/disk {seconds['disk'] / seconds['store']:.2f}; a sample took {requests / count:.2f} requests,", end=" "
    )
    print(f"{amount / count / 1000:.1f} KB")


if __name__ == "__main__":
    main()
