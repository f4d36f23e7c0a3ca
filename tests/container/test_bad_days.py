# SPDX-License-Identifier: LGPL-2.1-or-later
"""healthd's bad days, with the real systemd: whatever fails, how often, and how many at a time."""

import re

import pytest

from lab import wait
from test_healing import RESTARTED, events, kill, service, state, told, unit

# The ladder's numbers are the configuration's: quick ones, for the test's sake.
QUICK = """health:
  units: ['product-*']
  restart_delays_seconds: [0, 1, 2]
  restart_interval_seconds: 4
  starting_limit_seconds: 3
  settling_seconds: 2
"""
# What Restart= may be, and whether it restarts what exits with 1.
KINDS = ["no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always"]
DEGRADED_BY = ["failed", "restarted", "restarted", "restarted", "degraded"]


def watch(lab):
    lab.machine.write("/etc/unbox/config.yaml.d/50-product.yaml", QUICK)
    lab.machine.run("systemctl daemon-reload && systemctl reload healthd")


@pytest.fixture
def quick(lab):
    watch(lab)
    # It tries every 5 s, and healthd is told.
    lab.machine.run("systemctl stop identclient")
    return lab


def test_crash_loops_of_every_kind(quick):
    """It fails for ever; and then somebody mends it."""
    names = [f"product-{kind}" for kind in KINDS] + ["product-unlimited"]
    crash = "ExecStart=/bin/sh -c 'test -e /run/mended && exec sleep infinity; exit 1'\nRestartSec=100ms"
    for kind in KINDS:
        unit(quick, f"product-{kind}", f"{crash}\nRestart={kind}")
    # systemd never gives up, and so never says that it has failed.
    unit(quick, "product-unlimited", f"{crash}\nRestart=always", "StartLimitIntervalSec=0")
    before = quick.device.show("healthd.service", "MainPID")
    quick.machine.run(f"systemctl daemon-reload; systemctl start --no-block {' '.join(names)}")

    for name in names:
        wait.until(lambda name=name: "degraded" in events(quick, name), 60, f"{name} to be degraded")
    for name in names:
        assert events(quick, name)[0] == "failed", name
        ours = [m for m in told(quick, RESTARTED, name) if "by healthd" in m]
        assert ours[:3] == [f"{name} is restarted by healthd, attempt {n}" for n in (1, 2, 3)]
    quick.machine.run("touch /run/mended")
    for name in names:
        wait.until(lambda name=name: events(quick, name)[-1] == "recovered", 60,
                   f"{name} to have recovered")
        assert state(quick, name) == "active"
    assert quick.device.show("healthd.service", "MainPID") == before


def test_a_unit_that_hangs_in_activating(quick):
    unit(quick, "product-hang", "Type=notify\nNotifyAccess=all\nTimeoutStartSec=infinity\n"
         "ExecStart=/bin/sh -c 'test -e /run/mended && systemd-notify --ready; exec sleep infinity'")
    quick.machine.run("systemctl daemon-reload; systemctl start --no-block product-hang")
    wait.until(lambda: quick.device.show("product-hang.service", "ActiveState") == "activating", 10,
               "the start to begin")
    first = quick.device.show("product-hang.service", "MainPID")
    wait.until(lambda: events(quick, "product-hang") == DEGRADED_BY, 60, "three restarts in vain")
    assert quick.device.show("product-hang.service", "MainPID") != first
    assert state(quick, "product-hang") == "degraded"
    assert re.match("product-hang failed [0-9]+ times, restarting every 4 s",
                    quick.device.status("healthd.service"))
    quick.machine.run("touch /run/mended")
    wait.until(lambda: events(quick, "product-hang")[-1] == "recovered", 30, "its recovery")


def test_whoever_stops_a_degraded_unit_is_obeyed(quick):
    unit(quick, "product-down", "ExecStart=/bin/false")
    quick.machine.run("systemctl daemon-reload; systemctl start product-down", check=False)
    wait.until(lambda: state(quick, "product-down") == "degraded", 30, "three restarts in vain")
    quick.machine.run("systemctl stop product-down")
    wait.until(lambda: service(quick, "product-down").get("detail") == "stopped on purpose", 10,
               "healthd to know")
    restarts = len(told(quick, RESTARTED, "product-down"))
    quick.machine.run("sleep 6")
    assert len(told(quick, RESTARTED, "product-down")) == restarts
    assert "all healthy" in quick.device.status("healthd.service")


