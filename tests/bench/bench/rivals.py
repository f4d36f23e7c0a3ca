# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rivals as packages, with what they need beside what a device has, from the machine's own apt sources.

They are kept in the lab's cache, and put where they are wanted: neither the lab's list of packages nor its cached base
changes.
"""

import shutil
import tempfile

from lab import image, places

# In the root that they are put into.
PLACE = "var/tmp/rivals"


def chroot(root):
    """How to run a script in a root that nobody has booted."""
    return lambda script: image.quietly("chroot", root, "sh", "-c", script)


def fetch(root, names):
    """The files of these packages and of all that they need and `root` has not."""
    folder = places.CACHE / "rivals"
    install = ["apt-get", "install", "-q", "-y", "--no-install-recommends", "--download-only",
               "-o", f"Dir::State::status={root}/var/lib/dpkg/status", "-o", "Dir::Cache::pkgcache=",
               "-o", "Dir::Cache::srcpkgcache=", "-o", "APT::Sandbox::User=root", *names]
    # What an archive has already is not among the addresses that are printed: an empty one.
    with tempfile.TemporaryDirectory() as nothing:
        wanted = image.output(*install, "--print-uris", "-o", f"Dir::Cache::archives={nothing}")
    (folder / "partial").mkdir(parents=True, exist_ok=True)
    image.quietly(*install, "-o", f"Dir::Cache::archives={folder}")
    return [folder / line.split()[1] for line in wanted.splitlines() if line.startswith("'")]


def put(root, names, run):
    """Installs them below `root`, in which `run` runs a script; nothing of them is started."""
    place, policy = root / PLACE, root / "usr/sbin/policy-rc.d"
    place.mkdir()
    for package in fetch(root, names):
        shutil.copy(package, place)
    policy.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    policy.chmod(0o755)
    run(f"DEBIAN_FRONTEND=noninteractive dpkg -i /{PLACE}/*.deb")
    policy.unlink()
    shutil.rmtree(place)
