# SPDX-License-Identifier: LGPL-2.1-or-later
"""The ground on which is measured: the lab's container, and in it the rivals and the programs.

All that is added lies in the container's overlay: neither the lab's list of packages nor its
cached base changes.
"""

import contextlib
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from lab import image, places, wait
from lab.container import Container, template
from lab.device import Device

from . import rivals

GUEST = Path(__file__).resolve().parent.parent / "guest"
MEASURE = "/opt/measure"
# In the container; all else there is memory, where nothing waits for a disk.
DISK = "/srv/disk"
SOCKET = "/run/unbox/healthd.sock"
MEMORY = "/run/unbox/healthd/"
DAEMONS = ["healthd.service", "user-network.service", "webserver.service"]


class Processes:
    """What a ground says of the processes on it, by its own out()."""

    def pid(self, unit):
        return int(self.out(f"systemctl show -P MainPID {unit}"))

    def pids(self, unit):
        """All of them, where it has more than one."""
        text = self.out("busctl --json=short call org.freedesktop.systemd1 /org/freedesktop/systemd1 "
                        f"org.freedesktop.systemd1.Manager GetUnitProcesses s {unit}")
        return [pid for _, pid, _ in json.loads(text)["data"][0]]

    def cpu_usec(self, pids):
        """CPU time of all threads of these processes, from the scheduler."""
        text = self.out("cat " + " ".join(f"/proc/{pid}/task/*/schedstat" for pid in pids))
        return sum(int(line.split()[0]) for line in text.splitlines()) / 1000


class Ground(Container, Processes):
    """A device on its bench, with the rivals beside it."""

    def __init__(self, template_folder):
        super().__init__(template_folder)
        self.disk = Path(tempfile.mkdtemp(dir=places.CACHE, prefix="disk-"))

    def boot(self):
        self.furnish()
        super().boot()

    def end(self):
        if Path(f"{self.root}{DISK}").is_mount():
            image.run("umount", f"{self.root}{DISK}")
        super().end()
        shutil.rmtree(self.disk)

    def furnish(self):
        image.copy_over(GUEST, self.root)
        Path(f"{self.root}{DISK}").mkdir()
        image.run("mount", "--bind", self.disk, f"{self.root}{DISK}")
        for program in sorted((places.BUILD / "tests/bench").glob("bench-*")):
            if program.is_file():
                image.run("cp", program, f"{self.root}{MEASURE}/")
        rivals.put(self.root, ["monit"], rivals.chroot(self.root))
        image.run("systemctl", f"--root={self.root}", "mask", "monit.service",
                  stderr=subprocess.DEVNULL)

    def json(self, script, timeout=120):
        """What a program of the bench printed."""
        return json.loads(self.out(script, timeout))

    def ask(self, method):
        return Device(self).ask("healthd", method)["result"]

    def watch(self, *units):
        """Has healthd watch these, remembering nothing of what it saw before."""
        names = json.dumps(list(units))
        self.write("/etc/unbox/config.yaml.d/50-bench.yaml", f"health:\n  units: {names}")
        self.restart_healthd()

    def restart_healthd(self):
        self.run(f"systemctl stop healthd; rm -rf {MEMORY}*; systemctl start healthd", 60)

    def start_units(self, count):
        """Some at a time: while systemd starts hundreds at once, it keeps callers waiting too long."""
        self.run(f"seq -f 'bench@%g.service' 1 {count} | xargs -n 25 systemctl start", 600)

    def stop_units(self):
        self.run("systemctl stop 'bench@*.service'; systemctl reset-failed 'bench@*.service'", 300,
                 check=False)

    def start_monit(self, count):
        """As people write it for a service of systemd, at the fastest cycle there is, a second."""
        checks = "".join(
            f'check process "bench@{number}" with pidfile /run/bench/{number}.pid\n'
            f'  start program = "/usr/bin/systemctl start bench@{number}.service"\n'
            f'  stop program = "/usr/bin/systemctl stop bench@{number}.service"\n'
            for number in range(1, count + 1))
        self.write("/etc/monit/bench.conf", f"set daemon 1\nset log syslog\n{checks}", "0600")
        self.run("systemctl restart bench-monit")
        # What it says of the processes may come on top of that.
        run = self.out("systemctl show -P InvocationID bench-monit").strip()
        wait.until(lambda: "Monit" in self.out(f"journalctl -o cat _SYSTEMD_INVOCATION_ID={run}"), 30, "monit")


@contextlib.contextmanager
def ground():
    container = Ground(template())
    try:
        container.start(on_bench=True)
        device = Device(container)
        wait.until(device.provisioned, 60, "the enrolment")
        wait.until(lambda: device.active("user-network.service"), 30, "user-network")
        container.run("systemctl start webserver.service")
        yield container
    finally:
        container.end()
