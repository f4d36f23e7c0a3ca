# SPDX-License-Identifier: LGPL-2.1-or-later
"""The C API of services on the bad days of a bus; tests/container has the good ones."""

import json
import threading

import pytest
from gi.repository import GLib

from fake_systemd1 import MANAGER, PATH, Systemd
from harness import eventually


class Manager(Systemd):
    """One whose answers to StartUnit are late, early, or none: unit.outcome says which."""

    job_mode = "replace"

    def _removed(self, job, name, result):
        self._emit(PATH, MANAGER, "JobRemoved",
                   GLib.Variant("(uoss)", (job, f"{PATH}/job/{job}", name, result)))

    def _SetUnitProperties(self, name, runtime, properties, invocation):
        self.calls.append(("SetUnitProperties", name, runtime, dict(properties)))
        return None if name in self.units else self._fail(invocation, name)

    def _StartUnit(self, name, mode, invocation):
        outcome = self.units[name].outcome if name in self.units else "active"
        if outcome == "early":
            self.calls.append(("StartUnit", name))
            self._removed(7, name, "done")
            return GLib.Variant("(o)", (f"{PATH}/job/7",))
        if outcome == "others":
            self.calls.append(("StartUnit", name))
            self._removed(6, name, "failed")
            invocation.return_value(GLib.Variant("(o)", (f"{PATH}/job/7",)))
            self._removed(8, name, "canceled")
            self._removed(9, "other.service", "failed")
            self._removed(7, name, "timeout")
            return invocation
        if outcome == "silent":
            self.calls.append(("StartUnit", name))
            return invocation
        return self._queue("StartUnit", name, mode, invocation)


@pytest.fixture
def systemd(bus):
    made = Manager(bus)
    yield made
    made.close()


def call(device, *words):
    """It has to end well, leaks and all, whatever becomes of the call."""
    done = device.run("tests/container/daemon-calls", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def error(device, *words):
    answer = call(device, *words)
    assert answer.get("text") or not answer, answer
    return answer.get("error")


@pytest.fixture(params=["blocking", "async"])
def how(request):
    return ["--async"] if request.param == "async" else []


def test_well(systemd, device, how):
    systemd.add("product.service", ActiveState="inactive", SubState="dead")
    assert call(device, *how, "start", "product") == {}
    assert systemd.calls == [("ResetFailedUnit", "product.service"), ("StartUnit", "product.service")]
    status = call(device, *how, "status", "product")
    assert status["active_state"] == "active" and status["main_pid"] == 0


def test_failed(systemd, device, how):
    systemd.add("product.service", ActiveState="inactive").outcome = "failed"
    answer = call(device, *how, "start", "product")
    assert (answer["error"], answer["code"]) == ("EIO", "exit-code")
    assert "exit status 3" in answer["text"]


def test_job_that_ends_before_it_is_known(systemd, device, how):
    systemd.add("product.service").outcome = "early"
    assert call(device, *how, "start", "product") == {}


def test_jobs_of_others(systemd, device, how):
    systemd.add("product.service").outcome = "others"
    answer = call(device, *how, "start", "product")
    assert (answer["error"], answer["code"]) == ("ETIMEDOUT", "timeout")


def test_refused(systemd, device, how):
    systemd.add("product.service").outcome = "refused"
    answer = call(device, *how, "start", "product")
    assert answer == {"error": "EACCES", "code": "org.freedesktop.DBus.Error.AccessDenied",
                      "text": "Interactive authentication required."}


@pytest.mark.parametrize("outcome", ["silent", "hang"])
def test_time_limit(systemd, device, outcome):
    systemd.add("product.service").outcome = outcome
    assert error(device, "--async=300", "start", "product") == "ETIMEDOUT"


@pytest.mark.parametrize("outcome", ["silent", "hang"])
def test_bus_lost_on_the_way(bus, systemd, device, how, outcome):
    systemd.add("product.service").outcome = outcome
    answers = []
    calling = threading.Thread(target=lambda: answers.append(error(device, *how, "start", "product")))
    calling.start()
    eventually(lambda: ("StartUnit", "product.service") in systemd.calls, what="the call")
    bus.stop()
    calling.join(20)
    bus.start()
    assert answers == ["ECONNRESET"]


def test_nobody_there(bus, device, how):
    for action in ("start", "status", "remove"):
        assert error(device, *how, action, "product") == "EHOSTDOWN"
    assert error(device, *how, "create", "product", '{"argv": ["/bin/true"]}') == "EHOSTDOWN"
    bus.stop()
    assert error(device, *how, "start", "product") == "EHOSTDOWN"
    bus.start()


def test_wrong_before_anything_is_asked(systemd, device, how):
    assert error(device, *how, "start", "no name") == "EINVAL"
    assert error(device, *how, "create", "product", '{"argv": ["true"]}') == "EINVAL"
    assert systemd.calls == []


UNLIMITED = (1 << 64) - 1


def test_other_limits(systemd, device, how):
    systemd.add("product.service")
    assert call(device, *how, "limits", "product", '{"memory_max": 67108864, "cpu_quota": 150, "tasks_max": 20}') == {}
    assert call(device, *how, "limits", "product", '{"cpu_quota": -1}') == {}
    # Only what is said; and for this boot: what is so at the next one, its file says.
    assert systemd.calls == [
        ("SetUnitProperties", "product.service", True,
         {"MemoryMax": 64 << 20, "CPUQuotaPerSecUSec": 1500000, "TasksMax": 20}),
        ("SetUnitProperties", "product.service", True, {"CPUQuotaPerSecUSec": UNLIMITED})]
    systemd.calls.clear()
    assert call(device, *how, "limits", "product", '{"memory_max": -1, "tasks_max": -1}') == {}
    assert systemd.calls[0][3] == {"MemoryMax": UNLIMITED, "TasksMax": UNLIMITED}


def test_limits_that_no_unit_can_have(systemd, device, how):
    systemd.add("product.service")
    for settings, code in (("{}", "limits"), ('{"memory_max": -2}', "MemoryMax"), ('{"cpu_quota": 100001}', "CPUQuota"),
                           ('{"memory_max": 1, "tasks_max": -2}', "TasksMax")):
        answer = call(device, *how, "limits", "product", settings)
        assert (answer["error"], answer["code"]) == ("EINVAL", code)
    assert systemd.calls == []
    assert error(device, *how, "limits", "no name", '{"memory_max": 1}') == "EINVAL"
    assert error(device, *how, "limits", "nowhere", '{"memory_max": 1}') == "ENOENT"
