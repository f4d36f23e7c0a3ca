# SPDX-License-Identifier: LGPL-2.1-or-later
"""The page as systemd starts it: over TLS in its sandbox, and restarted under load."""

import ctypes
import http.client
import os
import ssl
import threading
import time

import pytest

from lab import wait
from lab.device import STATE

CLONE_NEWNET = 0x40000000
PLAIN, TLS = 5000, 5443
CLIENTS = 16


def enter_network(machine):
    """Puts this thread onto the container's network."""
    fd = os.open(f"/proc/{machine.leader()}/ns/net", os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.setns(fd, CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
    os.close(fd)


def connect(port):
    if port == PLAIN:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=40)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=40, context=context)


class Load:
    """Clients that ask for the page again and again, each time on a connection of its own."""

    def __init__(self, machine, port):
        self.machine, self.port = machine, port
        self.answered, self.cut, self.refused = [], [], []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(CLIENTS)]

    def run(self):
        enter_network(self.machine)
        while not self.over.is_set():
            connection = connect(self.port)
            try:
                connection.request("GET", "/health")
                self.answered.append(connection.getresponse().status)
            except ConnectionRefusedError as error:
                self.refused.append(error)
            # What was under way when the process ended.
            except (ConnectionError, http.client.HTTPException, ssl.SSLError) as error:
                self.cut.append(error)
            finally:
                connection.close()

    def goes_on(self):
        """Waits until so many more have been answered."""
        wanted = self.answered.count(200) + 10 * CLIENTS
        wait.until(lambda: self.answered.count(200) >= wanted, 60, "clients to be served")

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(60)


@pytest.mark.parametrize("port", [PLAIN, TLS])
def test_nobody_is_refused_while_it_is_restarted(lab, port):
    device, machine = lab.device, lab.machine
    with Load(machine, port) as load:
        load.goes_on()
        for _ in range(3):
            before = device.show("webserver.service", "MainPID")
            machine.run("systemctl restart webserver.service", timeout=60)
            assert device.show("webserver.service", "MainPID") != before
            load.goes_on()
        # A clean end lets those go on who have asked.
        after_restarts = len(load.cut)
        machine.run(f"kill -9 {device.show('webserver.service', 'MainPID')}")
        load.goes_on()
    assert not load.refused
    assert set(load.answered) <= {200, 503}
    # Of those who were connected at that moment, and no more.
    assert after_restarts <= 3 * CLIENTS and len(load.cut) <= 4 * CLIENTS
    print(f"port {port}: {len(load.answered)} answered, {len(load.cut)} cut, none refused")


def show(machine):
    return machine.out(f"echo | openssl s_client -connect 127.0.0.1:{TLS} 2>/dev/null | "
                       "openssl x509 -noout -fingerprint -sha256 -ext subjectAltName")


def test_certificate_is_made_in_the_sandbox_and_goes_with_the_owner(enrolled):
    device, machine = enrolled.device, enrolled.machine
    hostname = machine.out("hostname")
    first = wait.until(lambda: show(machine), 30, "a certificate")
    assert f"DNS:{hostname}" in first and f"DNS:{hostname}.local" in first
    kept = f"{STATE}/web/https-device.pem"
    assert machine.out(f"stat -c '%U %a' {kept}") == "unbox-web 600"
    machine.run("systemctl restart webserver.service")
    assert show(machine) == first
    machine.run("systemctl start --no-block factory-reset.service", check=False)
    machine.wait_for_reboot()
    assert not device.exists(kept)
    second = wait.until(lambda: show(machine), 30, "a certificate")
    assert second.splitlines()[0] != first.splitlines()[0]
