# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the bus tests are built from.

A daemon under test runs as it is shipped, with the paths that it is shipped with: in a mount namespace
of its own, where /run, /etc and /var/lib are empty folders of the test's. It finds there a system bus
that nobody else is on, a service manager's notify socket and a journal, each of which the test reads.
Nothing waits for a fixed time: eventually() polls until it is so, or fails.
"""

import fcntl
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

BUILD_DIR = pathlib.Path(os.environ.get("BUILD_DIR", "build")).resolve()

# Replaced by the test's own in the daemon's eyes.
PRIVATE = ("run", "etc", "var/lib")

# What a program needs of the real /etc to start at all.
FROM_ETC = ("group", "ld.so.cache", "localtime", "machine-id", "nsswitch.conf", "os-release", "passwd")

# A device that a test gives hardware has its own /sys/class; one that it gives a netplan, /usr/libexec.
GIVEN = ("sys/class", "usr/libexec")

ENTER = "; ".join(
    [f'mount --bind "$ROOT/{name}" /{name}' for name in PRIVATE] +
    # See Device.make_etc_read_only().
    ['if [ -e "$ROOT/read-only" ]; then mount -o remount,bind,ro /etc; fi'] +
    [f'if [ -d "$ROOT/{name}" ]; then mount --bind "$ROOT/{name}" /{name}; fi' for name in GIVEN] +
    # See test_seal.py.
    ['if [ -e "$ROOT/systemd-creds" ]; then mount --bind "$ROOT/systemd-creds" /usr/bin/systemd-creds; fi'] +
    ['unset ROOT; exec "$@"'])


# sd_listen_fds() wants descriptors from 3 on, and the pid of the very process.
HAND_OVER = "{redirections} LISTEN_FDS={count} LISTEN_PID=$$ exec \"$@\""


def eventually(check, timeout=10.0, what=None):
    """Returns check()'s first true answer; fails when there was none in `timeout` seconds, and says
    then `what` was missing, which may be a function that finds out."""
    end = time.monotonic() + timeout
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout} s: {what() if callable(what) else what or check}; the last was {answer!r}")
        time.sleep(0.01)


class Datagrams:
    """A datagram socket that is read all the time, so that no sender ever blocks on it."""

    def __init__(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._messages = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind(str(path))
        path.chmod(0o666)
        self._settled = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while True:
            data, descriptors, _, _ = socket.recv_fds(self._socket, 1 << 20, 8)
            # What doesn't fit into a datagram comes as a sealed memfd.
            for descriptor in descriptors:
                with os.fdopen(descriptor, "rb") as memory:
                    memory.seek(0)
                    data += memory.read()
            if data == b"\0end":
                return
            if data == b"\0settle":
                self._settled.set()
                continue
            self._messages.append(self.parse(data))

    @property
    def messages(self):
        """All that has been sent so far, with what a process said before it ended."""
        if self._thread.is_alive():
            self._settled.clear()
            self._send(b"\0settle")
            assert self._settled.wait(10)
        return self._messages

    def parse(self, data):
        return data

    def _send(self, data):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(data, str(self.path))

    def close(self):
        self._send(b"\0end")
        self._thread.join()
        self._socket.close()


class Notify(Datagrams):
    """The service manager's end of NOTIFY_SOCKET. Each message is a dict, as {"READY": "1"}."""

    def parse(self, data):
        return dict(line.split("=", 1) for line in data.decode().splitlines() if "=" in line)

    def seen(self, name, value="1"):
        return any(message.get(name) == value for message in self.messages)

    @property
    def status(self):
        """What `systemctl status` would show now."""
        lines = [message["STATUS"] for message in self.messages if "STATUS" in message]
        return lines[-1] if lines else None

    def forget(self):
        """For a daemon that is started a second time."""
        self.messages.clear()


class Journal(Datagrams):
    """The journal's native socket. Each entry is a dict of its fields."""

    def parse(self, data):
        entry = {}
        while data:
            line, _, data = data.partition(b"\n")
            name, equals, value = line.partition(b"=")
            if not equals and name:
                (size,) = struct.unpack("<Q", data[:8])
                value, data = data[8:8 + size], data[9 + size:]
            if name:
                entry[name.decode()] = value.decode(errors="backslashreplace")
        return entry

    def find(self, **fields):
        """Entries that have all these fields."""
        return [e for e in self.messages if all(e.get(k) == v for k, v in fields.items())]

    def text(self):
        return "\n".join(f"<{e.get('PRIORITY')}> {e.get('MESSAGE')}" for e in self.messages)


