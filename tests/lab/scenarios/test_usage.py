# SPDX-License-Identifier: LGPL-2.1-or-later
"""What services use, as systemd counts it: needs the unified cgroup hierarchy, as a device has it."""

import pytest

from lab import wait

HUNGRY = """[Service]
ExecStart=/bin/sh -c 'while :; do :; done & sleep infinity & wait'
"""


def warnings(lab):
    events = lab.device.ask_or_none("healthd", "get_status").get("events", [])
    return [e["event"] for e in events if e["service"] == "product-hungry"].count("warning")


@pytest.mark.long
def test_what_services_use(first_time):
    """Of a service that uses too much of everything."""
    first_time.machine.write("/run/systemd/system/product-hungry.service", HUNGRY)
    first_time.machine.write("/etc/unbox/config.yaml.d/60-limits.yaml", "health:\n"
                             "  check_interval_seconds: 1\n"
                             "  services: [{unit: product-hungry, cpu_percent: 5, tasks: 3}]")
    first_time.machine.run("systemctl daemon-reload; systemctl start product-hungry; "
                           "systemctl reload healthd")
    wait.until(lambda: warnings(first_time) == 2, 60, "both warnings")
    numbers = first_time.device.ask("healthd", "get_metrics")["result"]
    hungry = numbers["units"]["product-hungry"]
    assert hungry["tasks"] == 3 and hungry["cpu_percent"] > 5 and hungry["cpu_seconds"] > 0
    assert 0 < hungry["memory_bytes"] < 1 << 26
    assert numbers["device"]["memory"]["available_bytes"] > 0
    assert numbers["device"]["disk"]["total_bytes"] > 0
    assert first_time.device.show("healthd.service", "Result") == "success"
