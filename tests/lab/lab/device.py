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
        answer = self.try_to_ask(daemon, method, params)
        assert answer and answer["id"] == "lab", answer
        return answer

    def try_to_ask(self, daemon, method, params=None):
        """The whole answer, or None while nobody answers."""
        request = {"id": "lab", "method": method, **({"params": params} if params else {})}
        result = self.machine.run(f"/opt/lab/ipc /run/unbox/{daemon}.sock "
                                  f"{shlex.quote(json.dumps(request))}", check=False)
        return json.loads(result.stdout) if result.code == 0 else None

    def ask_or_none(self, daemon, method):
        """The result, or an empty one while nobody answers."""
        return (self.try_to_ask(daemon, method) or {}).get("result", {})

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

    def air(self):
        """What the device has seen: names and their entries."""
        rows = self.ask_or_none("user-network", "networks").get("networks", [])
        return {row["ssid"]: row for row in rows}

    def saved_networks(self):
        """Names and what is saved of them."""
        rows = self.ask_or_none("user-network", "networks").get("saved", [])
        return {row["ssid"]: row for row in rows}

    def wait_until_it_sees(self, ssid, security, timeout=60):
        """Has it look around until it sees this network, and what kind it is."""
        def sees():
            self.ask_or_none("user-network", "scan")
            return self.air().get(ssid, {}).get("security") == security
        wait.until(sees, timeout, f"{ssid} to be in the air as {security}", interval=2)

    def verdict(self):
        """How the last join ended, or None; while one goes on, None."""
        status = self.ask_or_none("user-network", "status")
        return None if status.get("join") else status.get("verdict")

    def join(self, ssid, timeout=120, **wish):
        """Has a network joined as unboxctl does it; returns the verdict."""
        before = self.verdict()
        answer = self.ask("user-network", "connect", {"ssid": ssid, **wish})
        assert answer.get("result") == {"accepted": True}, answer

        def ended():
            verdict = self.verdict()
            return verdict if verdict != before else None
        return wait.until(ended, timeout, f"a verdict on {ssid}", interval=0.5)

    def when_joining(self, step, order):
        """Has this done in the guest at the moment that the next join comes to this step; returns what waits until it
        is done."""
        now = self.machine.out("date +%s")
        # journalctl would follow for ever: the shell ends, and with it its unit.
        script = (f"journalctl -f --no-tail --since @{now} -o cat UNBOX_STEP={step} | "
                  f"{{ read -r line; {order}; kill $$; }}")
        self.machine.write("/run/lab-when", script)
        self.machine.run("systemd-run --quiet --collect --unit=lab-when sh /run/lab-when")

        def wait_for_it(timeout=120):
            wait.until(lambda: not self.active("lab-when.service"), timeout, f"the join to come to {step}")
        return wait_for_it

    # -- hardware -----------------------------------------------------------------------------

    def unplug_radio(self):
        """Its interface goes, as when a dongle is pulled out."""
        self.machine.run("cat /sys/class/net/wlan0/phy80211/name >/run/lab-radio && iw dev wlan0 del")

    def plug_radio(self):
        self.machine.run('iw phy "$(cat /run/lab-radio)" interface add wlan0 type managed')

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
