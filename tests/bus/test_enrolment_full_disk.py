# SPDX-License-Identifier: LGPL-2.1-or-later
"""The disk is full, or becomes full at any point of an enrolment, on either side of it. It is said, nobody gets half an
identity, and with room again it goes on by itself to one active certificate and one hostname."""

import os
import shutil
import subprocess

import pytest

import factory
from enrolling import assert_tries_again, enrols
from factory import bench  # noqa: F401  pylint: disable=unused-import

PAGE = 4096


@pytest.fixture
def small_disk(root):
    """Makes the folder of somebody whose /var/lib is as small as that."""
    mounted = []

    def make(kilobytes):
        disk = root / "small/var/lib"
        disk.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", disk], check=True)
        mounted.append(disk)
        return root / "small"

    yield make
    for disk in mounted:
        subprocess.run(["umount", disk], check=True)


def fill(folder, left=0):
    """Takes all room but for so many pages; returns what to remove for it to be there again."""
    filler = folder / "var/lib/filler"
    with open(filler, "wb", 0) as file, pytest.raises(OSError):
        while True:
            file.write(bytes(PAGE))
    os.truncate(filler, filler.stat().st_size - left * PAGE)
    return filler


def assert_one_identity(bench, serial):
    assert bench.states(serial).count("active") == 1 and "pending" not in bench.states(serial)


def assert_no_hostname_lost_or_given_twice(bench, devices):
    assert bench.rows("SELECT count(*), count(DISTINCT hostname) FROM devices") == [(devices, devices)]
    assert bench.rows("SELECT count(*) FROM hostnames") == [(devices,)]


def test_of_the_device_from_the_start(bus, bench, hostnamed, small_disk):
    folder = small_disk(512)
    client = factory.Client(folder, bus.address)
    client.configure(bench.port, bench.folder / "ca.pem")
    filler = fill(folder)
    assert_tries_again(client, "No space left on device")
    filler.unlink()
    enrols(client, hostnamed)
    assert client.check() == 0
    client.close()


def test_of_the_device_at_any_point(bus, bench, hostnamed, small_disk):
    folder = small_disk(512)
    client = factory.Client(folder, bus.address)
    left, code = 0, 1
    while code == 1:
        client.serial = f"FULL-{left}"
        client.configure(bench.port, bench.folder / "ca.pem")
        filler = fill(folder, left)
        code = client.run()
        assert code in (0, 1), client.device.log()
        if code == 1:
            assert "No space left on device" in client.status
            assert not client.provisioned and bench.states(client.serial) in ([], ["pending"], ["active"])
        filler.unlink()
        assert client.run() == 0, client.device.log()
        assert client.provisioned and client.check() == 0, client.device.log()
        assert_one_identity(bench, client.serial)
        shutil.rmtree(client.identity)
        client.identity.mkdir(mode=0o750)
        left += 1
    assert left > 4, "an enrolment writes more files than that"
    assert_no_hostname_lost_or_given_twice(bench, left)
    client.close()


def test_of_the_bench_from_the_start(root, bus, hostnamed, small_disk):
    folder = small_disk(512)
    bench = factory.Bench(folder)
    bench.start()
    client = factory.Client(root / "device", bus.address)
    client.configure(bench.port, bench.folder / "ca.pem")
    filler = fill(folder)
    assert_tries_again(client, "is not ready: the bench's database: No space left on device (503)")
    filler.unlink()
    enrols(client, hostnamed)
    assert bench.states(client.serial) == ["active"]
    client.close()
    bench.close()


def goes_on(device):
    """Whether the bench did all that the device asked for; what it can't do is a 503."""
    try:
        status, answer = device.enroll()
    except AssertionError:  # of the challenge
        return False
    if status != 503:
        assert status == 201, answer
        status, answer = device.acknowledge(answer)
        assert status in (204, 503), answer
    return status == 204


def test_of_the_bench_at_any_point(small_disk):
    folder = small_disk(8192)
    bench = factory.Bench(folder)
    bench.start()
    left, done = 0, False
    while not done:
        device = factory.Scripted(bench, f"FULL-{left}")
        filler = fill(folder, left)
        done = goes_on(device)
        assert bench.server.running
        filler.unlink()
        if not done:
            device.enrolled()
        assert_one_identity(bench, device.serial)
        device.hang_up()
        left += 1
    assert left > 4, "an enrolment changes more pages than that"
    assert_no_hostname_lost_or_given_twice(bench, left)
    assert bench.tool("--check") == 0
    bench.close()
