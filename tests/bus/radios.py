# SPDX-License-Identifier: LGPL-2.1-or-later
"""NetworkManager and BlueZ, as far as those hear of them who switch radios on and offer profiles."""

from gi.repository import Gio, GLib

from bus_peer import NOTHING, BusPeer, Refusal


class NetworkManager(BusPeer):
    NAME = "org.freedesktop.NetworkManager"
    silent = False
    refuses = False

    def answer(self, member, path, arguments, sender):
        if self.refuses:
            return Refusal("org.freedesktop.NetworkManager.PermissionDenied", "Not authorized.")
        return None if self.silent else NOTHING


class Bluez(BusPeer):
    """Two adapters, and a profile manager. `profiles` maps a path to (uuid, options, sender)."""
    NAME = "org.bluez"

    def __init__(self, bus, adapters=("hci0", "hci1")):
        self.adapters = list(adapters)
        self.profiles = {}
        super().__init__(bus)

    def disconnect(self):
        super().disconnect()
        self.profiles.clear()

    def answer(self, member, path, arguments, sender):
        if member == "GetManagedObjects":
            objects = {"/org/bluez": {"org.bluez.ProfileManager1": {}}, **{
                f"/org/bluez/{name}": {"org.bluez.Adapter1": {"Powered": GLib.Variant("b", False)}}
                for name in self.adapters}}
            return GLib.Variant("(a{oa{sa{sv}}})", (objects,))
        if member == "RegisterProfile":
            if arguments[0] in self.profiles:
                return Refusal("org.bluez.Error.AlreadyExists", "Already Exists")
            self.profiles[arguments[0]] = (arguments[1], arguments[2], sender)
        if member == "UnregisterProfile":
            del self.profiles[arguments[0]]
        return NOTHING

    def call_profile(self, path, member, arguments, descriptors=(), as_stranger=False):
        """As bluetoothd does when a phone wants something; raises a GLib.Error when refused."""
        connection = self._connection
        if as_stranger:
            connection = Gio.DBusConnection.new_for_address_sync(
                self._bus.address,
                Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
                | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
        fds = Gio.UnixFDList.new()
        for descriptor in descriptors:
            fds.append(descriptor)
        return connection.call_with_unix_fd_list_sync(
            self.profiles[path][2], path, "org.bluez.Profile1", member, arguments, None,
            Gio.DBusCallFlags.NONE, 5000, fds, None)
