"""The set-up of these tests: packages are installed where that is possible; where it is not, the skip is loud."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import installing
import pytest

APT = """#!/bin/sh
echo "$DEBIAN_FRONTEND $@" >> "{log}"
case "$1" in
install) {install} ;;
esac
"""


@pytest.fixture
def apt(tmp_path, monkeypatch):
    """An `apt-get` that writes down what it is asked; `apt(install="...")` is what it does then."""
    log = tmp_path / "log"

    def make(install="exit 0"):
        program = tmp_path / "bin" / "apt-get"
        program.parent.mkdir()
        program.write_text(APT.format(log=log, install=install))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        monkeypatch.delenv("TFC_NO_INSTALL", raising=False)
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        monkeypatch.setattr(installing.tempfile, "gettempdir", lambda: str(tmp_path))
        return log

    return make


def test_packages_are_installed_after_their_lists(apt):
    log = apt()
    assert installing.install(installing.VULKAN) == ""
    update, install = log.read_text().splitlines()
    assert update == "noninteractive update"
    assert install == f"noninteractive install -y --no-install-recommends {' '.join(installing.VULKAN)}"


def test_what_the_installer_says_is_the_reason(apt):
    apt(install="echo 'E: Unable to locate package mesa-vulkan-drivers' >&2; exit 100")
    assert installing.install(installing.VULKAN) == "E: Unable to locate package mesa-vulkan-drivers"


def test_without_rights_nothing_is_tried(apt, monkeypatch):
    log = apt()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert installing.install(installing.VULKAN) == "not root" and not log.exists()


def test_installing_can_be_forbidden(apt, monkeypatch):
    log = apt()
    monkeypatch.setenv("TFC_NO_INSTALL", "1")
    assert installing.install(installing.VULKAN) == "TFC_NO_INSTALL is set" and not log.exists()


def test_the_names_are_those_of_the_distribution():
    """The real installer, asked what it would do."""
    if shutil.which("apt-get") is None:
        pytest.skip("there is no apt-get")
    run = subprocess.run(["apt-get", "-s", "install", *installing.VULKAN], capture_output=True, text=True, check=False)
    if run.returncode and "Unable to locate" in run.stderr and not any(Path("/var/lib/apt/lists").glob("*Packages*")):
        pytest.skip("the lists of packages are not there: apt-get update")
    assert run.returncode == 0, run.stderr


def test_without_a_device_the_skip_is_loud():
    here = Path(__file__).parent
    environment = {
        **os.environ, "VK_DRIVER_FILES": os.devnull, "VK_ICD_FILENAMES": os.devnull, "TFC_NO_INSTALL": "1", "PYTHONPATH": ":".join(p for p in sys.path if p),
    }  # fmt: skip
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(here / "test_devices.py"), "-k", "listed_and_described"],
        env=environment, capture_output=True, text=True, check=False, cwd=here.parents[2],
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"GPU TESTS SKIPPED: no Vulkan device: .*Vulkan: ", run.stdout) and "1 skipped" in run.stdout, (
        run.stdout
    )
