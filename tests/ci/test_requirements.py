"""What a server installs: locked to files, from wherever pip looks, listed, and looked over."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

posix = pytest.mark.skipif(os.name != "posix", reason="the scripts are for Linux and macOS")


def pins():
    """Yield each requirement of the lock with the number of its hashes."""
    for entry in re.split(r"\n(?=\S)", LOCK):
        if not entry.startswith("#"):
            line, *hashes = re.sub(r" \\$", "", entry.strip(), flags=re.MULTILINE).split("\n")
            yield Requirement(line), [text.strip() for text in hashes]


def on(version, system="linux"):
    """The lock as it is on that Python and system: versions by name."""
    there = {
        "python_version": version,
        "python_full_version": f"{version}.0",
        "sys_platform": system,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    found = {}
    for pin, _ in pins():
        if pin.marker is None or Marker(str(pin.marker)).evaluate(there):
            assert canonicalize_name(pin.name) not in found
            found[canonicalize_name(pin.name)] = next(iter(pin.specifier)).version
    return found


def test_every_file_is_known_by_its_hash_and_no_address_is_named():
    assert len(list(pins())) > 20
    for pin, hashes in pins():
        assert pin.url is None
        assert [spec.operator for spec in pin.specifier] == ["=="]
        assert hashes, pin
        assert all(re.fullmatch("--hash=sha256:[0-9a-f]{64}", text) for text in hashes), pin
    assert "://" not in LOCK
    assert not re.search(r"^\s*--(?!hash=)", LOCK, re.MULTILINE)


def test_what_the_program_imports_is_installed_with_it():
    """A machine of somebody who develops has more; on a fresh one, each import needs its package."""
    installs = {canonicalize_name(pin.name) for pin, _ in pins()}
    packages = packages_distributions()
    imported = {
        name.partition(".")[0]
        for folder in ("bot", "cogs")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in (
            [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    foreign = imported & packages.keys() - {"bot", "cogs"}
    assert len(foreign) > 10
    assert [
        name
        for name in sorted(foreign)
        if not installs & set(map(canonicalize_name, packages[name]))
    ] == []


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_the_lock_has_what_the_project_asks_for(version, system):
    locked = on(version, system)
    for text in PROJECT["dependencies"]:
        needed = Requirement(text)
        assert needed.specifier.contains(locked[canonicalize_name(needed.name)]), text
    assert PROJECT["requires-python"] == ">=3.11"


def run(script, *arguments):
    return subprocess.run(
        [sys.executable, ROOT / ".ci" / script, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_bill_of_materials_holds_the_whole_lock_and_is_the_same_each_time():
    first, second = run("sbom"), run("sbom")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == second.stdout
    bill = json.loads(first.stdout)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    listed = [(part["name"], part["version"]) for part in bill["components"]]
    assert listed == [
        (canonicalize_name(pin.name), next(iter(pin.specifier)).version) for pin, _ in pins()
    ]
    assert len({part["bom-ref"] for part in bill["components"]}) == len(listed)
    [own] = bill["dependencies"]
    assert len(own["dependsOn"]) == len(PROJECT["dependencies"])


FINE = {"name": "aiohttp", "version": "1", "vulns": []}
BAD = {"name": "click", "version": "2", "vulns": [{"id": "PYSEC-1"}]}
UNKNOWN = {"name": "yarl", "skip_reason": "not found"}


@pytest.fixture
def auditor(tmp_path):
    """A pip-audit that finds what it is told to: with --strict and without."""

    def make(strict, loose=None, *, wait=0):
        program = tmp_path / "pip-audit"
        program.write_text(
            f"#!{sys.executable}\n"
            "import json, sys, time\n"
            f"time.sleep({wait})\n"
            f"code, found = {strict!r} if '--strict' in sys.argv else {loose!r}\n"
            "assert '--require-hashes' in sys.argv\n"
            "if found is not None:\n"
            "    with open(sys.argv[sys.argv.index('-o') + 1], 'w') as report:\n"
            "        json.dump({'dependencies': found}, report)\n"
            "print('the last word', file=sys.stderr)\n"
            "sys.exit(code)\n"
        )
        program.chmod(0o700)
        return str(program)

    return make


@posix
@pytest.mark.parametrize(
    ("strict", "loose", "code", "said"),
    [
        ((0, [FINE]), None, 0, "no known vulnerability"),
        ((1, [FINE, BAD]), None, 1, "VULNERABLE: click 2 (PYSEC-1)"),
        ((1, None), (1, [BAD, UNKNOWN]), 1, "VULNERABLE: click 2 (PYSEC-1)"),
        ((1, None), (0, [FINE, UNKNOWN]), 1, "NOT KNOWN: yarl"),
        ((1, None), (0, [UNKNOWN, UNKNOWN]), 0, "NOT AUDITED"),
        ((1, None), (1, None), 0, "NOT AUDITED"),
    ],
)
def test_a_vulnerability_fails_and_sources_out_of_reach_do_not(auditor, strict, loose, code, said):
    ended = run("audit", auditor(strict, loose))
    assert (ended.returncode, ended.stderr) == (code, "")
    assert said in ended.stdout
    assert ended.stdout.count("\n") == 1


@posix
def test_sources_that_do_not_answer_are_not_waited_for(auditor):
    ended = run("audit", "--seconds", "0.2", auditor((0, [FINE]), wait=60))
    assert (ended.returncode, ended.stdout.count("\n")) == (0, 1)
    assert "NOT AUDITED" in ended.stdout
