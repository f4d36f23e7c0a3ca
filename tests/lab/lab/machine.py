# SPDX-License-Identifier: LGPL-2.1-or-later
"""The virtual machine: boots, runs commands, keeps and recalls its state, loses its power.

It is reached through three sockets and so outlives the program that started it: `Machine.find`
picks up one that runs already.
"""

import hashlib
import os
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

from . import places, wait
from .agent import Agent, AgentError
from .channel import Closed
from .monitor import Monitor

SERIAL = "UNBOX-LAB-0001"
# The emulated TSC is as good as any other clock there, and the only one that is read without leaving the guest's user.
KERNEL_LINE = ("root=/dev/vda rw console=ttyS0 net.ifnames=0 mitigations=off audit=0 8250.nr_uarts=1 "
               "cryptomgr.notests tsc=reliable loglevel=4 systemd.show_status=error")
# What costs an emulated machine at each access to its memory, or change into its kernel.
WITHOUT = "la57=off,smap=off,smep=off,umip=off"


class CommandFailed(Exception):
    """A command in the guest ended with something other than 0."""


def accelerator():
    """KVM only where the processor has it: elsewhere /dev/kvm may open and then hang."""
    words = Path("/proc/cpuinfo").read_text().split()
    if ("vmx" in words or "svm" in words) and os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "kvm"
    return "tcg"


