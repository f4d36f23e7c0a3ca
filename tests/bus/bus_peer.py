# SPDX-License-Identifier: LGPL-2.1-or-later
"""Somebody else on the test's system bus, who answers calls as the test wants."""

import threading

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # pylint: disable=wrong-import-position

NOTHING = GLib.Variant("()", ())


class Refusal(Exception):
    """A D-Bus error: its name, and its text."""


class OnBus:
    """Has the name NAME on the test's bus; what comes in there is first seen by _filter(), in a thread of its own."""

    NAME = None

    def __init__(self, bus):
        self._bus = bus
        self._context = GLib.MainContext()
        self._loop = GLib.MainLoop(self._context)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
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
        self._register(self._connection)
        self._connection.add_filter(self._filter)
        self._connection.call_sync(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
            GLib.Variant("(su)", (self.NAME, 0)), None, Gio.DBusCallFlags.NONE, 5000, None)

    def _register(self, connection):
        """Objects that have to be there before the name is."""

    def _filter(self, connection, message, incoming):
        raise NotImplementedError

    def disconnect(self):
        self._connection.close_sync(None)

    def close(self):
        if not self._connection.is_closed():
            self.disconnect()
        self._loop.quit()
        self._thread.join(10)


class BusPeer(OnBus):
    """What answers `(member, path, arguments, sender)` is answer(): a GLib.Variant, a Refusal, or None for nobody who
    ever answers."""

    def __init__(self, bus):
        # Held from a question's answer until it is sent: no change that is told meanwhile overtakes what was true before.
        self._lock = threading.RLock()
        self.calls = []
        self.unanswered = []  # messages
        super().__init__(bus)

    def _filter(self, connection, message, incoming):
        if not incoming or message.get_message_type() != Gio.DBusMessageType.METHOD_CALL:
            return message
        body = message.get_body()
        arguments = body.unpack() if body else ()
        call = (message.get_member(), message.get_path(), arguments)
        self.calls.append(call)
        with self._lock:
            answer = self.answer(*call, message.get_sender())
            if answer is None:
                self.unanswered.append(message)
            else:
                self.reply(message, answer)
        return None

    def reply(self, message, answer):
        if isinstance(answer, Refusal):
            reply = message.new_method_error_literal(*answer.args)
        else:
            reply = message.new_method_reply()
            reply.set_body(answer)
        self._connection.send_message(reply, Gio.DBusSendMessageFlags.NONE)

    def answer(self, member, path, arguments, sender):
        raise NotImplementedError

    def emit(self, path, interface, signal, body):
        self._connection.emit_signal(None, path, interface, signal, body)

    def emit_changed(self, path, interface, **properties):
        """PropertiesChanged, of properties as GLib.Variant."""
        self.emit(path, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                  GLib.Variant("(sa{sv}as)", (interface, properties, [])))

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
