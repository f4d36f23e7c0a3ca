# SPDX-License-Identifier: LGPL-2.1-or-later
"""A service manager for healthd to watch: units that only exist on the bus.

It tells what systemd 252 tells, in its order: of each change two PropertiesChanged, first of the unit's
type and then of the unit; JobRemoved after the change that the job made, and the end of the job after that.
"""

import fnmatch
import signal
import threading

from gi.repository import Gio, GLib

from bus_peer import OnBus

NAME = "org.freedesktop.systemd1"
PATH = "/org/freedesktop/systemd1"
MANAGER = NAME + ".Manager"
UNIT = NAME + ".Unit"
PROPERTIES = "org.freedesktop.DBus.Properties"

XML = """<node>
  <interface name="org.freedesktop.systemd1.Manager">
    <method name="Subscribe"/>
    <method name="RefUnit"><arg type="s" direction="in"/></method>
    <method name="ResetFailedUnit"><arg type="s" direction="in"/></method>
    <method name="RestartUnit">
      <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="o" direction="out"/>
    </method>
    <method name="StartUnit">
      <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="o" direction="out"/>
    </method>
    <method name="SetUnitProperties">
      <arg type="s" direction="in"/><arg type="b" direction="in"/><arg type="a(sv)" direction="in"/>
    </method>
    <method name="ListUnitsByNames">
      <arg type="as" direction="in"/><arg type="a(ssssssouso)" direction="out"/>
    </method>
    <method name="ListUnitsByPatterns">
      <arg type="as" direction="in"/><arg type="as" direction="in"/>
      <arg type="a(ssssssouso)" direction="out"/>
    </method>
  </interface>
</node>"""

# As sd_bus_path_encode() does it.
def encode(name):
    return "".join(c if c.isascii() and c.isalpha() or c.isdigit() and i else f"_{ord(c):02x}"
                   for i, c in enumerate(name))


SIGNATURES = {
    "Id": "s", "Names": "as", "LoadState": "s", "ActiveState": "s", "SubState": "s",
    "UnitFileState": "s", "TriggeredBy": "as", "Job": "(uo)", "ConditionResult": "b",
    "ConditionTimestampMonotonic": "t", "Conditions": "a(sbbsi)",
    "InactiveExitTimestampMonotonic": "t", "StateChangeTimestamp": "t", "ActiveEnterTimestamp": "t",
    "Type": "s", "Result": "s", "StatusText": "s", "NRestarts": "u", "ExecMainCode": "i",
    "ExecMainStatus": "i", "RestartPreventExitStatus": "(aiai)",
    # Something that healthd doesn't read.
    "Environment": "as",
    # What it is asked for, one by one.
    "MemoryCurrent": "t", "CPUUsageNSec": "t", "TasksCurrent": "t",
}
OF_SERVICE = {"Type", "Result", "StatusText", "NRestarts", "ExecMainCode", "ExecMainStatus",
              "RestartPreventExitStatus", "MemoryCurrent", "CPUUsageNSec", "TasksCurrent", "Environment"}
# Only in answers to questions: systemd invalidates it, or it never changes.
SILENT = {"RestartPreventExitStatus", "Conditions", "Id", "Names", "Type", "LoadState",
          "UnitFileState", "TriggeredBy", "MemoryCurrent", "CPUUsageNSec", "TasksCurrent"}
NO_JOB = (0, "/")


class Unit:
    """One unit. `outcome` is what a start leads to: active, failed, hang or refused."""

    def __init__(self, name, **properties):
        self.name = name
        self.path = f"{PATH}/unit/{encode(name)}"
        self.outcome = "active"
        self.exit_status = 3
        self.referenced = 0
        self.looked_at = 0  # how often its properties were asked for
        self.properties = {
            "Id": name, "Names": [name], "LoadState": "loaded", "ActiveState": "active",
            "SubState": "running", "UnitFileState": "enabled", "TriggeredBy": [], "Job": NO_JOB,
            "ConditionResult": True, "ConditionTimestampMonotonic": 1, "Conditions": [],
            "InactiveExitTimestampMonotonic": 1, "StateChangeTimestamp": 1_790_000_000_000_000,
            "ActiveEnterTimestamp": 1_790_000_000_000_000, "Type": "notify", "Result": "success",
            "StatusText": "", "NRestarts": 0, "ExecMainCode": 0, "ExecMainStatus": 0,
            "RestartPreventExitStatus": ([2, 77, 78], []), "MemoryCurrent": 1 << 20,
            "CPUUsageNSec": 2_000_000_000, "TasksCurrent": 3, "Environment": ["A=b"],
            **properties,
        }
        self.type = name.rpartition(".")[2].capitalize()

    def variants(self, names):
        return {name: GLib.Variant(SIGNATURES[name], self.properties[name]) for name in names}


