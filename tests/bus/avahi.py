# SPDX-License-Identifier: LGPL-2.1-or-later
"""Peers that user-network finds its names at: Avahi, systemd with webserver.socket, and hostnamed."""

from gi.repository import GLib

from bus_peer import NOTHING, BusPeer, Refusal

REGISTERING, RUNNING = 1, 2
ESTABLISHED, COLLISION = 2, 3


class Avahi(BusPeer):
    """Announces what it is told: `host`, and `services` as {(name, type): port}. `taken` are names of services that
    somebody else in the network has, `registered` those of other programs here, `hosts` the names of other devices;
    `denied`: it lets nobody name the host."""

    NAME = "org.freedesktop.Avahi"

    def __init__(self, bus, host="linux", state=RUNNING, taken=(), registered=(), hosts=(), denied=False):
        self.host = host
        self.state = state
        self.taken = taken
        self.registered = registered
        self.hosts = hosts
        self.denied = denied
        self.stuck = 0  # so many groups get nowhere when they are committed
        self.groups = {}  # path → [committed, {(name, type): port}]
        super().__init__(bus)

    @property
    def services(self):
        return {key: port for committed, entries in list(self.groups.values()) if committed
                for key, port in entries.items()}

    def count(self, method):
        return len(self.called(method))

    def become(self, state):
        self.state = state
        self.emit("/", f"{self.NAME}.Server", "StateChanged", GLib.Variant("(is)", (state, "")))

    def answer(self, member, path, arguments, sender):
        answers = self._answer_group if path in self.groups else self._answer_server
        return answers(member, path, *arguments)

    def _answer_server(self, member, _path, *arguments):
        if member == "GetState":
            return GLib.Variant("(i)", (self.state,))
        if member == "GetHostName":
            return GLib.Variant("(s)", (self.host,))
        if member == "GetAlternativeServiceName":
            return GLib.Variant("(s)", (arguments[0] + " #2",))
        if member == "EntryGroupNew":
            made = f"/Client0/EntryGroup{self.count('EntryGroupNew')}"
            self.groups[made] = [False, {}]
            return GLib.Variant("(o)", (made,))
        assert member == "SetHostName"
        return self._name_host(*arguments)

    def _name_host(self, name):
        if self.denied:
            return Refusal("org.freedesktop.DBus.Error.AccessDenied", "No.")
        if self.host == name:
            return Refusal("org.freedesktop.Avahi.NoChangeError", "No change")
        self.host = f"{name}-2" if name in self.hosts else name
        self.become(REGISTERING)
        self.become(RUNNING)
        return NOTHING

    def _answer_group(self, member, path, *arguments):
        if member == "AddService":
            _, _, _, name, kind, domain, host, port, _ = arguments
            assert (domain, host) == ("", "")
            if name in self.registered:
                return Refusal("org.freedesktop.Avahi.CollisionError", "Local name collision")
            self.groups[path][1][(name, kind)] = port
        elif member == "Commit" and self.stuck:
            self.stuck -= 1
        elif member == "Commit":
            collides = any(name in self.taken for name, _ in self.groups[path][1])
            self.groups[path][0] = not collides
            self.emit(path, f"{self.NAME}.EntryGroup", "StateChanged",
                      GLib.Variant("(is)", (COLLISION if collides else ESTABLISHED, "")))
        else:
            assert member == "Free"
            del self.groups[path]
        return NOTHING


class Systemd(BusPeer):
    """Has webserver.socket, listening on `port`."""

    NAME = "org.freedesktop.systemd1"
    unit = "/org/freedesktop/systemd1/unit/webserver_2esocket"

    def __init__(self, bus, port=5000):
        self.port = port
        super().__init__(bus)

    def answer(self, member, path, arguments, sender):
        if member == "Subscribe":
            return NOTHING
        assert (path, arguments) == (self.unit, ("org.freedesktop.systemd1.Socket", "Listen"))
        listen = [("Datagram", "[::]:7"), ("Stream", "/run/x"), ("Stream", f"[::]:{self.port}"), ("Stream", "[::]:9")]
        return GLib.Variant("(v)", (GLib.Variant("a(ss)", listen),))

    def move(self, port):
        """`systemctl edit webserver.socket`, and its restart."""
        self.port = port
        self.emit_changed(self.unit, "org.freedesktop.systemd1.Unit", ActiveState=GLib.Variant("s", "active"))


class Hostnamed(BusPeer):
    """Tells that the name is another one, and is asked nothing."""

    NAME = "org.freedesktop.hostname1"

    def answer(self, member, path, arguments, sender):
        raise AssertionError("nobody asks")

    def say(self, name):
        self.emit_changed("/org/freedesktop/hostname1", self.NAME, Hostname=GLib.Variant("s", name))
