# SPDX-License-Identifier: LGPL-2.1-or-later
"""/metrics: what Prometheus reads, and that it never waits for long."""

import re
import time

import pytest

import peers
from web import Client, Web

USAGE = {
    "device": {"uptime_seconds": 3600, "load": [0.25, 0.1, 0.05], "processors": 4,
               "memory": {"total_bytes": 1 << 30, "available_bytes": 1 << 29},
               "disk": {"path": "/var/lib", "total_bytes": 10, "available_bytes": 5}, "temperature": 47.5},
    "units": {"user-network": {"restarts": 2, "memory_bytes": 4096, "tasks": 1, "cpu_seconds": 1.5},
              'odd"\\name\n': {"restarts": 0}},
}
HEALTH = {"user-network": "active", "product": "failed"}
SAMPLE = re.compile(r'^([a-z_][a-z0-9_]*)(\{(?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)+\})? (-?[0-9.e+]+)$')


@pytest.fixture
def web(device):
    made = Web(device)
    made.allow_script()
    made.start()
    yield made
    made.listener.close()


def read(web):
    """Name and labels → value; every line has to be one of the format."""
    status, headers, text = web.ask("GET", "/metrics")
    assert status == 200
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples, typed = {}, set()
    for line in text.decode().splitlines():
        if line.startswith("# TYPE "):
            typed.add(line.split()[2])
        elif not line.startswith("# HELP "):
            name, labels, value = SAMPLE.match(line).groups()
            assert name in typed and name + (labels or "") not in samples
            samples[name + (labels or "")] = float(value)
    return samples


def test_numbers(web, serve):
    serve("healthd", {"get_metrics": USAGE, "get_health": HEALTH})
    samples = read(web)
    assert samples["unbox_healthd_up"] == 1
    assert samples["unbox_uptime_seconds"] == 3600
    assert samples["unbox_load1"] == 0.25
    assert samples["unbox_memory_available_bytes"] == 1 << 29
    assert samples["unbox_temperature_celsius"] == 47.5
    assert samples['unbox_service_restarts_total{service="user-network"}'] == 2
    assert samples['unbox_service_cpu_seconds_total{service="user-network"}'] == 1.5
    assert samples['unbox_service_restarts_total{service="odd\\"\\\\name\\n"}'] == 0
    assert 'unbox_service_memory_bytes{service="odd\\"\\\\name\\n"}' not in samples
    assert samples['unbox_service_state{service="product",state="failed"}'] == 1
    assert samples["unbox_web_connections"] >= 1 and samples["unbox_web_event_streams"] == 0


def test_asked_often_healthd_is_asked_once(web, serve):
    health = serve("healthd", {"get_metrics": USAGE, "get_health": HEALTH})
    for _ in range(20):
        assert read(web)["unbox_healthd_up"] == 1
    assert 1 <= len(health.called("get_metrics")) <= 3


def test_without_healthd(web):
    samples = read(web)
    assert samples["unbox_healthd_up"] == 0
    assert not any(name.startswith("unbox_service") or name == "unbox_metrics_age_seconds" for name in samples)


@pytest.mark.parametrize("kind, answers", [
    (peers.SilentPeer, {}), (peers.GarbledPeer, {}), (peers.FakePeer, {"get_metrics": {"device": [], "units": 7}})],
    ids=["silent", "garbled", "nonsense"])
def test_healthd_that_is_not_well(web, serve, kind, answers):
    serve("healthd", answers, kind)
    begun = time.monotonic()
    assert read(web)["unbox_healthd_up"] == 0
    # Its own limit is 0.3 s; the machine may have other things to do.
    assert time.monotonic() - begun < 5


def test_who_may_read_it(web):
    status, headers, problem = Client(web.port).ask("GET", "/metrics")
    assert (status, problem["code"]) == (401, "not_logged_in")
    assert headers["WWW-Authenticate"] == "Bearer"
