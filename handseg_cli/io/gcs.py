"""Objects in Google's storage: listed page by page with their notes, which stand in their metadata."""

from __future__ import annotations

from collections.abc import Iterator

from handseg_cli.errors import ImageError, OutputError
from handseg_cli.io.bucket import Bucket, meta_of, patiently, told
from handseg_cli.io.store import Meta, Page
from handseg_cli.paths import Url

NOTE = "handseg"


class Gcs(Bucket):
    """Objects of Google Cloud Storage."""

    def pages(self, folder: Url, recursive: bool) -> Iterator[Page]:
        """Yield what is in a folder in the order of keys, a thousand objects at a time."""
        asked = {"maxResults": "1000", "prefix": f"{folder.key.rstrip('/')}/" if folder.key else ""}
        asked |= {} if recursive else {"delimiter": "/"}
        while asked:
            with told(folder, ImageError):
                answer = patiently(lambda: self.fs.call("GET", "b/{}/o", folder.bucket, json_out=True, **asked))
            yield [(each["name"], meta_of(each)) for each in answer.get("items", ())]
            if "nextPageToken" not in answer:
                return
            asked["pageToken"] = answer["nextPageToken"]

    def look(self, url: Url) -> Meta | None:
        """Tell of one object, with the note beside it, by one request."""
        try:
            with told(url, ImageError):
                answer = patiently(lambda: self.fs.call("GET", "b/{}/o/{}", url.bucket, url.key, json_out=True))
        except FileNotFoundError:
            return None
        return meta_of(answer)

    def write(self, url: Url, data: bytes, note: str) -> None:
        """Put an object there whole, with a note in its metadata."""
        with told(url, OutputError):
            patiently(lambda: self.fs.pipe_file(self.path(url), data, metadata={NOTE: note}))
