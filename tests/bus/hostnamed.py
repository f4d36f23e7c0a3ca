# SPDX-License-Identifier: LGPL-2.1-or-later
"""A peer that speaks as systemd-hostnamed does, as far as an enrolment hears of it."""

from gi.repository import GLib

from bus_peer import NOTHING, BusPeer, Refusal


class Hostnamed(BusPeer):
    """`refuses` answers with an error, `forgets` with success and no effect."""

    NAME = "org.freedesktop.hostname1"

    def __init__(self, bus):
        self.names = {"Hostname": "localhost", "StaticHostname": ""}
        self.refuses = False
        self.forgets = False
        super().__init__(bus)

    def answer(self, member, path, arguments, sender):
        if member == "GetAll":
            names = {name: GLib.Variant("s", value) for name, value in self.names.items()}
            return GLib.Variant("(a{sv})", (names,))
        if self.refuses:
            return Refusal("org.freedesktop.DBus.Error.AccessDenied", "Permission denied")
        if not self.forgets:
            self.names[member.removeprefix("Set")] = arguments[0]
        return NOTHING
