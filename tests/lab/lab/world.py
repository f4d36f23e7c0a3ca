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
NEIGHBOUR_PASSWORD = "not-your-business"
RADIUS = "radius.example.org"
PORT = 5000
DEVICE_PASSWORD = "birch-and-steam"


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

    interface = None

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
        cookies = f"/run/lab-{self.place}.cookies"
        words += ["-b", cookies, "-c", cookies]
        result = self.run(shlex.join(words), timeout + 10, check=False)
        text, _, status = result.stdout.rpartition("\n")
        return Answer(int(status or 0), text, result.stderr)

    def enter(self, page, timeout=20):
        """Gets past the login of a device's page, and sets the password if it is the first minute. The answer
        is a session, with what each change has to carry, or says why there is none."""
        asked = self.http("GET", f"{page}/api/v1/session", timeout=timeout)
        if asked.status != 200:
            return asked
        if not asked.json()["password_set"]:
            return self.set_password(page, DEVICE_PASSWORD)
        if not asked.json()["logged_in"]:
            return self.log_in(page, DEVICE_PASSWORD)
        return asked

    def set_password(self, page, password):
        """The first one."""
        return self.http("PUT", f"{page}/api/v1/password", body={"password": password})

    def log_in(self, page, password):
        return self.http("POST", f"{page}/api/v1/session", body={"password": password})

    def use(self, page, path, method="GET", timeout=20, **options):
        """Opens something of a device's page, as its owner where it takes a login."""
        headers = []
        if path.startswith("/api/"):
            session = self.enter(page, timeout)
            if session.status != 200:
                return session
            headers = [f"X-CSRF-Token: {session.json()['csrf']}"]
        return self.http(method, page + path, headers=headers, timeout=timeout, **options)

    def find(self, kind, name):
        """What the network itself says of a name (multicast DNS): an address for "A", "PORT NAME" for "SRV", or None."""
        script = f"/opt/lab/mdns {self.interface} {kind} {shlex.quote(name)}"
        return self.run(script, check=False).stdout.strip() or None


class Bench(Somebody):
    """The factory's bench: a wire, and the enrolment server at its other end."""

    interface = "bench0"

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
        return self.use(f"http://{address}:{PORT}", path, method, **options)

    def database(self, query):
        """What the bench's database says, as rows of text."""
        return self.machine.out(f"sqlite3 -readonly /var/lib/bench/*.db {shlex.quote(query)}")


class Router(Somebody):
    """The customer's router."""

    def __init__(self, machine):
        super().__init__(machine, "home")

    def configure(self, **settings):
        """Restarts the router with settings of hostapd changed, such as wpa_passphrase; None leaves one out."""
        script = "cp /opt/lab/router.conf /var/lib/lab/router.conf"
        for name, value in settings.items():
            script += f" && sed -i '/^{name}=/d' /var/lib/lab/router.conf"
            if value is not None:
                script += f" && echo {shlex.quote(f'{name}={value}')} >>/var/lib/lab/router.conf"
        self.machine.run(script + " && sync && systemctl restart lab-router.service", timeout=60)

    def become_wpa3_only(self, ssid, password=HOME_PASSWORD):
        """Whoever doesn't speak SAE is left out."""
        self.configure(ssid=ssid, wpa_key_mgmt="SAE", ieee80211w=2, wpa_passphrase=password)

    def become_mixed(self, ssid):
        """Whoever doesn't speak SAE is let in all the same."""
        self.configure(ssid=ssid, wpa_key_mgmt="WPA-PSK SAE", ieee80211w=1)

    def become_open(self, ssid):
        """Lets everybody in, and encrypts nothing."""
        self.configure(ssid=ssid, wpa=None, wpa_key_mgmt=None, rsn_pairwise=None, wpa_passphrase=None)

    def become_owe(self, ssid):
        """Encrypted without a password, as in a station or a café."""
        self.configure(ssid=ssid, wpa_key_mgmt="OWE", ieee80211w=2, wpa_passphrase=None)

    def hide(self, ssid):
        """Doesn't tell its name any more, which is a new one: the old one may be remembered."""
        self.configure(ssid=ssid, ignore_broadcast_ssid=1)

    def become_a_companys(self, ssid, user, password):
        """802.1X with a server of its own (hostapd's); returns the certificate of its authority."""
        self.machine.run(f"/opt/lab/company {shlex.quote(user)} {shlex.quote(password)} {RADIUS}",
                         timeout=60)
        self.configure(ssid=ssid, wpa_key_mgmt="WPA-EAP", wpa_passphrase=None, ieee8021x=1, eap_server=1,
                       eap_user_file="/var/lib/lab/company/users", ca_cert="/var/lib/lab/company/ca.pem",
                       server_cert="/var/lib/lab/company/server.pem",
                       private_key="/var/lib/lab/company/server.key")
        return self.authority()

    def change_users_password(self, password):
        """At a company: the one user has another one, all else is as it was."""
        self.machine.run(f"sed -i 's/ MSCHAPV2 \".*\" / MSCHAPV2 \"{password}\" /' /var/lib/lab/company/users && "
                         "sync && systemctl restart lab-router.service", timeout=60)

    def badge(self):
        """What a company gives to those who come without a password: a certificate, and its protected key."""
        return tuple(self.machine.out(f"cat /var/lib/lab/company/badge.{kind}") + "\n" for kind in ("pem", "key"))

    def authority(self):
        return self.machine.out("cat /var/lib/lab/company/ca.pem") + "\n"

    def give_no_addresses(self):
        self.machine.run("systemctl stop lab-router-dhcp.service")

    def give_addresses(self):
        self.machine.run("systemctl start lab-router-dhcp.service")

    def take_the_wire(self):
        """The device is plugged into the router: wire and radio are one network."""
        self.machine.run("ip -n home link add lan0 type bridge")
        self.configure(bridge="lan0")
        self.machine.write("/run/systemd/system/lab-router-dhcp.service.d/wire.conf",
                           "[Service]\nEnvironment=WHIMS=--interface=lan0")
        self.machine.run("ip -n factory link set bench0 netns home && ip -n home link set bench0 master lan0 up && "
                         "ip -n home address del 192.168.50.1/24 dev wlan1 && "
                         "ip -n home address add 192.168.50.1/24 dev lan0 && ip -n home link set lan0 up && "
                         "systemctl daemon-reload && systemctl restart lab-router-dhcp.service", timeout=60)

    def name_gateway(self, address):
        """Whoever gets an address is told that this is the way out; None: the router itself."""
        folder = "/run/systemd/system/lab-router-dhcp.service.d"
        self.machine.run(f"rm -rf {folder}")
        if address:
            self.machine.write(f"{folder}/gateway.conf",
                               f"[Service]\nEnvironment=WHIMS=--dhcp-option=3,{address}")
        self.machine.run("systemctl daemon-reload && systemctl restart lab-router-dhcp.service", timeout=60)

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

    interface = "wlan2"

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

    def walk_away(self):
        """Out of reach of every radio."""
        self.machine.run("systemctl stop lab-phone.service && "
                         "ip netns exec phone env interface=wlan2 /opt/lab/phone-lease deconfig")

    def come_back(self):
        self.machine.run("systemctl start lab-phone.service lab-phone-address.service "
                         "lab-phone-roam.service")

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
        return self.use(f"http://{name}:{PORT}", path, method, **options)

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
        """Picks a network on the page and types its password. In the first minute, the device asks for a password
        of its own before that."""
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
