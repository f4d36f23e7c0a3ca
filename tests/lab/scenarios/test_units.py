# SPDX-License-Identifier: LGPL-2.1-or-later
"""The units as shipped: systemd has no complaint, and their sandboxes are as tight as promised."""

import json

import pytest

UNITS = ["identclient.service", "user-network.service", "webserver.socket", "webserver.service",
         "healthd.service", "factory-reset.service", "factory-reset-apply.service",
         "unbox-firewall.service", "unbox-eth0.service", "unbox.target"]
# The webserver is what strangers reach.
HIGHEST = {"webserver.service": 0.5}


def test_systemd_has_no_complaint(first_time):
    for unit in UNITS:
        result = first_time.machine.run(f"systemd-analyze verify {unit}", 90, check=False)
        assert result.code == 0 and result.stdout + result.stderr == "", (unit, result)


def test_nothing_has_failed(first_time):
    failed = first_time.machine.out("systemctl --failed --plain --no-legend")
    assert failed == ""


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.endswith(".service")])
def test_the_sandbox_is_tight(first_time, unit, record_property):
    rows = json.loads(first_time.machine.out(
        f"systemd-analyze security --no-pager --json=short {unit}", 60))
    exposure = first_time.machine.out(
        f"systemd-analyze security --no-pager {unit} | tail -1", 60)
    score = float(exposure.split(":")[1].split()[0])
    print(f"{unit}: {score}, open: "
          + ", ".join(row["name"] for row in rows if row.get("set") is False))
    record_property("exposure", score)
    assert score <= HIGHEST.get(unit, 2.0)
