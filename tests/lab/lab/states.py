# SPDX-License-Identifier: LGPL-2.1-or-later
"""The states of a device's life, each lived through once and then kept as a snapshot.

factory     booted, never enrolled; the bench is off and its wire unplugged
first-time  enrolled, then switched on at the customer's: no wire, the hotspot is open
home        joined to the customer's network

All of them lie in one disk file beside the image; each machine works on a copy of it.
"""

import shutil
import subprocess

from . import places, wait
from .machine import processors
from .world import HOME, HOME_PASSWORD, HOTSPOT, Lab

ORDER = ["factory", "first-time", "home"]
# How far a recalled guest's clock may be from where it stood when it was kept.
CLOCK_SLACK = 120


def enrol(lab):
    """A day at the bench: power, wire, server; and off again once the identity is there."""
    lab.bench.server_on()
    lab.bench.plug()
    wait.until(lab.device.provisioned, 120, "the enrolment", interval=1)
    wait.until(lambda: lab.device.show("identclient.service", "ActiveState") == "inactive", 30,
               "the end of identclient")


def unpack(lab):
    """The box is opened at the customer's: no wire, and power."""
    lab.bench.unplug()
    lab.bench.server_off()
    lab.machine.reboot()
    lab.device.wait_for_network("hotspot")
    lab.phone.wait_for(HOTSPOT, 90)
    lab.phone.wait_for_page()


def join_home(lab):
    """The customer picks his network on the page."""
    answer = lab.phone.choose(HOME, HOME_PASSWORD)
    assert answer.status == 202, answer
    lab.device.wait_for_network("connected", timeout=120)
    lab.phone.wait_for(HOME, 90)
    lab.phone.wait_for_page()


class States:
    def __init__(self, machine, port=None):
        self.machine = machine
        self.port = port
        # A state goes only into a machine that is made as the one was that it comes from.
        self.kept = machine.image.folder / f"states-{processors()}.qcow2"
        self.broken = {}

    def names(self):
        if not self.kept.exists():
            return []
        listing = subprocess.run(["qemu-img", "snapshot", "-U", "-l", str(self.kept)], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout
        return [line.split()[1] for line in listing.splitlines()[2:]]

    def start(self, state):
        """Runs the machine from this state, living through what leads there if nobody has yet."""
        if state not in ORDER:
            raise ValueError(f"no such state: {state}")
        if state in self.broken:
            raise RuntimeError(f"the state {state} was not reached before: {self.broken[state]}")
        for step in ORDER[:ORDER.index(state) + 1]:
            # Another machine may be on its way there: then its state is waited for, and not what it goes on to.
            with places.lock(f"states-{step}"):
                if step not in self.names():
                    self.live_through(step)
        self.recall(state)

    def stamp(self):
        return self.kept.stat().st_mtime_ns

    def recall(self, state):
        # Within one process the emulated TSC never goes back, and so neither would the guest's clock.
        self.machine.quit()
        if self.machine.copied_from != self.stamp():
            shutil.copyfile(self.kept, self.machine.disk)
            self.machine.copied_from = self.stamp()
        self.machine.power_on(port=self.port, paused=True)
        self.machine.recall(state)
        self.check_clock()

    def live_through(self, state):
        print(f"lab: living through to the state {state}", flush=True)
        try:
            self.arrive_at(state)
        except Exception as error:
            self.broken.update({later: error for later in ORDER[ORDER.index(state):]})
            raise
        self.machine.run("sync; echo $(date +%s) $(cut -d. -f1 /proc/uptime) >/run/lab-clock")
        self.machine.save(state)
        self.machine.quit()
        partial = self.kept.with_suffix(".partial")
        shutil.copyfile(self.machine.disk, partial)
        partial.rename(self.kept)

    def arrive_at(self, state):
        if state == "factory":
            self.machine.quit()
            self.machine.new_disk()
            self.machine.power_on(port=self.port)
            self.machine.wait_for_boot()
            return
        self.recall(ORDER[ORDER.index(state) - 1])
        lab = Lab.around(self.machine)
        if state == "first-time":
            enrol(lab)
            unpack(lab)
        else:
            join_home(lab)

    def check_clock(self):
        """A guest whose clocks went astray would fail in ways that nobody understands."""
        then, up_then = map(int, self.machine.out("cat /run/lab-clock").split())
        now, up_now = map(int, self.machine.out(
            "echo $(date +%s) $(cut -d. -f1 /proc/uptime)").split())
        if not 0 <= now - then <= CLOCK_SLACK or abs((now - then) - (up_now - up_then)) > 5:
            raise RuntimeError(f"the guest's clocks went astray: {then} {up_then}, {now} {up_now}")
