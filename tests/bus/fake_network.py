# SPDX-License-Identifier: LGPL-2.1-or-later
"""A NetworkManager for user-network: interfaces that only exist on the bus, as libnm reads them."""

from gi.repository import GLib

from bus_peer import NOTHING, BusPeer, Refusal

NAME = "org.freedesktop.NetworkManager"
PATH = "/org/freedesktop/NetworkManager"
OBJECTS = "org.freedesktop.DBus.ObjectManager"
RADIO = f"{PATH}/Devices/1"
DISCONNECTED = 30
ACTIVATED = 100
CARRIER = 0x10000
CAN_BE_ACCESS_POINT = 0x40


def _device(name, kind, state, **properties):
    return {
        "Interface": GLib.Variant("s", name), "IpInterface": GLib.Variant("s", name),
        "DeviceType": GLib.Variant("u", kind), "State": GLib.Variant("u", state),
        "StateReason": GLib.Variant("(uu)", (state, 0)), "Managed": GLib.Variant("b", True),
        "Real": GLib.Variant("b", True), "Udi": GLib.Variant("s", f"/sys/class/net/{name}"),
        "ActiveConnection": GLib.Variant("o", "/"), **properties}


class FakeNetworkManager(BusPeer):
    """One radio and one wire, of these names; None: there is none. No hotspot ever opens. `others` are a radio and a wire
    that nothing happens to."""

    NAME = NAME

    def __init__(self, bus, radio="wlan0", wire="eth0", can_serve=True, wire_address=None, others=None):
        self.can_serve = can_serve
        self.objects = {
            PATH: {NAME: {
                "Version": GLib.Variant("s", "1.42.4"), "State": GLib.Variant("u", 20),
                "WirelessEnabled": GLib.Variant("b", True),
                "WirelessHardwareEnabled": GLib.Variant("b", True),
                "NetworkingEnabled": GLib.Variant("b", True)}},
            f"{PATH}/Settings": {f"{NAME}.Settings": {
                "Connections": GLib.Variant("ao", []), "Hostname": GLib.Variant("s", "unbox-test"),
                "CanModify": GLib.Variant("b", True)}},
        }
        if others:
            self._add_radio(others[0], f"{PATH}/Devices/3")
            self._add_wire(others[1], f"{PATH}/Devices/4")
        if radio:
            self._add_radio(radio)
        if wire:
            self._add_wire(wire)
        if wire_address:
            self.plug_wire(wire_address)
        self.objects[PATH][NAME].update(self._devices())
        super().__init__(bus)

    def plug_wire(self, address):
        """For daemons that are started from now on."""
        config = f"{PATH}/IP4Config/1"
        self.objects[config] = {f"{NAME}.IP4Config": {"AddressData": GLib.Variant("aa{sv}", [
            {"address": GLib.Variant("s", address), "prefix": GLib.Variant("u", 24)}])}}
        self.objects[f"{PATH}/Devices/2"][f"{NAME}.Device"].update({
            "State": GLib.Variant("u", ACTIVATED), "StateReason": GLib.Variant("(uu)", (ACTIVATED, 0)),
            "InterfaceFlags": GLib.Variant("u", CARRIER), "Ip4Config": GLib.Variant("o", config)})
        self.objects[f"{PATH}/Devices/2"][f"{NAME}.Device.Wired"]["Carrier"] = GLib.Variant("b", True)

    def _add_wire(self, name, path=f"{PATH}/Devices/2"):
        self.objects[path] = {
            f"{NAME}.Device": _device(name, 1, DISCONNECTED),
            f"{NAME}.Device.Wired": {"Carrier": GLib.Variant("b", False)}}

    def _add_radio(self, name, path=RADIO):
        self.objects[path] = {
            f"{NAME}.Device": _device(name, 2, DISCONNECTED),
            f"{NAME}.Device.Wireless": {
                "Mode": GLib.Variant("u", 2), "LastScan": GLib.Variant("x", -1),
                "WirelessCapabilities":
                    GLib.Variant("u", CAN_BE_ACCESS_POINT if self.can_serve else 0),
                "AccessPoints": GLib.Variant("ao", [])}}

    def _devices(self):
        devices = GLib.Variant("ao", [path for path in self.objects if "/Devices/" in path])
        return {"Devices": devices, "AllDevices": devices}

    def _tell(self, path, interface, signal, arguments):
        self._connection.emit_signal(None, path, interface, signal, arguments)

    def _tell_devices(self):
        self.objects[PATH][NAME].update(self._devices())
        self._tell(PATH, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                   GLib.Variant("(sa{sv}as)", (NAME, self._devices(), [])))

    def plug_radio(self, name):
        with self._lock:
            self._add_radio(name)
            self._tell("/org/freedesktop", OBJECTS, "InterfacesAdded",
                       GLib.Variant("(oa{sa{sv}})", (RADIO, self.objects[RADIO])))
            self._tell_devices()

    def unplug_radio(self):
        with self._lock:
            interfaces = list(self.objects.pop(RADIO))
            self._tell_devices()
            self._tell("/org/freedesktop", OBJECTS, "InterfacesRemoved",
                       GLib.Variant("(oas)", (RADIO, interfaces)))

    def answer(self, member, path, arguments, sender):
        if member == "GetManagedObjects":
            return GLib.Variant("(a{oa{sa{sv}}})", (self.objects,))
        if member == "GetPermissions":
            return GLib.Variant("(a{ss})", ({},))
        if member == "AddAndActivateConnection2":
            return Refusal(f"{NAME}.UnknownDevice", "not on this bus")
        return NOTHING

    def hotspots(self):
        """The profile of each hotspot that was asked for."""
        return [arguments[0] for _, arguments in self.called("AddAndActivateConnection2")]
