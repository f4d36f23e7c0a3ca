# SPDX-License-Identifier: LGPL-2.1-or-later
"""A network of the test's own, and a neighbour's beside it: real interfaces and a real kernel."""

import contextlib
import ctypes
import os
import subprocess

from harness import eventually

CLONE_NEWNET = 0x40000000


@contextlib.contextmanager
def own_network():
    """What is started from here on is in it: threads, daemons, commands."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    assert libc.unshare(CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
    try:
        yield
    finally:
        assert libc.setns(before, CLONE_NEWNET) == 0
        os.close(before)


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def take(address, interface):
    """Words for ip(8). No duplicate of the address is looked for: it is there at once."""
    return ["address", "add", address, "dev", interface, *(["nodad"] if ":" in address else [])]


class Neighbour:
    """Somebody at the other end of the cable of `interface`, which is made and set up for it."""

    def __init__(self, interface):
        # It says so when it is in a network of its own.
        self._process = subprocess.Popen(  # pylint: disable=consider-using-with
            ["unshare", "--net", "sh", "-c", "echo; exec sleep infinity"], stdout=subprocess.PIPE)
        assert self._process.stdout.readline()
        ip("link", "add", interface, "type", "veth", "peer", "name", "there", "netns",
           str(self._process.pid))
        self.run("ip", "link", "set", "there", "up")
        # With link-local addresses that are there at once, or not at all.
        ip("link", "set", interface, "addrgenmode", "none")
        ip("link", "set", interface, "up")
        # Not /sys: what is mounted there shows the machine's own interfaces.
        eventually(lambda: "state UP" in subprocess.run(
            ["ip", "link", "show", "dev", interface], check=True, capture_output=True, text=True).stdout)

    def run(self, *command):
        subprocess.run(["nsenter", f"--net=/proc/{self._process.pid}/ns/net", *command], check=True)

    def take_address(self, address):
        self.run("ip", *take(address, "there"))

    def close(self):
        self._process.stdout.close()
        self._process.kill()
        self._process.wait()
