# SPDX-License-Identifier: LGPL-2.1-or-later
"""Peers that keep what apply_config asks for or sets: NetworkManager, BlueZ and timedated, as far as healthd hears
of them."""

import threading

from gi.repository import Gio, GLib

PROPERTIES = "org.freedesktop.DBus.Properties"
NOT_POWERED = ("org.bluez.Error.Failed", "Not Powered")


class Settings:
    """One connection with one name on the test's bus; answers in its own thread."""

    name = None
    objects = {}  # path → XML of its interfaces

    def __init__(self, bus):
        self.calls = []
        self._address = bus.address
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
        connection.set_exit_on_close(False)
        for path, xml in self.objects.items():
            for interface in Gio.DBusNodeInfo.new_for_xml(f"<node>{xml}</node>").interfaces:
                connection.register_object(path, interface, self._on_call, None, None)
        Gio.bus_own_name_on_connection(
            connection, self.name, Gio.BusNameOwnerFlags.NONE, lambda *_: self._ready.set(), None)
        self._loop.run()
        if not connection.is_closed():
            connection.close_sync(None)

    def _on_call(self, _connection, _sender, path, interface, method, parameters, invocation):
        arguments = parameters.unpack()
        self.calls.append((method, *arguments))
        try:
            invocation.return_value(self.answer(path, method, *arguments))
        except ValueError as error:
            invocation.return_dbus_error(*error.args)

    def answer(self, path, method, *arguments):
        """A GLib.Variant, None, or ValueError(name, message)."""
        raise NotImplementedError

    def stop(self):
        self._loop.quit()
        self._thread.join(10)


GET = (f'<interface name="{PROPERTIES}"><method name="Get"><arg type="s" direction="in"/><arg type="s" direction="in"/>'
       '<arg type="v" direction="out"/></method></interface>')
SET = (f'<interface name="{PROPERTIES}"><method name="Set"><arg type="s" direction="in"/><arg type="s" direction="in"/>'
       '<arg type="v" direction="in"/></method></interface>')


class NetworkManager(Settings):
    """Knows some interfaces; `managed` says of each whether it is its master."""

    name = "org.freedesktop.NetworkManager"
    objects = {
        "/org/freedesktop/NetworkManager":
            '<interface name="org.freedesktop.NetworkManager"><method name="GetDeviceByIpIface">'
            '<arg type="s" direction="in"/><arg type="o" direction="out"/></method></interface>',
        "/org/freedesktop/NetworkManager/Devices/7": GET,
    }

    def __init__(self, bus, **managed):
        self.managed = managed
        self.silent = False
        self._asked = None
        super().__init__(bus)

    def answer(self, path, method, *arguments):
        if method == "GetDeviceByIpIface":
            self._asked, = arguments
            if self._asked not in self.managed:
                raise ValueError(self.name + ".UnknownDevice", "No device found for the requested iface.")
            return GLib.Variant("(o)", ("/org/freedesktop/NetworkManager/Devices/7",))
        assert arguments == ("org.freedesktop.NetworkManager.Device", "Managed")
        if self.silent:
            raise ValueError("org.freedesktop.DBus.Error.AccessDenied", "No.")
        return GLib.Variant("(v)", (GLib.Variant("b", self.managed[self._asked]),))


class Bluez(Settings):
    """Two adapters, of which the first is asked for. `forgets`: a property that is set in vain; `refuses`: one that
    can't be."""

    name = "org.bluez"
    objects = {
        "/": '<interface name="org.freedesktop.DBus.ObjectManager"><method name="GetManagedObjects">'
             '<arg type="a{oa{sa{sv}}}" direction="out"/></method></interface>',
        "/org/bluez/hci0": SET,
        "/org/bluez/hci1": SET,
    }
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

    def answer(self, path, method, *arguments):
        if method == "GetManagedObjects":
            objects = {path: {"org.bluez.Adapter1": {
                name: GLib.Variant(self.types[name], value) for name, value in adapter.items()}}
                for path, adapter in self.adapters.items()}
            objects["/org/bluez"] = {"org.bluez.AgentManager1": {}}
            return GLib.Variant("(a{oa{sa{sv}}})", (objects,))
        interface, name, value = arguments
        assert interface == "org.bluez.Adapter1" and name in self.types
        if name == self.refuses:
            raise ValueError(*NOT_POWERED)
        if name != self.forgets:
            self.adapters[path][name] = value
        return None


class Timedated(Settings):
    name = "org.freedesktop.timedate1"
    objects = {
        "/org/freedesktop/timedate1":
            '<interface name="org.freedesktop.timedate1"><method name="SetTimezone"><arg type="s" direction="in"/>'
            f'<arg type="b" direction="in"/></method></interface>{GET}',
    }

    def __init__(self, bus):
        self.timezone = "Etc/UTC"
        self.refuses = False
        self.forgets = False
        super().__init__(bus)

    def answer(self, path, method, *arguments):
        if method == "Get":
            assert arguments == (self.name, "Timezone")
            return GLib.Variant("(v)", (GLib.Variant("s", self.timezone),))
        zone, interactive = arguments
        assert not interactive
        if self.refuses:
            raise ValueError("org.freedesktop.DBus.Error.AccessDenied", "Permission denied")
        if not self.forgets:
            self.timezone = zone
        return None
