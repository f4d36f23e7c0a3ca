# SPDX-License-Identifier: LGPL-2.1-or-later
"""The factory host's own units as shipped: identserver in its sandbox, its restarts, its operators, and the page that
requires it."""

import json
import shutil

import pytest

from lab import places, wait
from lab.container import Container
from lab.device import Device

UNIT = "identserver.service"
BENCH = "/var/lib/unbox-bench"
HEALTH = f"curl -s --cacert {BENCH}/ca.pem https://7.7.7.7:5001/health"

# What an installation with -Drole=bench has and a device's hasn't, and where.
INSTALLED = {
    places.BUILD / "identserver/identserver": "usr/bin/identserver",
    places.BUILD / "systemd/identserver.service": "usr/lib/systemd/system/identserver.service",
    places.SOURCE / "systemd/sysusers-bench.conf": "usr/lib/sysusers.d/unbox-bench.conf",
    places.SOURCE / "systemd/tmpfiles-bench.conf": "usr/lib/tmpfiles.d/unbox-bench.conf",
    places.SOURCE / "systemd/webserver-bench.conf": "usr/lib/systemd/system/webserver.service.d/10-bench.conf",
}


class FactoryHost(Container):
    def boot(self):
        for source, target in INSTALLED.items():
            (self.root / target).parent.mkdir(exist_ok=True)
            shutil.copy(source, self.root / target)
        super().boot()


@pytest.fixture
def host(template):
    """A factory host whose bench has not been made yet."""
    container = FactoryHost(template)
    try:
        container.start()
        container.run("systemd-sysusers && systemd-tmpfiles --create unbox-bench.conf")
        container.run("ip address add 7.7.7.7/24 dev lo")
        yield Device(container)
    finally:
        container.end()


@pytest.fixture
def bench(host):
    """One that serves."""
    host.machine.run("identserver --init && systemctl start identserver")
    return host


def test_systemd_has_no_complaint_and_the_sandbox_is_tight(host, capsys):
    result = host.machine.run(f"systemd-analyze verify {UNIT} webserver.service", 90, check=False)
    assert result.code == 0 and result.stdout + result.stderr == "", result
    verdict = host.machine.out(f"systemd-analyze security --no-pager {UNIT} | tail -1", 60)
    with capsys.disabled():
        print(f"\n{verdict}", end="")
    assert float(verdict.split(":")[1].split()[0]) <= 2.0


def test_before_the_bench_is_made_nothing_fails(host):
    host.machine.run("systemctl start identserver webserver")
    assert host.show(UNIT, "ConditionResult") == "no" and not host.active(UNIT)
    assert host.active("webserver.service")


def test_it_serves_as_its_own_user_and_comes_back_after_10_s(bench):
    machine = bench.machine
    assert json.loads(machine.out(HEALTH))["status"] == "healthy"
    pid = machine.out(f"systemctl show -P MainPID {UNIT}")
    assert machine.out(f"stat -c %U /proc/{pid}") == "unbox-bench"
    assert machine.out(f"stat -c '%U %a' {BENCH}/ca.key") == "unbox-bench 600"
    assert "0 devices enrolled" in bench.status(UNIT)
    machine.run(f"kill -9 {pid}")
    wait.until(lambda: bench.show(UNIT, "SubState") == "auto-restart", 5, "it to be waited for")
    died = int(bench.show(UNIT, "InactiveEnterTimestampMonotonic") or 0)
    wait.until(lambda: bench.active(UNIT), 30, "it to come back")
    assert json.loads(machine.out(HEALTH))["status"] == "healthy"
    assert bench.show(UNIT, "NRestarts") == "1"
    assert int(bench.show(UNIT, "InactiveExitTimestampMonotonic")) - died >= 9_900_000


