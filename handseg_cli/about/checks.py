"""What `handseg doctor` looks at, each in a function of its own that returns its findings."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from handseg_cli import __version__
from handseg_cli.about.inventory import EXTRAS, PACKAGES, RUNTIME_PACKAGES, embedded, installed
from handseg_cli.errors import HandsegError
from handseg_cli.registry import RUNTIMES, WEIGHTS, resolve

State = Literal["ok", "absent", "broken"]


@dataclass(frozen=True)
class Finding:
    """One line of the report. "absent" is a choice of the user's, "broken" keeps a command from working."""

    name: str
    state: State
    text: str
    facts: dict[str, object] = field(default_factory=dict)


def versions() -> list[Finding]:
    """Tell who we are, and the versions of all packages."""
    where = f"handseg {__version__}, Python {platform.python_version()} ({sys.executable}), {platform.platform()}"
    found = {name: installed(name) for name in (*PACKAGES, *EXTRAS)}
    missing = [name for name in PACKAGES if not found[name]]
    listed = ", ".join(f"{name} {number}" for name, number in found.items() if number)
    text = f"{listed}; missing: {', '.join(missing)}: install handseg again" if missing else listed
    return [
        Finding("version", "ok", where, {"handseg": __version__, "python": platform.python_version()}),
        Finding("packages", "broken" if missing else "ok", text, dict(found)),
    ]


def machine() -> list[Finding]:
    """Tell the processor, the cores this process may use, and the disk space of the current folder."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    free = shutil.disk_usage(Path.cwd()).free
    return [
        Finding("cpu", "ok", f"{processor()}, {cores} cores", {"model": processor(), "cores": cores}),
        Finding("disk", "ok", f"{free / 1e9:.1f} GB free in {Path.cwd()}", {"free_bytes": free}),
    ]


def processor() -> str:
    """Return the name of the processor."""
    listing = Path("/proc/cpuinfo")
    lines = listing.read_text().splitlines() if listing.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def attempt(name: str, check: Callable[[], list[Finding]]) -> list[Finding]:
    """Run one check; what keeps it from finishing is a finding, too."""
    try:
        return check()
    except (HandsegError, ImportError, OSError) as error:
        return [Finding(name, "broken", str(error))]


def runtimes() -> list[Finding]:
    """Import each runtime."""
    return [finding for name in RUNTIMES for finding in attempt(f"runtime {name}", partial(runtime, name))]


def runtime(name: str) -> list[Finding]:
    """Import one runtime; one that an extra brings may be absent."""
    package = RUNTIME_PACKAGES[name]
    number = installed(package)
    if not number and package in EXTRAS:
        return [Finding(f"runtime {name}", "absent", f"pip install 'handseg[{EXTRAS[package]}]'")]
    resolve(RUNTIMES[name])
    return [Finding(f"runtime {name}", "ok", f"{package} {number}", {"version": number})]


def weights() -> list[Finding]:
    """Hash the embedded weights and compare with what was recorded when they were packed."""
    findings = []
    for name in WEIGHTS:
        for file in embedded(name)[1]:
            packed = file.recorded or "no hash"
            verdict = "as packed" if file.is_right else f"but {packed} is recorded: install handseg again"
            text = f"{file.path} sha256 {file.sha256} {verdict}"
            facts: dict[str, object] = {"path": str(file.path), "sha256": file.sha256, "is_right": file.is_right}
            findings.append(Finding(f"weights {name}", "ok" if file.is_right else "broken", text, facts))
    return findings
