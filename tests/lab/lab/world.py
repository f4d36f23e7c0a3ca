# SPDX-License-Identifier: LGPL-2.1-or-later
"""The people and things around the device: bench, router, neighbour, phone; and all of it as Lab."""

import json
import re
import shlex
from dataclasses import dataclass

from . import wait
from .device import Device

HOTSPOT = "INCUVERS_AP"
HOTSPOT_PASSWORD = "incuvers1234"
HOTSPOT_ADDRESS = "10.42.0.1"
HOME = "HomeNet"
HOME_PASSWORD = "homepass1234"
NEIGHBOUR = "Neighbour 5"
PORT = 5000


@dataclass
class Answer:
    """What came back over HTTP."""
    status: int
    body: str
    headers: str

    def json(self):
        return json.loads(self.body)


class Somebody:
    """Somebody in a network namespace of the guest, with a browser of sorts."""

    def __init__(self, machine, place):
        self.machine = machine
        self.place = place

    def run(self, script, timeout=30, check=True):
        return self.machine.run(f"ip netns exec {self.place} {script}", timeout, check)

    def http(self, method, url, body=None, headers=(), timeout=20):
        """Makes a request; a network that doesn't answer gives the status 0."""
        words = ["curl", "-sS", "-m", str(timeout), "-X", method, "-D", "/dev/stderr",
                 "-w", "\\n%{http_code}", url]
        for header in headers:
            words += ["-H", header]
        if body is not None:
            words += ["-H", "Content-Type: application/json", "--data-binary", json.dumps(body)]
        result = self.run(shlex.join(words), timeout + 10, check=False)
        text, _, status = result.stdout.rpartition("\n")
        return Answer(int(status or 0), text, result.stderr)


class Bench(Somebody):
    """The factory's bench: a wire, and the enrolment server at its other end."""

    def __init__(self, machine):
        super().__init__(machine, "factory")

    def plug(self):
        self.machine.run("/opt/lab/bench plug")

    def unplug(self):
        self.machine.run("/opt/lab/bench unplug")

    def server_on(self):
        self.machine.run("/opt/lab/bench server-on", timeout=60)

    def server_off(self):
        self.machine.run("/opt/lab/bench server-off", timeout=60)

    def device_address(self):
        """The address that the bench gave to the device's eth0, or None."""
        text = self.machine.out("ip -4 -br address show dev eth0")
        found = re.search(r"10\.99\.0\.\d+", text)
        return found.group() if found else None

    def open_page(self, path="/", method="GET", **options):
        """Opens the device's page over the wire."""
        address = self.device_address()
        if not address:
            return Answer(0, "", "eth0 has no address")
        return self.http(method, f"http://{address}:{PORT}{path}", **options)

    def database(self, query):
        """What the bench's database says, as rows of text."""
        return self.machine.out(f"sqlite3 -readonly /var/lib/bench/*.db {shlex.quote(query)}")


class Router(Somebody):
    """The customer's router."""

    def __init__(self, machine):
        super().__init__(machine, "home")

    def configure(self, **settings):
        """Restarts the router with settings of hostapd changed, such as wpa_passphrase."""
        script = "cp /opt/lab/router.conf /var/lib/lab/router.conf"
        for name, value in settings.items():
            line = shlex.quote(f"{name}={value}")
            script += (f" && sed -i '/^{name}=/d' /var/lib/lab/router.conf"
                       f" && echo {line} >>/var/lib/lab/router.conf")
        self.machine.run(script + " && sync && systemctl restart lab-router.service", timeout=60)

    def off(self):
        self.machine.run("systemctl stop lab-router.service")

    def on(self):
        self.machine.run("systemctl start lab-router.service")

    def leases(self):
        """Host name to address of everybody who was given one."""
        rows = self.machine.run("cat /run/lab-router.leases", check=False).stdout.splitlines()
        return {row.split()[3]: row.split()[2] for row in rows if len(row.split()) > 3}

    def stations(self):
        """Hardware addresses of who is associated."""
        text = self.run("iw dev wlan1 station dump", check=False).stdout
        return re.findall(r"^Station (\S+)", text, re.M)


class Phone(Somebody):
    """The customer's phone: joins the hotspot when there is one, else the home network."""

    def __init__(self, machine):
        super().__init__(machine, "phone")

    def network(self):
        """The SSID that the phone is on and has an address from, or None."""
        text = self.run("wpa_cli -p /run/wpa_supplicant-phone -i wlan2 status", check=False).stdout
        fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        if fields.get("wpa_state") == "COMPLETED" and self.address():
            return fields.get("ssid")
        return None

    def address(self):
        text = self.run("ip -4 -br address show dev wlan2").stdout
        found = re.search(r"(\d+\.\d+\.\d+\.\d+)/", text)
        return found.group(1) if found else None

    def wait_for(self, ssid, timeout=60):
        wait.until(lambda: self.network() == ssid, timeout, f"the phone to be on {ssid}",
                   interval=0.5)

    def wait_for_address_of_hotspot(self, timeout=30):
        wait.until(lambda: (self.address() or "").startswith("10.42.0."), timeout,
                   "an address of the hotspot")

    def resolve(self, name):
        """The address that the phone's network gives for a name, or None."""
        text = self.run(f"getent ahostsv4 {shlex.quote(name)}", check=False).stdout
        return text.split()[0] if text else None

    def open_page(self, path="/", method="GET", **options):
        """Opens the device's page by its name, as it stands on the label of the box."""
        name = self.machine.out("cat /proc/sys/kernel/hostname")
        return self.http(method, f"http://{name}:{PORT}{path}", **options)

    def wait_for_page(self, path="/health", timeout=60):
        def answers():
            answer = self.open_page(path, timeout=5)
            return answer if answer.status == 200 else None
        return wait.until(answers, timeout, f"the page {path} to answer the phone", interval=0.5)

    def networks(self):
        """The SSIDs that the page offers."""
        body = self.open_page("/api/v1/network/networks").json()
        rows = body["networks"] if isinstance(body, dict) else body
        return [row["ssid"] for row in rows]

    def network_status(self):
        return self.open_page("/api/v1/network").json()

    def choose(self, ssid, password):
        """Picks a network on the page and types its password."""
        return self.open_page("/api/v1/network/connect", "POST",
                              body={"ssid": ssid, "password": password})


@dataclass
class Lab:
    """The machine and everything in it that a scenario talks about."""
    machine: object
    device: Device
    bench: Bench
    router: Router
    phone: Phone

    @classmethod
    def around(cls, machine):
        return cls(machine, Device(machine), Bench(machine), Router(machine), Phone(machine))
