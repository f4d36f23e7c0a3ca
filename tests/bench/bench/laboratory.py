# SPDX-License-Identifier: LGPL-2.1-or-later
"""The ground of what needs a radio: the lab's virtual machine, with a rival on its disk.

That disk is one of its own, made from the same base and the same suite: the lab's stays as it is.
"""

import contextlib
import json
import shlex
import subprocess
from pathlib import Path

from lab import image, wait
from lab.machine import Machine
from lab.states import States
from lab.world import Lab

from . import rivals
from .ground import Processes

MACHINE = Path(__file__).resolve().parent.parent / "machine"
RIVAL = "comitup"
AIR = "/run/bench-air"
OF_UNBOX = "'unbox*' 'user-network*' 'webserver*' 'healthd*' 'identclient*' 'factory-reset*'"


def furnish(root):
    """Puts the rival onto the disk, switched off, and what measures, switched on."""
    image.copy_over(MACHINE, root)
    rivals.put(root, [RIVAL], rivals.chroot(root))
    image.run("systemctl", f"--root={root}", "disable", "comitup.service", "comitup-web.service",
              stderr=subprocess.DEVNULL)
    image.run("systemctl", f"--root={root}", "enable", "bench-air.service", stderr=subprocess.DEVNULL)


class Laboratory(Processes):
    """The device and its world; nobody is on the hotspot."""

    def __init__(self, machine):
        self.machine = machine
        self.states = States(machine)
        self.lab = None

    def unpack(self):
        """A device in its first time, as often as one is wanted; the customer's phone stays away."""
        self.states.start("first-time")
        self.lab = Lab.around(self.machine)
        self.run("systemctl disable --now lab-phone.service lab-phone-address.service "
                 "lab-phone-roam.service", 60)

    def run(self, script, timeout=30, check=True):
        return self.machine.run(script, timeout, check)

    def out(self, script, timeout=30):
        return self.machine.out(script, timeout)

    def switch_off_unbox(self):
        """All of it from the next boot on, for those who want the radio for themselves."""
        self.run(f"systemctl list-unit-files --plain --no-legend {OF_UNBOX} | cut -d' ' -f1 | "
                 "xargs systemctl mask", 120)
        self.run("rm -f /etc/NetworkManager/dnsmasq-shared.d/90-unbox.conf")

    def ask(self, whom, ssid, password):
        """When it was asked for, when it ended, and what was said."""
        return json.loads(self.out(shlex.join(["/opt/measure/ask", whom, ssid, password]), 300))

    def air(self, ssid):
        """(seconds, "on" or "off") of each change of this network, in this boot."""
        rows = [line.split(" ", 2) for line in self.out(f"cat {AIR} 2>/dev/null || true").splitlines()]
        return [(float(when), what) for when, what, name in rows if name == ssid]

    def heard(self, ssid, after=0.0, timeout=240):
        """When its first beacon was heard of those that began later."""
        def look():
            return next((when for when, what in self.air(ssid) if what == "on" and when > after), None)
        return wait.until(look, timeout, f"beacons of {ssid}", interval=1)

    def wait_for(self, ssid, timeout=240):
        """Until it is in the air, whether it has just come or was there all the time."""
        wait.until(lambda: self.air(ssid)[-1:] and self.air(ssid)[-1][1] == "on", timeout,
                   f"{ssid} to be in the air", interval=1)


@contextlib.contextmanager
def laboratory():
    made = image.build(furnish, MACHINE, Path(__file__), Path(rivals.__file__))
    leftover = Machine.find(made, "bench")
    if leftover:
        leftover.quit()
    machine = Machine(made, "bench")
    try:
        yield Laboratory(machine)
    finally:
        machine.quit()
        machine.disk.unlink(missing_ok=True)
