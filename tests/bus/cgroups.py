# SPDX-License-Identifier: LGPL-2.1-or-later
"""Processes that belong to a unit, where no systemd runs: a unit is a folder of the cgroup tree."""

import contextlib
import os
import pathlib


def _tree():
    """The tree that libsystemd looks at: on a hybrid system the one beside the old hierarchies."""
    for path in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup"):
        if os.access(f"{path}/cgroup.procs", os.W_OK):
            return pathlib.Path(path)
    return None


def available():
    return _tree() is not None


@contextlib.contextmanager
def inside(unit, slices="system.slice"):
    """This process is one of the unit's, in these slices."""
    tree = _tree()
    own = pathlib.Path("/proc/self/cgroup").read_text()
    before = [line.split("::", 1)[1] for line in own.splitlines() if line.startswith("0::")][0]
    folder = tree / slices / unit
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cgroup.procs").write_text(str(os.getpid()))
    try:
        yield
    finally:
        (tree / before.lstrip("/") / "cgroup.procs").write_text(str(os.getpid()))
        folder.rmdir()
