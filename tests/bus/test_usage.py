# SPDX-License-Identifier: LGPL-2.1-or-later
"""What services use: asked for by somebody, or at intervals where there are limits."""

import time

import pytest

from fake_systemd1 import Systemd
from harness import eventually

USAGE = "7b4f0e52c19d4d0a9f36d1c85a2e7412"
UNIT = "product.service"
MIB = 1 << 20
UNKNOWN = 2 ** 64 - 1


@pytest.fixture
def systemd(bus, device):
    device.path("/run/unbox/healthd").mkdir()
    device.path("/var/lib/unbox").mkdir(parents=True, exist_ok=True)
    made = Systemd(bus)
    made.add(UNIT)
    made.add("webserver.socket", SubState="listening", MemoryCurrent=UNKNOWN)
    made.add("webserver.service", ActiveState="inactive", SubState="dead", UnitFileState="static",
             TriggeredBy=["webserver.socket"])
    yield made
    made.close()


def start(device, limits=""):
    device.configure("health:\n  check_interval_seconds: 1\n  units: [product]\n"
                     + (f"  services: [{{unit: product, {limits}}}]\n" if limits else ""))
    device.start("healthd")
    return device.connect("healthd")


def messages(device):
    return [e["MESSAGE"] for e in device.journal.find(MESSAGE_ID=USAGE, UNBOX_UNIT=UNIT)]


def test_get_metrics(systemd, device):
    peer = start(device)
    answer = peer.call("get_metrics")
    assert answer["units"] == {
        "product": {"restarts": 0, "memory_bytes": MIB, "tasks": 3, "cpu_seconds": 2.0},
        "webserver.socket": {"restarts": 0, "tasks": 3, "cpu_seconds": 2.0},
        "webserver": {"restarts": 0}}
    about = answer["device"]
    assert about["uptime_seconds"] > 0 and about["processors"] >= 1 and len(about["load"]) == 3
    assert 0 < about["memory"]["available_bytes"] <= about["memory"]["total_bytes"]
    assert 0 <= about["disk"]["available_bytes"] <= about["disk"]["total_bytes"]
    assert "temperature" in about

    time.sleep(1.1)
    systemd.change(UNIT, CPUUsageNSec=2_500_000_000)
    product = peer.call("get_metrics")["units"]["product"]
    assert 10 < product["cpu_percent"] < 50
    peer.close()


def test_nobody_asks_without_a_limit(systemd, device):
    peer = start(device)
    time.sleep(2.5)
    assert systemd.questions == []
    peer.close()


def test_memory_over_and_below(systemd, device):
    peer = start(device, "memory_mib: 200")
    eventually(lambda: len(systemd.questions) >= 3)
    assert {unit for _, unit in systemd.questions} == {UNIT}
    assert messages(device) == []
    systemd.change(UNIT, MemoryCurrent=210 * MIB)
    eventually(lambda: messages(device)
               == ["product uses 210 MiB of memory, where 200 are worth a warning"])
    assert peer.call("get_metrics")["units"]["product"]["over"] == ["memory"]
    # Near the limit it isn't told of again and again.
    for used in (190, 205, 181):
        asked = len(systemd.questions)
        systemd.change(UNIT, MemoryCurrent=used * MIB)
        eventually(lambda: len(systemd.questions) > asked + 5)
    assert len(messages(device)) == 1
    systemd.change(UNIT, MemoryCurrent=170 * MIB)
    eventually(lambda: messages(device)[1:] == ["product uses less memory again"])
    assert [e["event"] for e in peer.call("get_status")["events"]] == ["warning", "eased"]
    assert systemd.calls == []
    peer.close()


def test_processor_and_tasks(systemd, device):
    peer = start(device, "cpu_percent: 150, tasks: 40")
    systemd.change(UNIT, TasksCurrent=40)
    eventually(lambda: messages(device) == [
        "product uses 40 tasks, where 40 are worth a warning"])
    begin = time.monotonic()
    used = 2_000_000_000

    def burn():
        # Two processors' worth.
        systemd.change(UNIT, CPUUsageNSec=used + int((time.monotonic() - begin) * 2e9))
        return len(messages(device)) == 2
    eventually(burn)
    assert " % of a processor, where 150 are worth a warning" in messages(device)[1]
    peer.close()


def test_another_configuration(systemd, device):
    device.configure("health: {check_interval_seconds: 1, units: [product]}\n")
    daemon = device.start("healthd")
    device.configure("health: {check_interval_seconds: 1, services: [{unit: product, tasks: 2}]}\n")
    daemon.reload()
    eventually(lambda: len(messages(device)) == 1)
    device.configure("health: {check_interval_seconds: 1, services: [{unit: product}]}\n")
    daemon.reload()
    time.sleep(0.5)
    asked = len(systemd.questions)
    time.sleep(2)
    assert len(systemd.questions) == asked


def test_many_ask_at_once_and_the_bus_goes(bus, systemd, device):
    peer = start(device)
    others = [device.connect("healthd") for _ in range(20)]
    for other in others:
        other.send(b'{"id":1,"method":"get_metrics"}\n')
    for other in others:
        assert other.receive()["result"]["units"]["product"]["memory_bytes"] == MIB
    bus.stop()
    for other in others:
        other.send(b'{"id":1,"method":"get_metrics"}\n')
        # What is known is old, but the device's numbers are not.
        assert other.receive()["result"]["device"]["uptime_seconds"] > 0
        other.close()
    bus.start()
    systemd.connect()
    peer.close()


def test_ended_while_it_asks(systemd, device):
    peer = start(device)
    systemd.silent = True
    peer.send(b'{"id":1,"method":"get_metrics"}\n')
    eventually(lambda: systemd.questions)
    # Without a leak, which the sanitizer would tell by the exit code.
    assert device.daemon("healthd").stop() == 0
    assert peer.receive()["result"]["device"]["uptime_seconds"] > 0
    peer.close()
