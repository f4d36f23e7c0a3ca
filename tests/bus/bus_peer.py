# SPDX-License-Identifier: LGPL-2.1-or-later
"""A peer on the test's bus, made of what it is asked for: properties and methods of some objects."""

import threading

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # pylint: disable=wrong-import-position


class BusPeer:
    """Owns `name` until stop(). `objects` maps a path to the XML of its interface; `answers` maps a
    property or a method to a GLib.Variant, an Exception with (name, message), or None: no answer at all."""

    def __init__(self, address, name, objects, answers):
        self.answers = dict(answers)
        self._address = address
        self._name = name
        self._objects = objects
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
        for path, xml in self._objects:
            for interface in Gio.DBusNodeInfo.new_for_xml(f"<node>{xml}</node>").interfaces:
                # Properties are answered as calls, for those can fail.
                connection.register_object(path, interface, self._on_call, None, None)
        connection.add_filter(self._filter)
        Gio.bus_own_name_on_connection(
            connection, self._name, Gio.BusNameOwnerFlags.NONE, lambda *_: self._ready.set(), None)
        self._loop.run()
        if not connection.is_closed():
            connection.close_sync(None)

    def _filter(self, connection, message, incoming):
        if not incoming or message.get_member() != "Get":
            return message
        answer = self.answers.get(message.get_body().unpack()[1])
        if isinstance(answer, Exception):
            reply = message.new_method_error_literal(*answer.args)
        elif answer is None:
            return None
        else:
            reply = message.new_method_reply()
            reply.set_body(GLib.Variant("(v)", (answer,)))
        connection.send_message(reply, Gio.DBusSendMessageFlags.NONE)
        return None

    def _on_call(self, _connection, _sender, _path, _interface, method, _parameters, invocation):
        answer = self.answers.get(method)
        if isinstance(answer, Exception):
            invocation.return_dbus_error(*answer.args)
        elif answer is not None:
            invocation.return_value(answer)

    def stop(self):
        self._loop.quit()
        self._thread.join(10)