def processors():
    """A machine's share of the host's: more of them than there are only wait for each other."""
    return max(1, os.cpu_count() // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Machine:
    def __init__(self, image, name="lab"):
        self.image = image
        self.name = name
        # Sockets have short paths only, so they can't lie below the source folder.
        where = hashlib.sha256(f"{places.CACHE} {name}".encode()).hexdigest()[:10]
        self.run_folder = Path(f"/tmp/unbox-lab-{where}")
        self.disk = places.CACHE / f"running-{name}.qcow2"
        self.console = places.CACHE / f"running-{name}.console"
        self.boot_words = ""
        # The TPM on its board (tpm.py); most have none.
        self.tpm = None
        self.port = None
        self.agent = None
        self.monitor = None
        # Which version of the kept states the disk is a copy of; see states.py.
        self.copied_from = None

    # -- power --------------------------------------------------------------------------------

    def new_disk(self):
        """A device that nobody has ever switched on."""
        self.disk.unlink(missing_ok=True)
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b",
                        str(self.image.disk), str(self.disk)], check=True)

    def power_on(self, boot_words="", port=None, paused=False):
        """Starts QEMU on the disk as it is; boot_words go to the kernel command line."""
        if self.pid():
            raise RuntimeError(f"the machine {self.name} is running already")
        self.boot_words = boot_words
        self.port = port or self.port or free_port()
        self.run_folder.mkdir(mode=0o700, exist_ok=True)
        for old in self.run_folder.iterdir():
            old.unlink()
        (self.run_folder / "port").write_text(str(self.port))
        accel = accelerator()
        command = [
            "qemu-system-x86_64", "-name", f"unbox-{self.name}", "-nodefaults", "-display", "none",
            "-machine", "q35", "-smp", str(processors()), "-m", "1024",
            "-accel", "kvm" if accel == "kvm" else "tcg,thread=multi,tb-size=512",
            "-cpu", "host" if accel == "kvm" else f"max,{WITHOUT}",
            "-smbios", f"type=1,manufacturer=unbox,product=lab,serial={SERIAL}",
            "-kernel", str(self.image.kernel), "-initrd", str(self.image.initrd),
            "-append", f"{KERNEL_LINE} {boot_words}".strip(),
            "-drive", f"file={self.disk},if=virtio,format=qcow2,cache=writeback,discard=unmap",
            "-device", "virtio-rng-pci",
            "-device", "virtio-serial",
            "-chardev", f"socket,id=agent,path={self.run_folder}/agent,server=on,wait=off",
            "-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
            "-qmp", f"unix:{self.run_folder}/monitor,server=on,wait=off",
            "-serial", f"file:{self.console}",
            # Restricted: nothing leaves, 7.7.7.7 least of all. The one way in is to the page.
            "-nic", "user,model=virtio-net-pci,restrict=on,"
                    f"hostfwd=tcp:127.0.0.1:{self.port}-10.0.2.15:5000",
            "-pidfile", f"{self.run_folder}/pid", "-daemonize",
        ]
        if self.tpm:
            command += self.tpm.switch_on(self.run_folder)
        if paused:
            command.append("-S")
        subprocess.run(command, check=True)
        self.connect()

    def connect(self):
        self.monitor = Monitor(self.run_folder / "monitor")
        self.agent = Agent(self.run_folder / "agent")
        self.port = int((self.run_folder / "port").read_text())

    def reconnect(self):
        """Begins anew with whoever is inside: the old talk may stand in the middle of an answer."""
        self.disconnect()
        self.connect()
        self.wait_for_agent(20)

    def disconnect(self):
        for channel in (self.agent, self.monitor):
            if channel:
                channel.close()
        self.agent = self.monitor = None

    @classmethod
    def find(cls, image=None, name="lab"):
        """The machine that runs already under this name, or None."""
        machine = cls(image, name)
        if not machine.pid():
            return None
        machine.connect()
        return machine

    def pid(self):
        """QEMU's process id while it runs, else None."""
        try:
            pid = int((self.run_folder / "pid").read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return None
        return pid if str(self.run_folder).encode() in command else None

    def end(self, how, timeout=20):
        """Does what ends QEMU, and waits until its last thread has let go of the disk."""
        process = os.pidfd_open(self.pid())
        try:
            how()
            if not select.select([process], [], [], timeout)[0]:
                raise wait.Timeout(f"QEMU has not ended within {timeout} s")
        finally:
            os.close(process)
        self.disconnect()

    def quit(self):
        """Ends QEMU; the guest notices nothing and its unwritten data is lost."""
        if not self.pid():
            return
        if not self.monitor:
            self.connect()

        def ask():
            try:
                self.monitor.command("quit")
            except Closed:
                pass
        self.end(ask)

    def power_cut(self):
        """The plug is pulled: what the guest had not yet put on its disk is gone."""
        self.end(lambda: os.kill(self.pid(), signal.SIGKILL))

    def power_cycle(self):
        """A power cut, and the power comes back."""
        self.power_cut()
        self.power_on(self.boot_words)

    # -- states -------------------------------------------------------------------------------

    def save(self, name):
        self.monitor.human(f"savevm {name}")

    def recall(self, name):
        self.monitor.command("stop")
        self.monitor.human(f"loadvm {name}")
        self.monitor.command("cont")
        self.agent.synchronise(20)

    # -- commands -----------------------------------------------------------------------------

    def wait_for_agent(self, timeout=120):
        self.agent.synchronise(timeout)

    def wait_for_boot(self, timeout=180):
        """Waits until systemd has no job left; returns its verdict: running or degraded."""
        self.wait_for_agent(timeout)
        return self.run("systemctl is-system-running --wait", timeout, check=False).stdout.strip()

    def boot_id(self):
        return self.run("cat /proc/sys/kernel/random/boot_id").stdout.strip()

    def wait_for_reboot(self, before, timeout=180):
        """Waits until the guest runs under another boot id than before."""
        def rebooted():
            try:
                self.agent.synchronise(5)
                return self.boot_id() != before
            except (AgentError, TimeoutError, CommandFailed):
                return False
        wait.until(rebooted, timeout, "another boot")

    def reboot(self, timeout=180):
        before = self.boot_id()
        self.run("systemctl reboot", check=False)
        self.wait_for_reboot(before, timeout)
        return self.wait_for_boot(timeout)

    def run(self, script, timeout=30, check=True):
        """Runs a shell script in the guest as root."""
        result = self.agent.run(script, timeout)
        if check and result.code:
            raise CommandFailed(f"{script}\nended with {result.code}\n{result.stdout}"
                                f"{result.stderr}")
        return result

    def out(self, script, timeout=30):
        return self.run(script, timeout).stdout.strip()

    def write(self, path, content, mode="0644"):
        """Puts a file into the guest, durably."""
        self.run(f"mkdir -p {Path(path).parent} && cat >{path} <<'END-OF-FILE'\n{content}\n"
                 f"END-OF-FILE\nchmod {mode} {path} && sync {path}")
