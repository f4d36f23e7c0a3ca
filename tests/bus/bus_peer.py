# SPDX-License-Identifier: LGPL-2.1-or-later
"""Somebody else on the test's system bus, who answers calls as the test wants."""

import threading

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # pylint: disable=wrong-import-position

NOTHING = GLib.Variant("()", ())


class Refusal(Exception):
    """A D-Bus error: its name, and its text."""


class BusPeer:
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


class Answers(BusPeer):
    """Answers what it was told: `answers` maps a property or a method to a GLib.Variant, a Refusal, or None."""

    def __init__(self, bus, name, answers):
        self.NAME = name
        self.answers = dict(answers)
        super().__init__(bus)

    def answer(self, member, path, arguments, sender):
        if member != "Get":
            return self.answers.get(member)
        value = self.answers.get(arguments[1])
        return GLib.Variant("(v)", (value,)) if isinstance(value, GLib.Variant) else value
