"""`handseg doctor` reports what is there, and what is broken without breaking itself."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from handseg_cli.about import checks, inventory
from handseg_cli.about.checks import Finding, attempt
from handseg_cli.about.doctor import Report, doctor
from handseg_cli.config import DoctorConfig
from handseg_cli.errors import HandsegError


def test_this_installation_is_well() -> None:
    report = doctor(DoctorConfig())
    assert [each for each in report.findings if each.state == "broken"] == []
    assert report.exit_code == 0
    names = {each.name for each in report.findings}
    assert names >= {"version", "packages", "cpu", "disk", "runtime onnx", "device cpu", "weights lite", "test mask"}


def test_json_tells_what_the_text_tells() -> None:
    findings = [Finding("a", "ok", "fine", {"n": 1}), Finding("b", "broken", "not fine")]
    content = json.loads(str(Report(findings, json=True)))
    assert content["ok"] is False
    assert [each["text"] for each in content["findings"]] == ["fine", "not fine"]
    text = str(Report(findings))
    assert "fine" in text
    assert "broken" in text


@pytest.mark.parametrize(("state", "code"), [("ok", 0), ("absent", 0), ("broken", 4)])
def test_exit_code_tells_whether_something_is_broken(state: checks.State, code: int) -> None:
    assert Report([Finding("a", state, "")]).exit_code == code


@pytest.mark.parametrize("error", [HandsegError("needs x"), ImportError("needs x"), OSError("needs x")])
def test_check_that_fails_is_a_finding(error: Exception) -> None:
    def fail() -> list[Finding]:
        raise error

    assert attempt("a", fail) == [Finding("a", "broken", "needs x")]


def test_changed_weights_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "SHA256SUMS").write_text("00ff  lite.onnx\n")
    monkeypatch.setattr(inventory, "SUMS", tmp_path / "SHA256SUMS")
    findings = checks.weights()
    assert {each.state for each in findings} == {"broken"}
    assert "00ff is recorded" in findings[0].text


def test_runtime_without_its_package_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "installed", lambda package: "")
    assert [each.state for each in checks.runtime("openvino")] == ["absent"]


def test_runtime_that_cannot_be_imported_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "handseg_cli.runtime.openvino_session", raising=False)
    monkeypatch.setitem(sys.modules, "openvino", None)
    broken = [each for each in checks.runtimes() if each.state == "broken"]
    assert [each.name for each in broken] == ["runtime openvino"]
    assert "pip install" in broken[0].text


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "installed", lambda package: "" if package == "numpy" else "1.0")
    packages = checks.versions()[1]
    assert packages.state == "broken"
    assert "missing: numpy" in packages.text


def test_sums_are_read_as_sha256sum_writes_them() -> None:
    assert inventory.recorded_sums("ab  x.onnx\ncd *y.onnx\n\n") == {"x.onnx": "ab", "y.onnx": "cd"}


def test_hash_is_that_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert inventory.sha256_of(tmp_path / "a").startswith("ba7816bf8f01cfea")
