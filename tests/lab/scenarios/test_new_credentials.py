# SPDX-License-Identifier: LGPL-2.1-or-later
"""Years at the customer's: the device gets other credentials over his network, from the maker's server, with no bench in
sight. Once because a technician wants it, once because the years have passed."""

import json
import shlex

import pytest

from lab import wait
from lab.device import STATE
from lab.machine import SERIAL

IDENTITY = f"{STATE}/identity"
MAKER = "192.168.50.1"
REPLACED = "MESSAGE_ID=b3c81f7ad5e64b0e9c2f7d46a1e80c21"

# The maker's server has the bench's register and authority, and a certificate for where it is.
OPEN_SERVER = f"""set -e
cp -a /var/lib/bench /var/lib/maker
cd /var/lib/maker
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=maker -keyout server.key -out request.pem
printf 'subjectAltName=IP:{MAKER}\\nextendedKeyUsage=serverAuth\\n' >extensions
openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -set_serial 77 -days 3600 -extfile extensions -out server.pem
chmod 0600 server.key
systemd-run --unit=lab-maker --property=NetworkNamespacePath=/run/netns/home /opt/bench/identserver \\
    --directory /var/lib/maker --address {MAKER} --socket /run/lab-maker.sock
"""

CONFIG = f"""enrolment:
  reassign_url: https://{MAKER}:5001
  renew_url: https://{MAKER}:5001
"""


@pytest.fixture
def lab(home):
    machine = home.machine
    machine.run(OPEN_SERVER, timeout=60)
    wait.until(lambda: "healthy" in home.router.run(f"curl -sk https://{MAKER}:5001/health", check=False).stdout, 60,
               "the maker's server")
    machine.run("mkdir -p /etc/unbox/config.yaml.d")
    machine.write("/etc/unbox/config.yaml.d/20-maker.yaml", CONFIG)
    # No bench: neither its wire nor its server.
    assert home.bench.device_address() is None
    assert not home.device.active("lab-identserver.service")
    return home


def ask_maker(lab, method, **params):
    request = shlex.quote(json.dumps({"id": 1, "method": method, "params": params}))
    return json.loads(lab.machine.out(f"/opt/lab/ipc /run/lab-maker.sock {request}"))["result"]


def make_token(lab):
    return ask_maker(lab, "make_token", serial=SERIAL, reason="key unreadable")["token"]


def register(lab, query):
    return lab.machine.out(f"sqlite3 -readonly /var/lib/maker/bench.db {shlex.quote(query)}").split()


def certificate(lab):
    """As the register has it."""
    text = lab.machine.out(f"openssl x509 -noout -fingerprint -sha256 -in {IDENTITY}/current/certificate.pem.crt")
    return text.rpartition("=")[2].replace(":", "").lower()


def assert_replaced(lab, before, name):
    """It has others, they alone are active, and nothing else has changed."""
    device = lab.device
    assert register(lab, "select cert_sha256 from enrolments where state = 'active'") == [certificate(lab)]
    assert before in register(lab, "select cert_sha256 from enrolments where state = 'revoked'")
    assert device.hostname() == device.read("/etc/hostname") == name
    assert lab.machine.out(f"ls -d {IDENTITY}/gen-* | wc -l") == "1"
    lab.machine.run("systemctl start identclient-check.service")
    assert device.network_state() == "connected"


def put_token(lab, text):
    lab.machine.run(f"echo {shlex.quote(text)} >{IDENTITY}/reassign")


def pass_years(lab, now=None):
    """Two thirds of a certificate's ten years are over. Returns the moment."""
    moment = now or lab.machine.out("date -d '+7 years' +%s")
    lab.machine.run(f"date -s @{moment}")
    return moment


@pytest.mark.long
def test_a_technician_puts_a_token_on_a_device_whose_key_is_unreadable(lab):
    device, machine = lab.device, lab.machine
    name, before = device.hostname(), certificate(lab)
    machine.run(f"head -c 200 /dev/urandom >{IDENTITY}/current/private.pem.key")
    assert machine.run("systemctl start identclient-check.service", check=False).code != 0
    assert "identclient --check" in machine.out("journalctl -b -x --no-pager -u identclient-check.service")

    # Mistyped: said, and nothing is lost.
    put_token(lab, "mistyped")
    device.wait_for_status("identclient-reassign.service", "token", "ask the bench operator")
    wait.until(lambda: device.show("identclient-reassign.service", "ActiveState") == "failed", 30, "the refusal")
    assert device.exits("identclient-reassign.service") == [77]
    assert certificate(lab) == before

    put_token(lab, f"{make_token(lab)} key unreadable")
    wait.until(lambda: not device.exists(f"{IDENTITY}/reassign"), 90, "the re-assignment", interval=1)
    wait.until(lambda: device.messages(match=REPLACED), 30, "the entry about it")
    assert_replaced(lab, before, name)
    lab.phone.wait_for_page()


@pytest.mark.long
def test_the_years_pass_and_the_certificate_is_renewed(lab):
    device, machine = lab.device, lab.machine
    name, before = device.hostname(), certificate(lab)
    machine.run("systemctl start identclient-renew.service")
    device.wait_for_status("identclient-renew.service", "nothing to renew")
    assert certificate(lab) == before

    moment = pass_years(lab)
    machine.run("systemctl start identclient-renew.service")
    wait.until(lambda: certificate(lab) != before, 90, "the renewal", interval=1)
    wait.until(lambda: device.messages(match=REPLACED), 30, "the entry about it")
    assert_replaced(lab, before, name)
    assert register(lab, "select kind from enrolments where state = 'active'") == ["renew"]

    # The machine's clock knows nothing of those years; the device remembers them, and its certificate holds.
    renewed = certificate(lab)
    machine.reboot()
    device.wait_for_network("connected")
    assert int(machine.out("date +%s")) >= int(moment)
    assert certificate(lab) == renewed
    assert machine.run("identclient --check", check=False).code == 0


@pytest.mark.long
def test_the_plug_is_pulled_while_it_renews(lab):
    """Wherever it was, one certificate is active, and it is the one that the device ends with."""
    device, machine = lab.device, lab.machine
    name, before = device.hostname(), certificate(lab)
    moment = pass_years(lab)
    machine.run("sync; systemctl start identclient-renew.service")
    machine.power_cycle()
    machine.wait_for_boot()
    # The server is not the device's: it knows the time, and starts again where it is.
    pass_years(lab, moment)
    machine.run(OPEN_SERVER[OPEN_SERVER.index("systemd-run"):])
    device.wait_for_network("connected")
    machine.run("systemctl start identclient-renew.service")
    wait.until(lambda: certificate(lab) != before and not device.exists(f"{IDENTITY}/next"), 90, "the renewal",
               interval=1)
    wait.until(lambda: device.show("identclient-renew.service", "ActiveState") == "inactive", 30, "its end")
    assert_replaced(lab, before, name)
