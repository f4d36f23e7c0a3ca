# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks of files whose server is away: they hang in the kernel, and nobody waits with them."""

import ctypes
import os
import time

import pytest

from harness import eventually
from test_checks import becomes, checks_of, only, run  # noqa: F401  pylint: disable=unused-import
from test_healthd import systemd  # noqa: F401  pylint: disable=unused-import

MNT_DETACH = 2


@pytest.fixture
def away(root):
    """A file system whose server never answers."""
    libc = ctypes.CDLL(None, use_errno=True)
    folder = root / "away"
    folder.mkdir()
    try:
        server = os.open("/dev/fuse", os.O_RDWR)
    except OSError as error:
        pytest.skip(f"needs /dev/fuse: {error}")
    options = f"fd={server},rootmode=40000,user_id=0,group_id=0,allow_other"
    if libc.mount(b"away", str(folder).encode(), b"fuse", 0, options.encode()) != 0:
        os.close(server)
        pytest.skip(f"can't mount: {os.strerror(ctypes.get_errno())}")
    yield folder
    # Whoever still waits is let go.
    os.close(server)
    libc.umount2(str(folder).encode(), MNT_DETACH)


def answers_at_once(peer):
    """All the time that such a check takes: it is given 5 s."""
    end = time.monotonic() + 7
    while time.monotonic() < end:
        begin = time.monotonic()
        assert peer.call("ping") == "pong"
        # Generous, for a machine that has other things to do; a loop that waits, waits for ever.
        assert time.monotonic() - begin < 3
        time.sleep(0.05)


def test_disk(run, away):
    # READY after the first full check, and so after its five seconds.
    peer = run({"type": "disk", "path": str(away)}, {"type": "disk", "path": "/", "min_free_percent": 1})
    hung, other = checks_of(peer)
    assert hung["state"] == "failing" and "answer" in hung["message"]
    answers_at_once(peer)
    hung, other = checks_of(peer)
    assert hung["state"] == "failing" and other["state"] == "ok"


def test_certificate(run, root, device):
    path = root / "etc/cert.pem"
    path.write_text("nothing of the kind")
    peer = run({"type": "certificate", "path": "/etc/cert.pem"})
    becomes(peer, "failing", "is no certificate")
    path.unlink()
    # Whoever opens it waits for somebody who writes.
    os.mkfifo(path)
    eventually(lambda: "answer" in only(peer)["message"], 15)
    answers_at_once(peer)
    path.unlink()
    path.write_text("nothing of the kind")
    becomes(peer, "failing", "is no certificate", timeout=10)
    # Nor does its end have to be waited for.
    path.unlink()
    os.mkfifo(path)
    time.sleep(2)
    begin = time.monotonic()
    assert device.daemon("healthd").stop() == 0
    assert time.monotonic() - begin < 4
