# SPDX-License-Identifier: LGPL-2.1-or-later
"""Peers that keep what apply_config asks for or sets: NetworkManager, BlueZ and timedated, as far as healthd hears
of them."""

from gi.repository import GLib

from bus_peer import NOTHING, BusPeer, Refusal

NOT_POWERED = ("org.bluez.Error.Failed", "Not Powered")


class NetworkManager(BusPeer):
    """Knows some interfaces; `managed` says of each whether it is its master."""

    NAME = "org.freedesktop.NetworkManager"

    def __init__(self, bus, **managed):
        self.managed = managed
        self.silent = False
        self._asked = None
        super().__init__(bus)

    def answer(self, member, path, arguments, sender):
        if member == "GetDeviceByIpIface":
            self._asked, = arguments
            if self._asked not in self.managed:
                return Refusal(self.NAME + ".UnknownDevice", "No device found for the requested iface.")
            return GLib.Variant("(o)", ("/org/freedesktop/NetworkManager/Devices/7",))
        assert arguments == ("org.freedesktop.NetworkManager.Device", "Managed")
        if self.silent:
            return Refusal("org.freedesktop.DBus.Error.AccessDenied", "No.")
        return GLib.Variant("(v)", (GLib.Variant("b", self.managed[self._asked]),))


class Bluez(BusPeer):
    """Two adapters, of which the first is asked for. `forgets`: a property that is set in vain; `refuses`: one that
    can't be."""

    NAME = "org.bluez"
    types = {"Alias": "s", "Discoverable": "b", "DiscoverableTimeout": "u", "Address": "s"}

    def __init__(self, bus):
        self.adapters = {
            path: {"Address": "00:00:00:00:00:00", "Alias": "old", "Discoverable": False, "DiscoverableTimeout": 180}
            for path in ("/org/bluez/hci1", "/org/bluez/hci0")}
        self.forgets = None
        self.refuses = None
        super().__init__(bus)

    @property
    def first(self):
        return self.adapters["/org/bluez/hci0"]

    def answer(self, member, path, arguments, sender):
        if member == "GetManagedObjects":
            objects = {path: {"org.bluez.Adapter1": {
                name: GLib.Variant(self.types[name], value) for name, value in adapter.items()}}
                for path, adapter in self.adapters.items()}
            objects["/org/bluez"] = {"org.bluez.AgentManager1": {}}
            return GLib.Variant("(a{oa{sa{sv}}})", (objects,))
        interface, name, value = arguments
        assert interface == "org.bluez.Adapter1" and name in self.types
        if name == self.refuses:
            return Refusal(*NOT_POWERED)
        if name != self.forgets:
            self.adapters[path][name] = value
        return NOTHING


class Timedated(BusPeer):
    NAME = "org.freedesktop.timedate1"

    def __init__(self, bus):
        self.timezone = "Etc/UTC"
        self.refuses = False
        self.forgets = False
        super().__init__(bus)

    def answer(self, member, path, arguments, sender):
        if member == "Get":
            assert arguments == (self.NAME, "Timezone")
            return GLib.Variant("(v)", (GLib.Variant("s", self.timezone),))
        zone, interactive = arguments
        assert not interactive
        if self.refuses:
            return Refusal("org.freedesktop.DBus.Error.AccessDenied", "Permission denied")
        if not self.forgets:
            self.timezone = zone
        return NOTHING
