# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where things lie. Each can be moved by an environment variable, for more than one lab on a machine."""

import os
from pathlib import Path

LAB = Path(__file__).resolve().parent.parent
SOURCE = LAB.parent.parent
CACHE = Path(os.environ.get("LAB_CACHE", LAB / "cache"))
BUILD = Path(os.environ.get("LAB_BUILD", SOURCE / "build-release"))
RESULTS = Path(os.environ.get("LAB_RESULTS", LAB / "results"))
GUEST = LAB / "guest"