def test_a_storm_of_everything(quick):
    """Reloads, re-executions and restarts of the bus, and deaths in the middle of it."""
    unit(quick, "product-a", "ExecStart=/bin/sleep infinity")
    before = quick.device.show("healthd.service", "MainPID")
    quick.machine.run("systemctl daemon-reload; systemctl start product-a")
    wait.until(lambda: state(quick, "product-a") == "active", 10, "the service to be watched")
    quick.machine.run("(for i in $(seq 30); do systemctl daemon-reload; done) & "
                      "(for i in $(seq 5); do systemctl daemon-reexec; sleep 0.3; done) & "
                      "systemctl kill -s KILL product-a; systemctl restart dbus.socket dbus.service; "
                      "wait", 300, check=False)
    wait.until(lambda: quick.device.active("product-a.service"), 60, "it to run again")
    wait.until(lambda: "watched" in quick.device.status("healthd.service"), 30, "healthd to know")
    # And not only for once.
    kill(quick, "product-a")
    wait.until(lambda: quick.device.active("product-a.service"), 30, "it to run again")
    wait.until(lambda: state(quick, "product-a") == "active", 10, "healthd to know")
    assert quick.device.show("healthd.service", "MainPID") == before
    assert quick.device.show("healthd.service", "NRestarts") == "0"


WAKE_UPS = "awk '/^voluntary_ctxt/ {print $2}' /proc/$(systemctl show -P MainPID healthd)/status"


def test_500_units_idle_and_then_failing_at_once(quick):
    unit(quick, "product-many@", "ExecStart=/bin/sleep infinity")
    quick.machine.run("systemctl daemon-reload; seq -f 'product-many@%g' 500 | "
                      "xargs systemctl start", 300)
    wait.until(lambda: watched(quick) == ["active"] * 500, 60, "all to be watched")
    # It wakes up to feed its watchdog, every 15 s, and for nothing else; but others do things, too,
    # of which systemd tells: so it is the quietest of some times that counts.
    script = f"sleep 3; for i in 1 2 3 4; do {WAKE_UPS}; sleep 10; done; {WAKE_UPS}"
    counts = [int(word) for word in quick.machine.out(script, 90).split()]
    assert min(later - count for count, later in zip(counts, counts[1:])) <= 1, counts

    quick.machine.run("systemctl kill -s KILL 'product-many@*'", 120)
    wait.until(lambda: attempts(quick, 1) == 500 and watched(quick) == ["active"] * 500, 120,
               "all to run again")
    count = quick.machine.out("systemctl list-units --state=active --plain --no-legend "
                              "'product-many@*' | wc -l", 60)
    assert count == "500"
    # Each with the first attempt.
    assert attempts(quick, 2) == 0


def watched(lab):
    """What healthd thinks of each of the many."""
    health = lab.device.ask_or_none("healthd", "get_health")
    return [state_ for name, state_ in health.items() if name.startswith("product-many@")]


def attempts(lab, number):
    """How many of them were restarted so often."""
    return int(lab.machine.out(f"journalctl --no-pager -o cat {RESTARTED} | "
                               f"grep -c '^product-many@.*attempt {number}$' || true", 60))


WRONG = {
    "health:\n  restart_delays_seconds: [9, 5]": "60-wrong.yaml:2: health.restart_delays_seconds",
    "health:\n  settling_seconds: 3000": "60-wrong.yaml:2: health.settling_seconds: must not be more",
    "health: [": "60-wrong.yaml:",
}


def test_a_configuration_that_cannot_be_used_changes_nothing(quick):
    unit(quick, "product-a", "ExecStart=/bin/sleep infinity")
    quick.machine.run("systemctl daemon-reload; systemctl start product-a")
    before = quick.device.show("healthd.service", "MainPID")
    path = "/etc/unbox/config.yaml.d/60-wrong.yaml"
    for text, error in WRONG.items():
        quick.machine.write(path, text)
        quick.machine.run("systemctl reload healthd")
        quick.device.wait_for_status("healthd.service", "configuration: ", error, "all healthy",
                                     timeout=10)
    quick.machine.run(f"rm {path}; mkdir {path}; systemctl reload healthd")
    quick.device.wait_for_status("healthd.service", "can't be read", timeout=10)
    kill(quick, "product-a")
    wait.until(lambda: events(quick, "product-a")[:2] == ["failed", "restarted"], 10, "it to heal")
    quick.machine.run(f"rmdir {path}; systemctl reload healthd")
    wait.until(lambda: quick.device.status("healthd.service").endswith("all healthy")
               and "configuration" not in quick.device.status("healthd.service"), 20, "all well")
    assert quick.device.show("healthd.service", "MainPID") == before
