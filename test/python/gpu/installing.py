"""Packages of the distribution that these tests need: installed where that is possible."""

import fcntl
import os
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path

import pytest

# A software Vulkan device, and what validates kernels.
VULKAN = ["libvulkan1", "mesa-vulkan-drivers", "spirv-tools"]
OCLGRIND = ["oclgrind", "llvm-spirv-14", "spirv-tools"]


def install(packages) -> str:
    """Installs packages of the distribution; returns why that is not possible, or nothing."""
    if os.environ.get("TFC_NO_INSTALL"):
        return "TFC_NO_INSTALL is set"
    if not shutil.which("apt-get"):
        return "there is no apt-get"
    if os.geteuid() != 0:
        return "not root"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with open(Path(tempfile.gettempdir()) / "tfc-test-install.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", *packages]):
            run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
            if run.returncode and command[1] == "install":
                return run.stderr.strip().splitlines()[-1] if run.stderr.strip() else "apt-get failed"
    return ""


def skip_loudly(reason):
    """A skip that also shows among the warnings of the run."""
    warnings.warn(f"GPU TESTS SKIPPED: {reason}", stacklevel=2)
    pytest.skip(reason)
