# SPDX-License-Identifier: LGPL-2.1-or-later
"""NetworkManager with one wire, as far as a change of it goes: profiles, checkpoints, an address. And a netplan that
makes a profile of the wire's file, which is a program: GENERATOR."""

import re
import subprocess

from gi.repository import GLib

from bus_peer import NOTHING, BusPeer, Refusal

NAME = "org.freedesktop.NetworkManager"
ROOT = "/org/freedesktop/NetworkManager"
DEVICE = f"{ROOT}/Devices/1"
CONFIG = f"{ROOT}/IP4Config/1"
FOLDER = "/run/NetworkManager/system-connections"
STORED = f"{FOLDER}/netplan-eth0.nmconnection"
LEASED = "192.0.2.100"
DISCONNECTED, IP_CONFIG, ACTIVATED, FAILED = 30, 70, 100, 120
CARRIER = 0x10000

GENERATOR = f"""#!/bin/sh
# The real one does a little more.
[ "$1" = --root-dir ] && root=$2
for file in "$root"/etc/netplan/*; do
    if grep -q stranger "$file"; then echo "$file: perhaps?"; exit 1; fi
done
mkdir -p "$root{FOLDER}"
address=$(sed -n 's/^ *- "\\(.*\\/.*\\)"$/\\1/p' "$root/etc/netplan/70-user-wired.yaml" 2>/dev/null)
{{
    printf '[connection]\\nid=netplan-eth0\\ntype=ethernet\\ninterface-name=eth0\\n[ethernet]\\n[ipv4]\\n'
    if [ "$address" ]; then printf 'method=manual\\naddress1=%s\\n' "$address"; else echo method=auto; fi
    printf '[ipv6]\\nmethod=auto\\n'
}} >"$root{STORED}"
"""


def install_netplan(device):
    """Where the daemon finds it; with the factory's file, and what was made of it at the boot."""
    program = device.path("/usr/libexec/netplan/generate")
    program.parent.mkdir(parents=True)
    program.write_text(GENERATOR)
    program.chmod(0o755)
    device.path("/etc/netplan").mkdir()
    device.path("/var/lib/unbox/network").mkdir(parents=True)
    device.path(FOLDER).mkdir(parents=True)
    device.path(STORED).write_text("[ipv4]\nmethod=auto\n")


def generate(device):
    """As netplan's generator does at each boot, before anything else."""
    subprocess.run([device.path("/usr/libexec/netplan/generate"), "--root-dir", device.root], check=True)


def _object(path):
    return GLib.Variant("o", path)


