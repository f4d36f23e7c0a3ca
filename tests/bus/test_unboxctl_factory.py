# SPDX-License-Identifier: LGPL-2.1-or-later
"""unboxctl for the bench's operator, at a real identserver with devices that the test plays."""

import csv
import io
import json

import pytest

import factory
import harness
from factory import bench  # pylint: disable=unused-import


@pytest.fixture
def ctl(bench):
    def run(*arguments):
        return bench.host.run("healthd/unboxctl", "factory", *arguments)
    return run


def test_batches_and_devices(bench, ctl):
    for serial in ("78", "79"):
        factory.Scripted(bench, serial).enrolled()
    assert factory.Scripted(bench, "80").enroll()[0] == 201
    shown = ctl("batches")
    assert shown.returncode == 0 and shown.stderr == ""
    assert shown.stdout.splitlines()[1].split() == ["default", "open", "2", "3", "1000", "unbox", "any"]
    assert json.loads(ctl("batches", "--json").stdout)["batches"][0]["done"] == 2

    rows = [line.split() for line in ctl("devices").stdout.splitlines()[1:]]
    assert [row[:4] for row in rows] == [["78", "unbox-001", "default", "active"],
                                         ["79", "unbox-002", "default", "active"],
                                         ["80", "unbox-003", "default", "pending"]]
    assert rows[0][4].endswith("Z") and len(rows[2]) == 4
    assert ctl("devices", "other").stdout.splitlines()[1:] == []
    assert [d["serial"] for d in json.loads(ctl("devices", "default", "--json").stdout)] == ["78", "79", "80"]

    exported = list(csv.DictReader(io.StringIO(ctl("export").stdout)))
    assert [row["hostname"] for row in exported] == ["unbox-001", "unbox-002", "unbox-003"]


def test_more_devices_than_fit_into_one_answer(bench, ctl):
    bench.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 700)"
                  " INSERT INTO devices (serial, uuid, hostname, batch, product, hw_rev, macs, first_seen_at)"
                  " SELECT printf('S%04d', i), printf('u%d', i), printf('h%d', i), 'default', 'p', '1', '', 1 FROM n")
    devices = json.loads(ctl("devices", "--json").stdout)
    assert [d["serial"] for d in devices] == [f"S{i:04}" for i in range(1, 701)]
    exported = list(csv.DictReader(io.StringIO(ctl("export").stdout)))
    assert [row["serial"] for row in exported] == [f"S{i:04}" for i in range(1, 701)]


def test_a_closed_batch_and_why_a_device_was_refused(bench, ctl):
    assert ctl("close", "default").stdout == "Batch default is closed.\n"
    assert factory.Scripted(bench, "78").enroll()[0] == 403
    shown = ctl("failures")
    assert shown.returncode == 0 and "batch_closed" in shown.stdout and " 78 " in shown.stdout
    assert ctl("open", "default").returncode == 0
    assert factory.Scripted(bench, "78").enroll()[0] == 201
    unknown = ctl("open", "nobodys")
    assert unknown.returncode != 0 and "nobodys" in unknown.stderr


def test_a_token_is_all_that_stands_there_and_serves(bench, ctl):
    device = factory.Scripted(bench, "78")
    device.enrolled()
    made = ctl("token", "78", "key unreadable")
    assert made.returncode == 0 and len(made.stdout.split()) == 1 and "good for a week" in made.stderr
    device.begin_anew()
    status, answer = device.reassign(token=made.stdout.strip())
    assert status == 201 and device.acknowledge(answer)[0] == 204
    assert bench.states("78") == ["active", "revoked"]


def test_a_hostname_is_retired_only_when_it_is_meant(bench, ctl):
    factory.Scripted(bench, "78").enrolled()
    asked = ctl("retire", "unbox-001")
    assert asked.returncode == 2 and "--yes" in asked.stderr
    assert bench.states("78") == ["active"]
    assert ctl("retire", "unbox-001", "--yes").returncode == 0
    assert bench.states("78") == ["revoked"]


def test_where_there_is_no_bench(root):
    device = harness.Device(root / "device")
    asked = device.run("healthd/unboxctl", "factory", "batches")
    assert asked.returncode == 1 and "identserver isn't running" in asked.stderr
    device.close()
