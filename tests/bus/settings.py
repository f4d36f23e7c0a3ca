# SPDX-License-Identifier: LGPL-2.1-or-later
"""Peers that keep what apply_config asks for or sets: NetworkManager, BlueZ and timedated, as far as healthd hears
of them."""

import os

from gi.repository import Gio, GLib

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
    can't be. `starts`: for each time it was asked what it has, whether it would have been started for it."""

    NAME = "org.bluez"
    types = {"Alias": "s", "Discoverable": "b", "DiscoverableTimeout": "u", "Address": "s"}

    def __init__(self, bus):
        self.adapters = {
            path: {"Address": "00:00:00:00:00:00", "Alias": "old", "Discoverable": False, "DiscoverableTimeout": 180}
            for path in ("/org/bluez/hci1", "/org/bluez/hci0")}
        self.forgets = None
        self.refuses = None
        self.starts = []
        super().__init__(bus)

    def _filter(self, connection, message, incoming):
        if message.get_member() == "GetManagedObjects":
            self.starts.append(not message.get_flags() & Gio.DBusMessageFlags.NO_AUTO_START)
        return super()._filter(connection, message, incoming)

    @property
    def first(self):
        return self.adapters["/org/bluez/hci0"]

    def objects(self):
        return {path: {"org.bluez.Adapter1": {
            name: GLib.Variant(self.types[name], value) for name, value in adapter.items()}}
            for path, adapter in self.adapters.items()}

    def change(self, path="/org/bluez/hci0", **values):
        """As somebody does who sets them; announced as bluetoothd does."""
        self.adapters[path].update(values)
        self.emit_changed(path, "org.bluez.Adapter1", **{
            name: GLib.Variant(self.types[name], value) for name, value in values.items()})

    def add(self, path, **values):
        """An adapter comes."""
        self.adapters[path] = values
        self.emit("/", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded",
                  GLib.Variant("(oa{sa{sv}})", (path, self.objects()[path])))

    def answer(self, member, path, arguments, sender):
        if member == "GetManagedObjects":
            objects = self.objects()
            objects["/org/bluez"] = {"org.bluez.AgentManager1": {}}
            return GLib.Variant("(a{oa{sa{sv}}})", (objects,))
        interface, name, value = arguments
        assert interface == "org.bluez.Adapter1" and name in self.types
        if name == self.refuses:
            return Refusal(*NOT_POWERED)
        if name != self.forgets:
            self.change(path, **{name: value})
        return NOTHING


class Timedated(BusPeer):
    """Keeps the timezone where everybody looks for it: in the link `localtime`."""

    NAME = "org.freedesktop.timedate1"

    def __init__(self, bus, localtime):
        self._localtime = localtime
        self.timezone = "Etc/UTC"
        self.refuses = False
        self.forgets = False
        super().__init__(bus)

    @property
    def timezone(self):
        link = self._localtime.is_symlink()
        return os.readlink(self._localtime).split("/zoneinfo/")[1] if link else ""

    @timezone.setter
    def timezone(self, zone):
        new = self._localtime.with_name(".#localtime")
        new.symlink_to(f"../usr/share/zoneinfo/{zone}")
        new.rename(self._localtime)

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