def test_who_may_operate_it(bench):
    machine = bench.machine
    machine.run("useradd stranger && useradd -G unbox worker && useradd -G unbox,unbox-admin chief")
    assert "default" in machine.out("runuser -u worker -- unboxctl factory batches")
    assert machine.run("runuser -u stranger -- unboxctl factory batches", check=False).code != 0
    assert machine.run("runuser -u worker -- unboxctl factory token 1", check=False).code != 0
    assert len(machine.out("runuser -u chief -- unboxctl factory token 1").split()) == 1
    services = json.loads(machine.out("unboxctl call healthd list_services"))
    mine = next(service for service in services if service["name"] == "identserver")
    assert mine["tab"]["title"] == "Factory"


def test_the_page_has_its_tab(bench):
    """As its own user, which is no operator of the bench: what the tab offers, and that alone."""
    machine = bench.machine
    page, cookies = "http://127.0.0.1:5000/api/v1", "-s -b /run/cookies -c /run/cookies"
    machine.run(f"curl {cookies} -X PUT -H 'Content-Type: application/json' {page}/password "
                "-d '{\"password\":\"a good password\"}'")
    ask = f"curl {cookies} {page}"
    services = json.loads(machine.out(f"{ask}/services"))["services"]
    assert "Factory" in [service["tab"]["title"] for service in services if service.get("tab")]
    batch, = json.loads(machine.out(f"{ask}/services/identserver/values"))["batches"]
    assert batch["name"] == "default"
    assert machine.out(f"{ask}/documents/identserver/export_csv?batch=default").startswith('"serial","uuid","hostname"')
    assert 'data-testid="no-labels"' in machine.out(f"{ask}/documents/identserver/labels?batch=default")


def test_a_damaged_database_is_not_started_again_and_again(bench):
    machine = bench.machine
    machine.run(f"systemctl stop identserver && rm -f {BENCH}/bench.db-* && echo no database >{BENCH}/bench.db")
    assert machine.run("systemctl start identserver", 60, check=False).code != 0
    assert bench.show(UNIT, "ActiveState") == "failed" and bench.show(UNIT, "ExecMainStatus") == "78"
    assert "damaged or not a bench's" in bench.status(UNIT)
    assert machine.out(f"cat {BENCH}/bench.db") == "no database"


def test_the_cas_key_comes_from_elsewhere(bench):
    machine = bench.machine
    machine.run(f"systemctl stop identserver && mv {BENCH}/ca.key /root/ca.key && chown root: /root/ca.key")
    machine.write("/etc/systemd/system/identserver.service.d/key.conf", "[Service]\nLoadCredential=ca.key:/root/ca.key")
    machine.run("systemctl daemon-reload && systemctl start identserver")
    assert json.loads(machine.out(HEALTH))["status"] == "healthy"


def test_the_page_requires_the_server(bench):
    machine = bench.machine
    machine.run("systemctl stop identserver webserver.service")
    machine.run("systemctl start webserver.service")
    assert bench.active(UNIT)
    assert int(bench.show("webserver.service", "InactiveExitTimestampMonotonic")) >= \
        int(bench.show(UNIT, "ActiveEnterTimestampMonotonic"))
    machine.run("systemctl stop identserver")
    assert not bench.active("webserver.service")
    assert machine.out("curl -s http://127.0.0.1:5000/health", 60), "whoever asks for the page starts both"
    assert bench.active(UNIT)


def test_the_page_comes_back_when_the_server_is_mended(bench):
    machine = bench.machine
    machine.run(f"systemctl stop identserver webserver.service && mv {BENCH}/bench.db /root && "
                f"echo no database >{BENCH}/bench.db")
    assert machine.run("curl -s -m 5 http://127.0.0.1:5000/health", check=False).code != 0
    machine.run(f"mv /root/bench.db {BENCH}/bench.db && systemctl restart identserver")
    wait.until(lambda: machine.run("curl -s -m 5 http://127.0.0.1:5000/health", check=False).code == 0, 30, "the page")