class WireManager(BusPeer):
    """`stored` is the profile's file. `refuses`: a trial can't be; `comes_up`: an activation gets its address."""

    NAME = NAME

    def __init__(self, bus, stored):
        self.stored = stored
        self.refuses = False
        self.comes_up = True
        self.profile = None  # the one that is active: (uuid, address)
        self._checkpoints = {}  # path → the profile that it goes back to
        self._made = 0
        self._settings = {}  # path → (uuid, name)
        self.objects = {
            ROOT: {NAME: {
                "Version": GLib.Variant("s", "1.42.4"), "State": GLib.Variant("u", 70),
                "WirelessEnabled": GLib.Variant("b", True), "WirelessHardwareEnabled": GLib.Variant("b", True),
                "NetworkingEnabled": GLib.Variant("b", True),
                "Devices": GLib.Variant("ao", [DEVICE]), "AllDevices": GLib.Variant("ao", [DEVICE]),
                "ActiveConnections": GLib.Variant("ao", []), "Checkpoints": GLib.Variant("ao", [])}},
            f"{ROOT}/Settings": {f"{NAME}.Settings": {
                "Connections": GLib.Variant("ao", []), "Hostname": GLib.Variant("s", "unbox-test"),
                "CanModify": GLib.Variant("b", True)}},
            DEVICE: {
                f"{NAME}.Device": {
                    "Interface": GLib.Variant("s", "eth0"), "IpInterface": GLib.Variant("s", "eth0"),
                    "DeviceType": GLib.Variant("u", 1), "State": GLib.Variant("u", DISCONNECTED),
                    "StateReason": GLib.Variant("(uu)", (DISCONNECTED, 0)), "Managed": GLib.Variant("b", True),
                    "Real": GLib.Variant("b", True), "Udi": GLib.Variant("s", "/sys/class/net/eth0"),
                    "InterfaceFlags": GLib.Variant("u", CARRIER | 3), "ActiveConnection": _object("/"),
                    "Ip4Config": _object("/")},
                f"{NAME}.Device.Wired": {"Carrier": GLib.Variant("b", True)}},
            CONFIG: {f"{NAME}.IP4Config": {"AddressData": GLib.Variant("aa{sv}", [])}},
        }
        self._connection = None
        self._add_profile("stored", "netplan-eth0", str(FOLDER) + "/netplan-eth0.nmconnection")
        self._activate("stored", LEASED)
        super().__init__(bus)

    # -- objects ------------------------------------------------------------------------------

    def _set(self, path, interface, **properties):
        self.objects[path][interface].update(properties)
        if self._connection and not self._connection.is_closed():
            self.emit_changed(path, interface, **properties)

    def _add(self, path, interface, **properties):
        self.objects[path] = {interface: properties}
        if self._connection:
            self.emit("/org/freedesktop", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded",
                      GLib.Variant("(oa{sa{sv}})", (path, self.objects[path])))

    def _remove(self, path):
        interfaces = list(self.objects.pop(path, {}))
        if self._connection and interfaces:
            self.emit("/org/freedesktop", "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved",
                      GLib.Variant("(oas)", (path, interfaces)))

    def _list(self, path, interface, name, prefix):
        self._set(path, interface, **{name: GLib.Variant("ao", [p for p in self.objects if p.startswith(prefix)])})

    def _add_profile(self, uuid, name, file):
        path = f"{ROOT}/Settings/{uuid.replace('-', '_')}"
        self._add(path, f"{NAME}.Settings.Connection", Unsaved=GLib.Variant("b", False),
                  Flags=GLib.Variant("u", 0), Filename=GLib.Variant("s", file))
        self._settings[path] = (uuid, name)
        self._list(f"{ROOT}/Settings", f"{NAME}.Settings", "Connections", f"{ROOT}/Settings/")
        return path

    def _remove_profile(self, path):
        self._remove(path)
        self._list(f"{ROOT}/Settings", f"{NAME}.Settings", "Connections", f"{ROOT}/Settings/")

    # -- what it does -------------------------------------------------------------------------

    def _state(self, state, **more):
        self._set(DEVICE, f"{NAME}.Device", State=GLib.Variant("u", state),
                  StateReason=GLib.Variant("(uu)", (state, 0)), **more)

    def _activate(self, uuid, address):
        """Returns the path of the active connection."""
        trials = [path for path, (other, _) in self._settings.items() if other not in ("stored", uuid)]
        for path in [p for p in self.objects if p.startswith(f"{ROOT}/ActiveConnection/")]:
            self._remove(path)
        for path in trials:
            if path in self.objects:
                self._remove_profile(path)
        self._made += 1
        active = f"{ROOT}/ActiveConnection/{self._made}"
        profile = f"{ROOT}/Settings/{uuid.replace('-', '_')}"
        full_uuid = uuid if "-" in uuid else "00000000-0000-0000-0000-000000000001"
        self._add(active, f"{NAME}.Connection.Active", Connection=_object(profile), Uuid=GLib.Variant("s", full_uuid),
                  Id=GLib.Variant("s", uuid), Type=GLib.Variant("s", "802-3-ethernet"),
                  Devices=GLib.Variant("ao", [DEVICE]), State=GLib.Variant("u", 1), SpecificObject=_object("/"))
        self._list(ROOT, NAME, "ActiveConnections", f"{ROOT}/ActiveConnection/")
        self._state(IP_CONFIG, ActiveConnection=_object(active), Ip4Config=_object("/"))
        self.profile = (uuid, address)
        if self.comes_up:
            self.come_up()
        return active

    def come_up(self):
        data = {"address": GLib.Variant("s", self.profile[1]), "prefix": GLib.Variant("u", 24)}
        self._set(CONFIG, f"{NAME}.IP4Config", AddressData=GLib.Variant("aa{sv}", [data]))
        self._state(ACTIVATED, Ip4Config=_object(CONFIG))

    def pull_the_cable(self):
        self._set(DEVICE, f"{NAME}.Device", InterfaceFlags=GLib.Variant("u", 1))
        self._state(DISCONNECTED, ActiveConnection=_object("/"), Ip4Config=_object("/"))

    def stored_address(self):
        """As it reads the file that netplan has made."""
        found = re.search(r"^address1=(.*)/", self.stored.read_text(), re.M)
        return found[1] if found else LEASED

    def start_anew(self, keep=True):
        """As after `systemctl restart`, with the wire as it was; or as after a boot, with what is stored."""
        self.disconnect()
        self._connection = None
        self._checkpoints.clear()
        for path in [p for p in self.objects if "/Checkpoint/" in p]:
            self._remove(path)
        self._list(ROOT, NAME, "Checkpoints", f"{ROOT}/Checkpoint/")
        if not keep:
            self._activate("stored", self.stored_address())
        self.connect()

    # -- what it is asked ---------------------------------------------------------------------

    def answer(self, member, path, arguments, sender):
        handler = getattr(self, f"_on_{member}", None)
        return handler(path, *arguments) if handler else NOTHING

    def _on_GetManagedObjects(self, _path):
        return GLib.Variant("(a{oa{sa{sv}}})", (self.objects,))

    def _on_GetPermissions(self, _path):
        return GLib.Variant("(a{ss})", ({},))

    def _on_GetSettings(self, path):
        uuid, name = self._settings[path]
        full_uuid = uuid if "-" in uuid else "00000000-0000-0000-0000-000000000001"
        connection = {"id": GLib.Variant("s", name), "uuid": GLib.Variant("s", full_uuid),
                      "type": GLib.Variant("s", "802-3-ethernet")}
        return GLib.Variant("(a{sa{sv}})", ({"connection": connection, "802-3-ethernet": {}},))

    def _on_CheckpointCreate(self, _path, devices, timeout, flags):
        assert devices == [DEVICE] and 0 < timeout <= 62, (devices, timeout)
        self._made += 1
        made = f"{ROOT}/Checkpoint/{self._made}"
        self._checkpoints[made] = self.profile
        self._add(made, f"{NAME}.Checkpoint", Devices=GLib.Variant("ao", devices), Created=GLib.Variant("x", 1),
                  RollbackTimeout=GLib.Variant("u", timeout))
        self._list(ROOT, NAME, "Checkpoints", f"{ROOT}/Checkpoint/")
        return GLib.Variant("(o)", (made,))

    def _end_checkpoint(self, checkpoint):
        self._remove(checkpoint)
        self._list(ROOT, NAME, "Checkpoints", f"{ROOT}/Checkpoint/")
        return self._checkpoints.pop(checkpoint)

    def _on_CheckpointDestroy(self, _path, checkpoint):
        if checkpoint not in self._checkpoints:
            return Refusal(f"{NAME}.InvalidArguments", f"checkpoint {checkpoint} does not exist")
        self._end_checkpoint(checkpoint)
        return NOTHING

    def _on_CheckpointRollback(self, _path, checkpoint):
        if checkpoint not in self._checkpoints:
            return Refusal(f"{NAME}.InvalidArguments", f"checkpoint {checkpoint} does not exist")
        self._activate(*self._end_checkpoint(checkpoint))
        return GLib.Variant("(a{su})", ({DEVICE: 0},))

    def time_is_over(self):
        """It goes back by itself."""
        for checkpoint in list(self._checkpoints):
            self._on_CheckpointRollback(None, checkpoint)

    def _on_AddAndActivateConnection2(self, _path, settings, device, _specific, options):
        assert device == DEVICE and options == {"persist": "volatile"}
        assert not settings["connection"]["autoconnect"] and settings["ipv4"]["dad-timeout"] > 0
        if self.refuses:
            return Refusal(f"{NAME}.Device.InvalidConnection", "not this one")
        uuid = settings["connection"]["uuid"]
        made = self._add_profile(uuid, settings["connection"]["id"], "")
        active = self._activate(uuid, settings["ipv4"]["address-data"][0]["address"])
        return GLib.Variant("(ooa{sv})", (made, active, {}))

    def _on_ActivateConnection(self, _path, profile, device, _specific):
        assert (self._settings[profile][0], device) == ("stored", DEVICE)
        return GLib.Variant("(o)", (self._activate("stored", self.stored_address()),))

    def _on_ReloadConnections(self, _path):
        return GLib.Variant("(b)", (True,))

    def _on_Delete(self, path):
        if self._settings[path][0] == self.profile[0]:
            self._activate("stored", self.stored_address())
        else:
            self._remove_profile(path)
        return NOTHING
