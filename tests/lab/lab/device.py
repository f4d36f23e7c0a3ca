# SPDX-License-Identifier: LGPL-2.1-or-later
"""The device, as the technician sees it: systemctl, journalctl, and the daemons' sockets."""

import json
import shlex

from . import wait

STATE = "/var/lib/unbox"
LIFE_CYCLE_UNITS = ["identclient.service", "user-network.service", "webserver.socket",
                    "webserver.service", "healthd.service", "unbox-firewall.service",
                    "unbox-eth0.service", "NetworkManager.service"]


class Device:
    def __init__(self, machine):
        self.machine = machine

    def hostname(self):
        return self.machine.out("cat /proc/sys/kernel/hostname")

    def exists(self, path):
        return self.machine.run(f"test -e {shlex.quote(path)}", check=False).code == 0

    def read(self, path):
        return self.machine.out(f"cat {shlex.quote(path)}")

    def provisioned(self):
        return self.exists(f"{STATE}/identity/provisioned")

    # -- units --------------------------------------------------------------------------------

    def show(self, unit, name):
        """One property of a unit."""
        return self.machine.out(f"systemctl show {shlex.quote(unit)} --property={name} --value")

    def status(self, unit):
        """The one line in which a unit says what it is doing."""
        return self.show(unit, "StatusText")

    def active(self, unit):
        return self.show(unit, "ActiveState") == "active"

    def exits(self, unit):
        """The exit codes of the unit's main processes in this boot, oldest first."""
        entries = self.journal(match=f"UNIT={unit} MESSAGE_ID=98e322203f7a4ed290d09fe03c09fe15")
        return [int(entry["EXIT_STATUS"]) for entry in entries if entry["EXIT_CODE"] == "exited"]

    def wait_for_status(self, unit, *words, timeout=60):
        """Waits until the status line holds all these words, whatever their case."""
        seen = ""

        def matches():
            nonlocal seen
            seen = self.status(unit)
            return all(word.lower() in seen.lower() for word in words)
        try:
            wait.until(matches, timeout, f"{unit} to say {words}", interval=0.5)
        except wait.Timeout as error:
            raise wait.Timeout(f"{error}; it says: {seen!r}") from None
        return seen

    # -- journal ------------------------------------------------------------------------------

    def journal(self, unit=None, boot=0, match=""):
        """The entries of a boot, oldest first, as dictionaries."""
        words = f"journalctl --no-pager -o json -b {boot} {match}"
        if unit:
            words += f" -u {shlex.quote(unit)}"
        lines = self.machine.run(words, timeout=60, check=False).stdout.splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def messages(self, unit=None, boot=0, match=""):
        return [message(entry) for entry in self.journal(unit, boot, match)]

    def wait_for_journal(self, *words, unit=None, timeout=60, match=""):
        """Waits for an entry of this boot that holds all these words; returns its message."""
        def found():
            for text in self.messages(unit, match=match):
                if all(word.lower() in text.lower() for word in words):
                    return text
            return None
        return wait.until(found, timeout, f"a journal entry with {words}", interval=1)

    # -- sockets ------------------------------------------------------------------------------

    def ask(self, daemon, method, params=None):
        """Asks healthd or user-network over its socket; returns the whole answer."""
        request = {"id": "lab", "method": method}
        if params is not None:
            request["params"] = params
        line = self.machine.out(f"/opt/lab/ipc /run/unbox/{daemon}.sock "
                                f"{shlex.quote(json.dumps(request))}")
        answer = json.loads(line)
        assert answer["id"] == "lab", answer
        return answer

    def ask_or_none(self, daemon, method):
        """The result, or an empty one while nobody answers."""
        result = self.machine.run(f"/opt/lab/ipc /run/unbox/{daemon}.sock "
                                  f"'{{\"id\":1,\"method\":\"{method}\"}}'", check=False)
        return json.loads(result.stdout).get("result", {}) if result.code == 0 else {}

    def network_state(self):
        """What user-network says that it is doing, or None while it can't be asked."""
        return self.ask_or_none("user-network", "status").get("state")

    def wait_for_network(self, *states, timeout=90):
        seen = None

        def reached():
            nonlocal seen
            seen = self.network_state()
            return seen if seen in states else None
        try:
            return wait.until(reached, timeout, f"user-network to be {states}", interval=0.5)
        except wait.Timeout as error:
            raise wait.Timeout(f"{error}; it is {seen!r}") from None

    def active_connections(self):
        """What NetworkManager has up: a dictionary of interface and profile name."""
        rows = self.machine.out("nmcli -t -f DEVICE,NAME connection show --active").splitlines()
        return dict(row.split(":", 1) for row in rows)

    # -- when something went wrong ------------------------------------------------------------

    def report(self):
        """Everything that helps to see why a scenario failed."""
        script = (f"date; systemctl --failed --no-pager --plain; "
                  f"systemctl status --no-pager -n 0 {' '.join(LIFE_CYCLE_UNITS)}; "
                  "nmcli device; ip -br address; rfkill; ls -lRa /var/lib/unbox /etc/netplan "
                  "/run/NetworkManager/system-connections; "
                  "journalctl -b --no-pager -o short-monotonic -n 500")
        result = self.machine.run(script + " 2>&1", timeout=90, check=False)
        return result.stdout


def message(entry):
    """The text of an entry; journald gives bytes that are not UTF-8 as a list of numbers."""
    text = entry.get("MESSAGE") or ""
    return text if isinstance(text, str) else bytes(text).decode(errors="replace")
