# SPDX-License-Identifier: LGPL-2.1-or-later
"""The factory: a device that nobody has ever switched on comes to the bench."""

from lab import wait
from lab.device import STATE

IDENTITY = f"{STATE}/identity/current"


def test_the_first_boot_on_a_working_bench_gives_an_identity(blank):
    lab = blank("lab.wire=plugged lab.server=on")
    device = lab.device

    wait.until(device.provisioned, 180, "the enrolment", interval=1)
    lab.machine.wait_for_boot()

    # The hostname is the one that the bench has in its books, and it lasts.
    name = device.hostname()
    assert name != "unbox-unnamed"
    assert device.read("/etc/hostname") == name
    assert name in lab.bench.database(".dump")

    # The identity is whole: the program that a technician would ask says so.
    check = lab.machine.run("identclient --check", check=False)
    assert check.code == 0, check
    owners = lab.machine.out(f"stat -Lc '%U %a' {IDENTITY}/private.pem.key")
    assert owners in ("unbox-ident 600", "unbox-ident 640"), owners
    subject = lab.machine.out(f"openssl x509 -noout -subject -in {IDENTITY}/certificate.pem.crt")
    assert "UNBOX-LAB-0001" in subject
    lab.machine.run(f"openssl verify -CAfile {IDENTITY}/ca.pem {IDENTITY}/certificate.pem.crt")

    # identclient has ended well, and what comes after it runs in this same boot.
    assert device.show("identclient.service", "ActiveState") == "inactive"
    assert device.show("identclient.service", "Result") == "success"
    wait.until(lambda: device.active("user-network.service"), 60, "user-network in the same boot")
    assert len(lab.machine.out("journalctl --list-boots --no-pager -q").splitlines()) == 1

    # The bench holds an acknowledged enrolment.
    assert "active" in lab.bench.database("select state from enrolments")

    assert lab.bench.open_page("/").status == 200


def test_without_the_bench_the_boot_goes_on_and_with_it_the_device_enrols(factory):
    device, bench = factory.device, factory.bench

    # The boot has ended although there is no identity; the unit says what it waits for.
    assert device.active("multi-user.target")
    assert not device.provisioned()
    wait.until(lambda: int(device.show("identclient.service", "NRestarts")) >= 1, 60,
               "another attempt")
    wait.until(lambda: device.status("identclient.service"), 30, "a status line", interval=0.2)
    assert not device.active("user-network.service")

    # The wire alone brings the page.
    bench.plug()
    wait.until(lambda: bench.open_page("/").status == 200, 60, "the page on eth0")
    attempts = int(device.show("identclient.service", "NRestarts"))
    wait.until(lambda: int(device.show("identclient.service", "NRestarts")) > attempts, 60,
               "an attempt with the wire plugged and the server off")

    bench.server_on()
    wait.until(device.provisioned, 60, "the enrolment", interval=0.5)
    wait.until(lambda: device.active("user-network.service"), 60, "user-network in the same boot")
    assert device.hostname() != "unbox-unnamed"
