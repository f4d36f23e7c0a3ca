# SPDX-License-Identifier: LGPL-2.1-or-later
"""A peer that speaks as systemd-hostnamed does, as far as an enrolment hears of it."""

import threading

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # pylint: disable=wrong-import-position

INTERFACE = """<node><interface name="org.freedesktop.hostname1">
  <property name="Hostname" type="s" access="read"/>
  <property name="StaticHostname" type="s" access="read"/>
  <method name="SetHostname"><arg type="s" direction="in"/><arg type="b" direction="in"/></method>
  <method name="SetStaticHostname"><arg type="s" direction="in"/><arg type="b" direction="in"/></method>
</interface></node>"""


class Hostnamed:
    """On a bus until stop(). `refuses` answers with an error, `forgets` with success and no effect."""

    def __init__(self, address):
        self.names = {"Hostname": "localhost", "StaticHostname": ""}
        self.refuses = False
        self.forgets = False
        self._address = address
        self._loop = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    def _serve(self):
        context = GLib.MainContext()
        context.push_thread_default()
        self._loop = GLib.MainLoop(context)
        flags = Gio.DBusConnectionFlags
        connection = Gio.DBusConnection.new_for_address_sync(
            self._address, flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION, None, None)
        connection.register_object(
            "/org/freedesktop/hostname1", Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0],
            self._on_call, self._on_get, None)
        Gio.bus_own_name_on_connection(
            connection, "org.freedesktop.hostname1", Gio.BusNameOwnerFlags.NONE,
            lambda *_: self._ready.set(), None)
        self._loop.run()
        connection.close_sync(None)

    def _on_call(self, _connection, _sender, _path, _interface, method, parameters, invocation):
        if self.refuses:
            invocation.return_dbus_error("org.freedesktop.DBus.Error.AccessDenied", "Permission denied")
            return
        if not self.forgets:
            self.names[method.removeprefix("Set")] = parameters.unpack()[0]
        invocation.return_value(None)

    def _on_get(self, _connection, _sender, _path, _interface, name):
        return GLib.Variant("s", self.names[name])

    def stop(self):
        self._loop.quit()
        self._thread.join(10)
