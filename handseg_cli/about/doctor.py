"""The `doctor` verb: looks at everything once and reports, also when something is broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import cast

from handseg_cli.about.checks import Finding, attempt
from handseg_cli.config import DoctorConfig
from handseg_cli.errors import HandsegError
from handseg_cli.registry import resolve


@dataclass(frozen=True)
class Report:
    """All findings; as text for people, or as one JSON object."""

    findings: list[Finding]
    json: bool = False

    @property
    def exit_code(self) -> int:
        """Return 4 if anything is broken."""
        return HandsegError.exit_code if any(each.state == "broken" for each in self.findings) else 0

    def __str__(self) -> str:
        if self.json:
            content = {"ok": self.exit_code == 0, "findings": [asdict(each) for each in self.findings]}
            return json.dumps(content, indent=2)
        verdict = "All is well." if self.exit_code == 0 else "Something is broken: see above."
        return "\n".join([*(f"{each.state:7} {each.name:17} {each.text}" for each in self.findings), verdict])


# Each is imported when its turn comes, so that a broken package is a finding and not the end of the report.
CHECKS = {
    "versions": "handseg_cli.about.checks:versions",
    "machine": "handseg_cli.about.checks:machine",
    "runtimes": "handseg_cli.about.checks:runtimes",
    "devices": "handseg_cli.about.devices:devices",
    "weights": "handseg_cli.about.checks:weights",
    "test mask": "handseg_cli.about.trial:mask",
}


def doctor(config: DoctorConfig) -> Report:
    """Run every check."""
    found = [attempt(name, partial(run, target)) for name, target in CHECKS.items()]
    return Report([finding for findings in found for finding in findings], config.json)


def run(target: str) -> list[Finding]:
    """Import one check and run it."""
    return cast(Callable[[], list[Finding]], resolve(target))()
