# SPDX-License-Identifier: LGPL-2.1-or-later
"""A container with the installed suite under real systemd, at native speed: no radio, no power cuts.

It answers to the same words as a machine (run, out, write, reboot), so that Device and Bench work
on both.
"""

import errno
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from . import image, places, wait
from .agent import AgentError, Result
from .machine import SERIAL, CommandFailed

# What systemd-nspawn ends with when the container wants to be booted again.
REBOOT = 133
WORLD = ["lab-world.service", "lab-bench-dhcp.service", "lab-identserver.service"]


def template():
    """A folder with the device's whole file system, made anew when the suite has changed."""
    with places.lock("image"):
        return make()


def make():
    base_folder = image.base()
    with tempfile.TemporaryDirectory(dir=places.CACHE, prefix="making-") as work:
        staging = Path(work) / "suite"
        staging.mkdir()
        image.build_suite(staging)
        stage_programs(staging)
        name = image.digest(base_folder.name, staging, places.GUEST, Path(image.__file__),
                            Path(__file__))
        root = places.CACHE / f"container-{name}"
        if root.exists():
            return root
        for old in places.CACHE.glob("container-*"):
            shutil.rmtree(old)
        making = Path(work) / "root"
        image.run("cp", "-a", "--reflink=auto", base_folder / "rootfs", making)
        image.install(making, staging)
        image.surround(making, *WORLD)
        give_serial(making)
        making.rename(root)
    return root


def stage_programs(staging):
    """The tests' own program and the example daemons, which no installation has."""
    for target in ("opt/tests", "usr/local/sbin", "etc/systemd/system"):
        (staging / target).mkdir(parents=True, exist_ok=True)
    shutil.copy(places.BUILD / "tests/container/daemon-calls", staging / "opt/tests")
    for unit in (places.SOURCE / "tests/examples").glob("*.service"):
        shutil.copy(unit, staging / "etc/systemd/system")
        shutil.copy(places.BUILD / "tests/examples" / unit.stem, staging / "usr/local/sbin")


def give_serial(root):
    """A container has no hardware that could know its serial number."""
    folder = root / "etc/unbox/config.yaml.d"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "10-serial.yaml").write_text(f"enrolment:\n  serial: {SERIAL}\n")


def hierarchies():
    """This process's folders in those trees of control groups that a systemd puts its units in."""
    unified = Path("/sys/fs/cgroup/unified")
    trees = {"": unified if unified.exists() else unified.parent, "name=systemd": unified.parent / "systemd"}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _number, tree, path = line.split(":", 2)
        if tree in trees:
            yield trees[tree] / path.lstrip("/")


class ControlGroup:
    """One of the container's own. In the caller's, as nspawn leaves it, all containers have the same units' groups, and
    each of their systemds kills and removes what is the others'."""

    def __init__(self, name):
        self.folders = [folder / name for folder in hierarchies()]
        for folder in self.folders:
            folder.mkdir()

    def enter(self):
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    def remove(self):
        """Whoever was in it has ended, or will at once."""
        for folder in self.folders:
            for path, _folders, _files in os.walk(folder, topdown=False):
                wait.until(lambda path=path: self.removed(path), 20, f"the end of who is in {path}")

    @staticmethod
    def removed(path):
        try:
            os.rmdir(path)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            return False
        return True


class Container:
    def __init__(self, template_folder):
        self.template = template_folder
        self.work = Path(tempfile.mkdtemp(prefix="unbox-container-"))
        self.group = ControlGroup(self.work.name)
        self.root = self.work / "root"
        self.console = self.work / "console"
        self.process = None

    def start(self, on_bench=False):
        """Boots a device that nobody has switched on before, with the bench off or on.

        What it writes lies over the template.
        """
        image.run("mount", "-t", "tmpfs", "-o", "mode=0755", "unbox", self.work)
        for name in ("root", "upper", "overlay"):
            (self.work / name).mkdir()
        layers = f"lowerdir={self.template},upperdir={self.work}/upper,workdir={self.work}/overlay"
        image.run("mount", "-t", "overlay", "-o", layers, "unbox", self.root)
        if on_bench:
            world = self.root / "var/lib/lab"
            world.mkdir()
            (world / "wire").write_text("plugged\n")
            (world / "server").write_text("on\n")
        self.boot()

    def boot(self):
        with self.console.open("wb") as console:
            self.process = subprocess.Popen(  # pylint: disable=subprocess-popen-preexec-fn
                ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network",
                 "--settings=no", "--directory", str(self.root), "--boot"],
                stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=self.group.enter)
        self.wait_for_boot()

    def leader(self):
        """The process id that the container's systemd has outside, or None."""
        if not self.process:
            return None
        try:
            path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
            for pid in path.read_text().split():
                if Path(f"/proc/{pid}/comm").read_text().strip() == "systemd":
                    return pid
        except FileNotFoundError:
            pass
        return None

    def end(self):
        leader = self.leader()
        if leader:
            os.kill(int(leader), signal.SIGKILL)
        if self.process:
            self.process.wait(20)
        self.group.remove()
        for mounted in (self.root, self.work):
            if mounted.is_mount():
                image.run("umount", mounted)
        self.work.rmdir()

    def run(self, script, timeout=30, check=True):
        leader = self.leader()
        if not leader:
            raise AgentError("the container has ended, or not begun")
        done = subprocess.run(
            ["nsenter", "--all", "--root", "--wd", f"--target={leader}", "/bin/sh", "-c", script],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}, check=False,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
        result = Result(done.returncode, done.stdout, done.stderr)
        if check and result.code:
            raise CommandFailed(f"{script}\nended with {result.code}\n{result.stdout}"
                                f"{result.stderr}")
        return result

    def out(self, script, timeout=30):
        return self.run(script, timeout).stdout.strip()

    def write(self, path, content, mode="0644"):
        self.run(f"mkdir -p {Path(path).parent} && cat >{path} <<'END-OF-FILE'\n{content}\n"
                 f"END-OF-FILE\nchmod {mode} {path}")

    def wait_for_boot(self, timeout=60):
        wait.until(lambda: self.leader() and self.run("systemctl is-system-running",
                                                      check=False).stdout.strip()
                   in ("running", "degraded"), timeout, "the end of the boot")

    def wait_for_reboot(self, timeout=60):
        """Waits until the device reboots, and boots it."""
        assert self.process.wait(timeout) == REBOOT, "it was shut down, not rebooted"
        self.boot()
