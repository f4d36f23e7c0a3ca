# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where things lie. Each can be moved by an environment variable, for more than one lab on a machine."""

import contextlib
import fcntl
import os
from pathlib import Path

LAB = Path(__file__).resolve().parent.parent
SOURCE = LAB.parent.parent
CACHE = Path(os.environ.get("LAB_CACHE", LAB / "cache"))
BUILD = Path(os.environ.get("LAB_BUILD", SOURCE / "build-release"))
RESULTS = Path(os.environ.get("LAB_RESULTS", LAB / "results"))
GUEST = LAB / "guest"


@contextlib.contextmanager
def lock(name):
    """One at a time of all that share the cache: what is made in it is made once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
