# SPDX-License-Identifier: LGPL-2.1-or-later
"""Those who bring a device onto its customer's network, each in the same words."""

from lab import wait
from lab.world import HOTSPOT, HOTSPOT_PASSWORD


class Joiner:
    """`said` is what it has to say for it to be right; None where it has nothing to say."""

    name = None
    whom = None
    ssid = None
    units = []
    said = {}

    def __init__(self, ground):
        self.ground = ground

    def move_in(self):
        """Onto a device that has just been unpacked."""

    def boot(self):
        """Switches the device off and on; returns when its hotspot was heard."""
        self.ground.machine.reboot(240)
        seconds = self.ground.heard(self.ssid)
        self.ready()
        return seconds

    def ready(self):
        """Waits until it can be asked."""
        self.ground.wait_for(self.ssid)

    def join(self, ssid, password):
        self.ready()
        return self.ground.ask(self.whom, ssid, password)

    def forget(self, ssid):
        """As if it had never been joined."""
        raise NotImplementedError


class Unbox(Joiner):
    name = "**unbox**"
    whom = "unbox"
    ssid = HOTSPOT
    units = ["user-network.service", "webserver.service"]
    said = {"good": "joined", "bad": "password_wrong", "absent": "not_found", "silent": "no_address"}

    def ready(self):
        super().ready()
        self.ground.lab.device.wait_for_network("hotspot", timeout=240)
        self.ground.run("systemctl start webserver.service", 60)

    def forget(self, ssid):
        device = self.ground.lab.device
        if ssid in device.saved_networks():
            device.ask("user-network", "forget", {"ssid": ssid})


class Comitup(Joiner):
    name = "comitup"
    whom = "comitup"
    ssid = "comitup-bench"
    units = ["comitup.service", "comitup-web.service"]
    said = {"good": "CONNECTED"}

    def move_in(self):
        self.ground.switch_off_unbox()
        self.ground.machine.write("/etc/comitup.conf", "\n".join([
            f"ap_name: {self.ssid}", f"ap_password: {HOTSPOT_PASSWORD}", "primary_wifi_device: wlan0",
            "external_callback: /opt/measure/comitup-state"]))
        self.ground.run("systemctl enable comitup.service && sync", 60)

    def ready(self):
        super().ready()
        # The last state is the one that it has said last; the page comes a little later.
        wait.until(lambda: "HOTSPOT" in self.ground.run("tail -n 1 /run/bench-comitup", check=False).stdout and
                   self.ground.lab.device.active("comitup-web.service"), 240, "comitup's hotspot", interval=1)

    def forget(self, ssid):
        self.ground.run(f"nmcli connection delete id '{ssid}'", check=False)


class Nmcli(Joiner):
    name = "NetworkManager, nmcli"
    whom = "nmcli"
    ssid = HOTSPOT
    said = {"good": "successfully activated", "bad": "Secrets were required",
            "absent": "could not be found", "silent": "IP configuration"}

    def move_in(self):
        self.ground.switch_off_unbox()
        self.ground.run(
            "nmcli connection add type wifi con-name Hotspot ifname wlan0 autoconnect yes "
            f"ssid {self.ssid} 802-11-wireless.mode ap 802-11-wireless.band bg ipv4.method shared "
            f"wifi-sec.key-mgmt wpa-psk wifi-sec.psk {HOTSPOT_PASSWORD} wifi-sec.proto rsn "
            "wifi-sec.pairwise ccmp wifi-sec.group ccmp wifi-sec.pmf 1 && sync", 60)

    def forget(self, ssid):
        self.ground.run("nmcli connection delete bench && { nmcli -g NAME connection show --active | "
                        "grep -qx Hotspot || nmcli connection up Hotspot; }", 60)


JOINERS = (Nmcli, Unbox, Comitup)
