"""Objects in S3 and its likes: listed page by page, read by one request each, and written with a note beside them.

Requests are tried again by botocore itself, with a growing pause after each refusal.
"""

from __future__ import annotations

from asyncio import gather
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from fsspec.asyn import sync

from handseg_cli.errors import ImageError, OutputError
from handseg_cli.io.bucket import MISSING, Bucket, in_ns, patiently, require_size, told
from handseg_cli.io.store import LARGEST, Meta, Page, Span
from handseg_cli.paths import Url

TYPES = {"png": "image/png", "jpg": "image/jpeg", "json": "application/json"}
NOTE = "handseg"


class S3(Bucket):
    """Objects of S3."""

    settings: ClassVar[dict[str, Any]] = {
        "config_kwargs": {"retries": {"mode": "standard", "max_attempts": 6}, "max_pool_connections": 64},
    }

    def pages(self, folder: Url, recursive: bool) -> Iterator[Page]:
        """Yield what is in a folder in the order of keys, a thousand objects at a time."""
        asked = {"Bucket": folder.bucket, "Prefix": f"{folder.key.rstrip('/')}/" if folder.key else ""}
        asked |= {} if recursive else {"Delimiter": "/"}
        while asked:
            with told(folder, ImageError):
                answer = self.fs.call_s3("list_objects_v2", **asked, **self.fs.req_kw)
            yield [(each["Key"], meta(each, each["Size"])) for each in answer.get("Contents", ())]
            if not answer.get("IsTruncated"):
                return
            asked["ContinuationToken"] = answer["NextContinuationToken"]

    def look(self, url: Url) -> Meta | None:
        """Tell of one object, with the note beside it."""
        try:
            with told(url, ImageError):
                answer = self.fs.call_s3("head_object", Bucket=url.bucket, Key=url.key, **self.fs.req_kw)
        except FileNotFoundError:
            return None
        return meta(answer, answer["ContentLength"])

    def read(self, url: Url, limit: int = LARGEST) -> tuple[bytes, Meta]:
        """Read an object; its bytes and what it is come in one answer, so that they are of one version."""
        try:
            with told(url, ImageError):
                return patiently(lambda: sync(self.fs.loop, self._get, url, limit))  # type: ignore[no-any-return]
        except FileNotFoundError as error:
            raise ImageError(f"{url}: {MISSING}") from error

    async def _get(self, url: Url, limit: int) -> tuple[bytes, Meta]:
        answer = await self.fs._call_s3("get_object", Bucket=url.bucket, Key=url.key, **self.fs.req_kw)
        async with answer["Body"] as body:
            require_size(url, answer["ContentLength"], limit)
            return await body.read(), meta(answer, answer["ContentLength"])

    def _parts(self, url: Url, spans: Sequence[Span], of: Meta) -> list[bytes]:
        data: list[bytes] = sync(self.fs.loop, self._get_parts, url, spans, of)
        return data

    async def _get_parts(self, url: Url, spans: Sequence[Span], of: Meta) -> list[bytes]:
        return await gather(*(self._get_part(url, span, of) for span in spans))

    async def _get_part(self, url: Url, span: Span, of: Meta) -> bytes:
        start, length = span
        asked = {"Range": f"bytes={start}-{start + length - 1}"}
        if of.version:
            asked["IfMatch"] = f'"{of.version}"'
        answer = await self.fs._call_s3("get_object", Bucket=url.bucket, Key=url.key, **asked, **self.fs.req_kw)
        async with answer["Body"] as body:
            return await body.read()  # type: ignore[no-any-return]

    def write(self, url: Url, data: bytes, note: str) -> None:
        """Put an object there whole, with a note in its metadata."""
        asked: dict[str, Any] = {"Bucket": url.bucket, "Key": url.key, "Body": data, "Metadata": {NOTE: note}}
        kind = TYPES.get(url.name.rpartition(".")[2])
        with told(url, OutputError):
            self.fs.call_s3("put_object", **asked, **({"ContentType": kind} if kind else {}), **self.fs.req_kw)


def meta(answer: dict[str, Any], size: int) -> Meta:
    """Read what S3 tells of an object."""
    note = answer.get("Metadata", {}).get(NOTE)
    return Meta(size, in_ns(answer["LastModified"]), answer.get("ETag", "").strip('"'), note)