class Bus:
    """A system bus where everybody may all, at the path where system buses are."""

    CONFIG = """<busconfig>
      <type>system</type>
      <listen>unix:path={path}</listen>
      <auth>EXTERNAL</auth>
      <policy context="default">
        <allow send_destination="*" eavesdrop="true"/>
        <allow eavesdrop="true"/>
        <allow own="*"/>
      </policy>
    </busconfig>"""

    def __init__(self, root):
        self.path = root / "run/dbus/system_bus_socket"
        self.address = f"unix:path={self.path}"
        self._config = root / "bus.xml"
        self._process = None
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._config.write_text(self.CONFIG.format(path=self.path))
        self.start()

    def start(self):
        self._process = subprocess.Popen(
            ["dbus-daemon", "--nofork", "--nopidfile", f"--config-file={self._config}"])
        eventually(self._answers, what="the bus answers")

    def _answers(self):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.path)) == 0

    def stop(self):
        """Everybody on it is cut off; start() makes a new one at the same place."""
        self._process.terminate()
        self._process.wait(10)
        self.path.unlink(missing_ok=True)


class Peer:
    """One connection to a daemon's socket."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(15)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")
        self._last = 0

    def send(self, data):
        self._socket.sendall(data)

    def receive(self):
        """The next line as an object; None when the daemon has closed the connection."""
        line = self._lines.readline()
        return json.loads(line) if line else None

    def receive_sealed(self):
        """As receive(), where what is too large for a line lies in a memfd beside it."""
        line, descriptors = b"", []
        while not line.endswith(b"\n"):
            byte, came, _, _ = socket.recv_fds(self._socket, 1, 1)
            if not byte:
                return None
            line += byte
            descriptors += came
        message = json.loads(line)
        for descriptor in descriptors:
            # Others may have the same: it is read from no place that is theirs, too.
            text = os.pread(descriptor, message["sealed"] + 1, 0)
            os.close(descriptor)
            assert len(text) == message.pop("sealed")
            message["data" if "event" in message else "result"] = json.loads(text)
        return message

    def ask_sealed(self, method, params=None):
        """As call(), where the answer may be too large for a line."""
        self._last += 1
        self.send(json.dumps({"id": self._last, "method": method, "params": params or {}}).encode() + b"\n")
        return self.receive_sealed()["result"]

    def ask_large(self, method, params):
        """As ask(), with params that are sealed in a memfd beside the line."""
        self._last += 1
        text = json.dumps(params).encode()
        memory = os.memfd_create("params", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        with open(memory, "wb", buffering=0) as file:
            assert file.write(text) == len(text)
            fcntl.fcntl(memory, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK |
                        fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE)
            line = json.dumps({"id": self._last, "method": method, "sealed": len(text)})
            socket.send_fds(self._socket, [line.encode() + b"\n"], [memory])
        answer = self.receive()
        assert answer and answer["id"] == self._last, answer
        return answer

    def ask(self, method, params=None):
        """Calls a method, returns the whole answer."""
        self._last += 1
        request = {"id": self._last, "method": method}
        if params is not None:
            request["params"] = params
        self.send(json.dumps(request).encode() + b"\n")
        answer = self.receive()
        assert answer and answer["id"] == self._last, answer
        return answer

    def call(self, method, params=None):
        """Calls a method that has to succeed, returns its result."""
        answer = self.ask(method, params)
        assert "error" not in answer, answer
        return answer["result"]

    def close(self):
        self._lines.close()
        self._socket.close()


class Daemon:
    """A daemon of the build that runs on the test's device; it inherits `sockets` as from systemd."""

    def __init__(self, device, name, *arguments, environment=None, sockets=(), folder=None):
        self.name = name
        self._log = open(device.root / "stderr", "ab")  # pylint: disable=consider-using-with
        log = os.fstat(self._log.fileno())
        # Out of the way of the numbers that they are to get.
        inherited = [fcntl.fcntl(s.fileno(), fcntl.F_DUPFD_CLOEXEC, 64) for s in sockets]
        enter = ENTER if not sockets else ENTER.replace('exec "$@"', HAND_OVER.format(
            redirections="".join(f"exec {3 + i}<&{fd}-; " for i, fd in enumerate(inherited)),
            count=len(inherited)))
        self._process = subprocess.Popen(
            ["unshare", "--mount", "bash", "-ec", enter, "bash", BUILD_DIR / (folder or name) / name, *arguments],
            pass_fds=inherited,
            env={
                **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")},
                "PATH": "/usr/sbin:/usr/bin",
                "ROOT": str(device.root),
                "NOTIFY_SOCKET": "/run/systemd/notify",
                "JOURNAL_STREAM": f"{log.st_dev}:{log.st_ino}",
                **(environment or {}),
            },
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
        for fd in inherited:
            os.close(fd)
        self.pid = self._process.pid

    @property
    def running(self):
        return self._process.poll() is None

    def wake_ups(self):
        """How often it has gone to sleep of its own accord so far."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0])

    def wait(self, timeout=10):
        """Waits for its end; returns the exit code, negative for a signal."""
        return self._process.wait(timeout)

    def kill(self):
        self._process.kill()
        self._process.wait()

    def reload(self):
        self._process.send_signal(signal.SIGHUP)

    def stop(self):
        """SIGTERM; returns the exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self.wait()

    def close(self):
        if self.running:
            self.kill()
        self._log.close()


class Device:
    """The folders of one test, and whatever it started on them."""

    def __init__(self, root):
        self.root = root
        self._daemons = []
        for name in (*PRIVATE, "etc/unbox", "run/unbox"):
            (root / name).mkdir(parents=True, exist_ok=True)
        for name in FROM_ETC:
            if os.path.exists(f"/etc/{name}"):
                shutil.copy(f"/etc/{name}", root / "etc" / name)
        (root / "etc/hostname").write_text("unbox-test\n")
        self.notify = Notify(root / "run/systemd/notify")
        self.journal = Journal(root / "run/systemd/journal/socket")

    def path(self, name):
        """Where the file is for the test that the daemon finds at this absolute path."""
        return self.root / name.lstrip("/")

    def configure(self, text):
        self.path("/etc/unbox/config.yaml").write_text(text)

    def make_etc_read_only(self, read_only=True):
        """For daemons that are started from now on."""
        flag = self.root / "read-only"
        flag.touch() if read_only else flag.unlink()  # pylint: disable=expression-not-assigned

    def start(self, name, *arguments, environment=None, sockets=(), ready=True, folder=None):
        """Starts BUILD_DIR/name/name, or the one of that name in another folder; by default waits until it says READY=1."""
        self.notify.forget()
        daemon = Daemon(self, name, *arguments, environment=environment, sockets=sockets, folder=folder)
        self._daemons.append(daemon)
        if ready:
            # How fast it is, is measured elsewhere: the machine may have other things to do.
            eventually(lambda: self.notify.seen("READY") or not daemon.running, 60, f"{name} ready")
            assert daemon.running, f"{name} ended: {self.log()}"
        return daemon

    def daemon(self, name):
        """The one of this name that runs."""
        return next(d for d in self._daemons if d.name == name and d.running)

    def restart(self, name):
        """Ends the daemon cleanly, and starts it again."""
        for daemon in self._daemons:
            if daemon.name == name and daemon.running:
                assert daemon.stop() == 0
        return self.start(name)

    def run(self, program, *arguments):
        """Runs BUILD_DIR/program to its end, as an operator would; returns a CompletedProcess."""
        return subprocess.run(
            ["unshare", "--mount", "sh", "-ec", ENTER, "sh", BUILD_DIR / program, *arguments],
            env={**os.environ, "ROOT": str(self.root)},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)

    def connect(self, name):
        """A Peer on /run/unbox/NAME.sock."""
        return Peer(self.path(f"/run/unbox/{name}.sock"))

    def log(self):
        """All that was said: to stderr, and to the journal."""
        errors = self.root / "stderr"
        said = errors.read_text(errors="backslashreplace") if errors.exists() else ""
        return said + self.journal.text()

    def close(self):
        """Ends it all. A daemon that is still alive has to end cleanly, leaks and all."""
        codes = {}
        for daemon in self._daemons:
            if daemon.running:
                codes[daemon.name] = daemon.stop()
            daemon.close()
        self.notify.close()
        self.journal.close()
        print(self.log())
        assert not any(codes.values()), f"exit codes at the end: {codes}"