class Systemd(OnBus):
    """The manager, on the test's bus."""

    NAME = NAME
    job_mode = "fail"

    def __init__(self, bus):
        self.units = {}
        self.calls = []  # (method, unit) of the calls that change something
        self.questions = []  # (property, unit) of those that were asked one by one
        self.subscribed = 0
        self.lists = 0
        self.refuses_lists = False
        self.silent = False  # what is asked one by one is never answered
        # Called with the unit's name before each job that starts it.
        self.on_start = lambda name: None
        self._job = 0
        self._lock = threading.RLock()
        super().__init__(bus)

    def _in_thread(self, function):
        """What is registered there is answered there."""
        done = threading.Event()
        result = []

        def call():
            result.append(function())
            done.set()
            return False

        source = GLib.idle_source_new()
        source.set_callback(lambda _: call())
        source.attach(self._context)
        assert done.wait(10)
        return result[0]

    def connect(self):
        self._in_thread(super().connect)

    def _register(self, connection):
        for interface in Gio.DBusNodeInfo.new_for_xml(XML).interfaces:
            connection.register_object(PATH, interface, self._on_call, None, None)

    # GetAll("") is of no interface that could be registered.
    def _filter(self, connection, message, incoming):
        member = message.get_member()
        if (not incoming or member not in ("GetAll", "Get")
                or message.get_interface() != PROPERTIES):
            return message
        with self._lock:
            unit = next((u for u in self.units.values() if u.path == message.get_path()), None)
            if unit and member == "Get":
                interface, name = message.get_body().unpack()
                assert interface == f"{NAME}.{unit.type}", interface
                self.questions.append((name, unit.name))
                if self.silent:
                    return None
                reply = message.new_method_reply()
                reply.set_body(GLib.Variant("(v)", (unit.variants([name])[name],)))
            elif unit:
                unit.looked_at += 1
                reply = message.new_method_reply()
                reply.set_body(GLib.Variant("(a{sv})", (unit.variants(unit.properties),)))
            else:
                reply = message.new_method_error_literal(
                    "org.freedesktop.DBus.Error.UnknownObject", "no such unit")
            # Under the lock: no change overtakes it.
            connection.send_message(reply, Gio.DBusSendMessageFlags.NONE)
        return None

    def _on_call(self, _connection, _sender, _path, _interface, method, parameters, invocation):
        with self._lock:
            answer = getattr(self, "_" + method)(*parameters.unpack(), invocation=invocation)
            # Under the lock as well.
            if answer is not invocation:
                invocation.return_value(answer)

    def _emit(self, path, interface, name, body):
        self._connection.emit_signal(None, path, interface, name, body)

    def _Subscribe(self, invocation):
        self.subscribed += 1

    def _fail(self, invocation, name):
        invocation.return_dbus_error(NAME + ".NoSuchUnit", f"Unit {name} not loaded.")
        return invocation

    def _RefUnit(self, name, invocation):
        if name not in self.units:
            return self._fail(invocation, name)
        self.units[name].referenced += 1
        return None

    def _row(self, name):
        unit = self.units.get(name)
        if not unit:
            # To answer it is loaded, and unloaded again.
            for signal_name in ("UnitNew", "UnitRemoved"):
                self._emit(PATH, MANAGER, signal_name,
                           GLib.Variant("(so)", (name, f"{PATH}/unit/{encode(name)}")))
        if not unit or unit.properties["LoadState"] != "loaded":
            state = unit.properties["LoadState"] if unit else "not-found"
            return (name, name, state, "inactive", "dead", "", f"{PATH}/unit/{encode(name)}",
                    0, "", "/")
        p = unit.properties
        return (p["Id"], p["Id"], "loaded", p["ActiveState"], p["SubState"], "", unit.path,
                p["Job"][0], "start" if p["Job"][0] else "", p["Job"][1])

    def _ListUnitsByNames(self, names, invocation):
        self.lists += 1
        if self.refuses_lists:
            invocation.return_dbus_error("org.freedesktop.DBus.Error.LimitsExceeded", "Not now.")
            return invocation
        return GLib.Variant("(a(ssssssouso))", ([self._row(name) for name in names],))

    def _ListUnitsByPatterns(self, _states, patterns, invocation):
        names = [n for n in self.units if any(fnmatch.fnmatch(n, p) for p in patterns)]
        return GLib.Variant("(a(ssssssouso))", ([self._row(name) for name in names],))

    def _ResetFailedUnit(self, name, invocation):
        self.calls.append(("ResetFailedUnit", name))
        if name not in self.units:
            return self._fail(invocation, name)
        unit = self.units[name]
        state = {"ActiveState": "inactive", "SubState": "dead"}
        self.change(name, Result="success", NRestarts=0,
                    **(state if unit.properties["ActiveState"] == "failed" else {}))
        return None

    def _RestartUnit(self, name, mode, invocation):
        return self._queue("RestartUnit", name, mode, invocation)

    def _StartUnit(self, name, mode, invocation):
        return self._queue("StartUnit", name, mode, invocation)

    def _queue(self, method, name, mode, invocation):
        self.calls.append((method, name))
        # A reboot takes away what is queued; nothing else does.
        assert mode == ("replace-irreversibly" if name == "reboot.target" else self.job_mode), mode
        if name not in self.units:
            return self._fail(invocation, name)
        unit = self.units[name]
        if unit.outcome == "refused":
            invocation.return_dbus_error(
                "org.freedesktop.DBus.Error.AccessDenied", "Interactive authentication required.")
            return invocation
        self._start(unit, self._begin_job(unit), invocation)
        return invocation

    def _begin_job(self, unit):
        self._job += 1
        job = (self._job, f"{PATH}/job/{self._job}")
        self.change(unit.name, Job=job)
        return job

    def _end_job(self, unit, job, result="done"):
        self._emit(PATH, MANAGER, "JobRemoved",
                   GLib.Variant("(uoss)", (job[0], job[1], unit.name, result)))
        self.change(unit.name, Job=NO_JOB)

    def _start(self, unit, job, invocation=None):
        self.on_start(unit.name)
        # Who hears of the answer may have other plans for the next start.
        outcome = unit.outcome
        if invocation:
            invocation.return_value(GLib.Variant("(o)", (job[1],)))
        self.change(unit.name, ActiveState="activating", SubState="start", Result="success",
                    ExecMainCode=0, ExecMainStatus=0)
        if outcome == "active":
            self.change(unit.name, ActiveState="active", SubState="running",
                        ActiveEnterTimestamp=unit.properties["ActiveEnterTimestamp"] + 1_000_000)
            self._end_job(unit, job)
        elif outcome == "failed":
            self.change(unit.name, ActiveState="failed", SubState="failed", Result="exit-code",
                        ExecMainCode=1, ExecMainStatus=unit.exit_status)
            self._end_job(unit, job, "failed")

    # What a test does to it.

    def add(self, name, **properties):
        with self._lock:
            self.units[name] = Unit(name, **properties)
            self._emit(PATH, MANAGER, "UnitNew",
                       GLib.Variant("(so)", (name, self.units[name].path)))
            return self.units[name]

    def change(self, name, **properties):
        """Sets properties and tells, whether they are different or not."""
        with self._lock:
            unit = self.units[name]
            unit.properties.update(properties)
            told = unit.properties.keys() - SILENT
            for interface, names in ((f"{NAME}.{unit.type}", told & OF_SERVICE),
                                     (UNIT, told - OF_SERVICE)):
                self._emit(unit.path, PROPERTIES, "PropertiesChanged", GLib.Variant(
                    "(sa{sv}as)", (interface, unit.variants(names), ["Conditions"])))

    def kill(self, name, number=signal.SIGKILL, restarts=True):
        """The process dies; with `restarts` systemd's Restart= begins to bring it back."""
        with self._lock:
            self.change(name, ActiveState="failed", SubState="failed", Result="signal",
                        ExecMainCode=2, ExecMainStatus=int(number))
            if restarts:
                # In the same breath: nobody who asks ever hears of the state before.
                self.change(name, ActiveState="activating", SubState="auto-restart")

    def auto_restart(self, name):
        """RestartSec= is over."""
        with self._lock:
            unit = self.units[name]
            job = self._begin_job(unit)
            self.change(name, NRestarts=unit.properties["NRestarts"] + 1)
            self._start(unit, job)

    def start(self, name):
        with self._lock:
            self._start(self.units[name], self._begin_job(self.units[name]))

    def stop(self, name):
        """As `systemctl stop` does."""
        with self._lock:
            unit = self.units[name]
            job = self._begin_job(unit)
            self.change(name, ActiveState="deactivating", SubState="stop-sigterm")
            self.change(name, ActiveState="inactive", SubState="dead")
            self._end_job(unit, job)

    def remove_foreign_job(self, name):
        """`systemctl try-restart` of an idle unit: a job that is not the unit's own."""
        self._job += 1
        self._emit(PATH, MANAGER, "JobRemoved", GLib.Variant(
            "(uoss)", (self._job, f"{PATH}/job/{self._job}", name, "done")))

    def reload(self):
        """As `systemctl daemon-reload` does. It forgets which condition has failed."""
        with self._lock:
            for unit in self.units.values():
                unit.properties["Conditions"] = [
                    (*condition[:4], 0) for condition in unit.properties["Conditions"]]
        for active in (True, False):
            self._emit(PATH, MANAGER, "Reloading", GLib.Variant("(b)", (active,)))

    def restarts_of(self, name):
        return self.calls.count(("RestartUnit", name))
