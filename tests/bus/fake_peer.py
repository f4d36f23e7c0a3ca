# SPDX-License-Identifier: LGPL-2.1-or-later
"""Somebody else on the system bus, who answers calls as the test wants: NetworkManager, BlueZ."""

import threading

from gi.repository import Gio, GLib

PROPERTIES = "org.freedesktop.DBus.Properties"


class Refusal(Exception):
    """A D-Bus error: its name, and its text."""


class FakePeer:
    """Owns `name` on the bus. What answers `(member, path, arguments, sender)` is answer(): a
    GLib.Variant, a Refusal, or None for nobody who ever answers."""

    NAME = None

    def __init__(self, bus):
        self._bus = bus
        self._context = GLib.MainContext()
        self._loop = GLib.MainLoop(self._context)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.calls = []
        self.connect()

    def _run(self):
        self._context.push_thread_default()
        self._loop.run()

    def connect(self):
        """Appears on the bus, again if need be."""
        self._connection = Gio.DBusConnection.new_for_address_sync(
            self._bus.address,
            Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
            | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
        self._connection.set_exit_on_close(False)
        self._connection.add_filter(self._filter)
        self._connection.call_sync(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
            GLib.Variant("(su)", (self.NAME, 0)), None, Gio.DBusCallFlags.NONE, 5000, None)

    def disconnect(self):
        self._connection.close_sync(None)

    def close(self):
        if not self._connection.is_closed():
            self.disconnect()
        self._loop.quit()
        self._thread.join(10)

    def _filter(self, connection, message, incoming):
        if not incoming or message.get_message_type() != Gio.DBusMessageType.METHOD_CALL:
            return message
        body = message.get_body()
        arguments = body.unpack() if body else ()
        call = (message.get_member(), message.get_path(), arguments)
        self.calls.append(call)
        answer = self.answer(*call, message.get_sender())
        if isinstance(answer, Refusal):
            reply = message.new_method_error_literal(*answer.args)
        elif answer is not None:
            reply = message.new_method_reply()
            reply.set_body(answer)
        if answer is not None:
            connection.send_message(reply, Gio.DBusSendMessageFlags.NONE)
        return None

    def answer(self, member, path, arguments, sender):
        raise NotImplementedError

    def called(self, member):
        """(path, arguments) of each call of it."""
        return [(path, arguments) for name, path, arguments in self.calls if name == member]


class NetworkManager(FakePeer):
    NAME = "org.freedesktop.NetworkManager"
    silent = False
    refuses = False

    def answer(self, member, path, arguments, sender):
        if self.refuses:
            return Refusal("org.freedesktop.NetworkManager.PermissionDenied", "Not authorized.")
        return None if self.silent else GLib.Variant("()", ())


class Bluez(FakePeer):
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
        return GLib.Variant("()", ())

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
