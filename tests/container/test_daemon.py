# SPDX-License-Identifier: LGPL-2.1-or-later
"""The C API of services against the real systemd: what is asked for is what `systemctl show` says."""

import json
import shlex
import threading
import time

import pytest

from lab import container as containers, wait

TYPES = {"exec": 0, "notify": 1, "simple": 2, "oneshot": 3}
RESTART_ON_FAILURE, RESTART_ALWAYS = 2, 6
FOLDER = "/etc/systemd/system"
SLEEP = ["/bin/sleep", "infinity"]
# What must reach the program as it is.
HOSTILE = ["", ";", "%h %%", "$HOME ${HOME}", "a\"b'c\\d\\n", "two\nlines\t", "é", "-x"]


class Calls:
    """The calls on a device, in one of the two ways."""

    def __init__(self, machine, how):
        self.machine = machine
        self.how = how

    def __call__(self, action, name, as_user=None, **settings):
        command = f"/opt/tests/daemon-calls {self.how} {action} {name}"
        if settings:
            command += " " + shlex.quote(json.dumps(settings))
        if as_user:
            command = f"runuser -u {as_user} -- {command}"
        return json.loads(self.machine.out(command, timeout=120))

    def well(self, action, name, **settings):
        answer = self(action, name, **settings)
        assert "error" not in answer, answer
        return answer

    def fails(self, error, action, name, **settings):
        answer = self(action, name, **settings)
        assert answer.get("error") == error, answer
        assert answer["text"]
        return answer


@pytest.fixture(scope="module")
def machine(template):
    container = containers.Container(template)
    try:
        container.start()
        container.run("useradd product && useradd stranger")
        yield container
    finally:
        container.end()


@pytest.fixture(params=["", "--async"], ids=["blocking", "async"])
def calls(machine, request):
    yield Calls(machine, request.param)
    machine.run(f"systemctl stop 'product-*' 2>/dev/null; systemctl reset-failed; "
                f"rm -rf {FOLDER}/product-* {FOLDER}/*/product-*; systemctl daemon-reload")
    # A transient unit is forgotten only when its control group is found empty.
    wait.until(lambda: not machine.out("systemctl list-units --all --no-legend 'product-*.service'"), 10,
               "systemd to forget the services")


def show(machine, name, *properties):
    lines = machine.out(f"systemctl show {name} " + " ".join(f"-p {p}" for p in properties))
    return dict(line.split("=", 1) for line in lines.splitlines())


def exists(machine, path):
    return machine.run(f"test -e {path}", check=False).code == 0


@pytest.mark.parametrize("persistent", [False, True], ids=["transient", "persistent"])
def test_every_setting_arrives(calls, machine, persistent):
    calls.well("create", "product-a", persistent=persistent, description="A 100 % product",
               argv=["/bin/sh", "-c", "sleep infinity; true", *HOSTILE],
               reload_argv=["/bin/true", "%h"],
               working_directory="/tmp", environment=["A=1 %h $HOME \"q\" 'r' \\", "B=\n[Service]"],
               user="product", group="games", memory_max=64 << 20, cpu_quota=150, tasks_max=20,
               limit_nofile=333, restart=RESTART_ON_FAILURE, restart_usec=1500000,
               start_limit_interval_usec=60000000, start_limit_burst=7, watchdog_usec=86400000000,
               timeout_start_usec=31000000, timeout_stop_usec=2000000,
               after=["dbus.service"], before=["shutdown.target"], wants=["dbus.socket"],
               requires_=["basic.target"], conflicts=["product-z.service"])
    if persistent:
        calls.well("start", "product-a")
    shown = show(machine, "product-a.service", "Description", "Type", "User", "Group",
                 "WorkingDirectory", "MemoryMax", "CPUQuotaPerSecUSec", "TasksMax", "LimitNOFILE",
                 "LimitNOFILESoft", "Restart", "RestartUSec", "StartLimitIntervalUSec",
                 "StartLimitBurst", "WatchdogUSec", "TimeoutStartUSec", "TimeoutStopUSec",
                 "UnitFileState", "ActiveState")
    assert shown == {
        "Description": "A 100 % product", "Type": "exec", "User": "product", "Group": "games",
        "WorkingDirectory": "/tmp", "MemoryMax": str(64 << 20), "CPUQuotaPerSecUSec": "1.500000s",
        "TasksMax": "20", "LimitNOFILE": "333", "LimitNOFILESoft": "333", "Restart": "on-failure",
        "RestartUSec": "1.500000s", "StartLimitIntervalUSec": "1min", "StartLimitBurst": "7",
        "WatchdogUSec": "1d", "TimeoutStartUSec": "31s", "TimeoutStopUSec": "2s",
        "UnitFileState": "enabled" if persistent else "transient", "ActiveState": "active"}
    links = show(machine, "product-a.service", "After", "Wants", "Requires", "Conflicts")
    for link, unit in (("After", "dbus.service"), ("Wants", "dbus.socket"),
                       ("Requires", "basic.target"), ("Conflicts", "product-z.service")):
        assert unit in links[link].split()

    status = calls.well("status", "product-a")
    process = f"/proc/{status['main_pid']}"
    arguments = json.loads(machine.out(
        f"python3 -c 'import json; print(json.dumps(open(\"{process}/cmdline\").read()))'"))
    assert arguments.split("\0")[1:-1] == ["-c", "sleep infinity; true", *HOSTILE]
    variables = json.loads(machine.out(
        f"python3 -c 'import json; print(json.dumps(open(\"{process}/environ\").read()))'"))
    assert "A=1 %h $HOME \"q\" 'r' \\" in variables.split("\0")
    assert "B=\n[Service]" in variables.split("\0")
    assert machine.out(f"stat -c %U:%G {process}") == "product:games"


def test_a_life(calls, machine):
    before = time.time()
    calls.well("create", "product-b", persistent=True, description="B",
               argv=["/bin/sh", "-c", "trap 'touch /tmp/reloaded' HUP; while :; do sleep 0.1; done"],
               reload_argv=["/bin/sh", "-c", "kill -HUP $MAINPID"])
    assert machine.out(f"stat -c '%a %U' {FOLDER}/product-b.service") == "644 root"
    assert exists(machine, f"{FOLDER}/multi-user.target.wants/product-b.service")
    made = calls.well("status", "product-b")
    assert (made["active_state"], made["file_state"], made["main_pid"]) == ("inactive", "enabled", 0)
    assert (made["memory_bytes"], made["since_usec"]) == (-1, 0)

    calls.well("start", "product-b")
    calls.well("start", "product-b")
    running = calls.well("status", "product-b.service")
    assert running["description"] == "B"
    assert (running["active_state"], running["sub_state"]) == ("active", "running")
    assert running["result"] == "success" and running["restarts"] == 0
    assert running["main_pid"] == int(machine.out("systemctl show -P MainPID product-b"))
    # A container may be without these controllers, and both say so then.
    for property_, field in (("TasksCurrent", "tasks"), ("MemoryCurrent", "memory_bytes")):
        shown = machine.out(f"systemctl show -P {property_} product-b")
        assert (running[field] == -1) == (shown == "[not set]") and running[field] != 0
    assert before - 1 < running["since_usec"] / 1e6 < time.time() + 1

    calls.well("reload", "product-b")
    wait.until(lambda: exists(machine, "/tmp/reloaded"), 5, "the signal to arrive")
    machine.run("rm /tmp/reloaded")
    calls.well("restart", "product-b")
    assert calls.well("status", "product-b")["main_pid"] not in (0, running["main_pid"])

    calls.well("stop", "product-b")
    calls.well("stop", "product-b")
    stopped = calls.well("status", "product-b")
    assert (stopped["active_state"], stopped["main_pid"]) == ("inactive", 0)
    assert stopped["since_usec"] >= running["since_usec"]

    calls.well("start", "product-b")
    calls.well("remove", "product-b")
    assert not exists(machine, f"{FOLDER}/product-b.service")
    assert not exists(machine, f"{FOLDER}/multi-user.target.wants/product-b.service")
    assert show(machine, "product-b", "LoadState", "ActiveState") == {
        "LoadState": "not-found", "ActiveState": "inactive"}
    calls.fails("ENOENT", "remove", "product-b")


def test_a_transient_life(calls, machine):
    calls.well("create", "product-c", argv=SLEEP)
    calls.fails("EEXIST", "create", "product-c", argv=SLEEP)
    calls.well("restart", "product-c")
    assert calls.well("status", "product-c")["file_state"] == "transient"
    calls.well("stop", "product-c")
    calls.fails("ENOENT", "status", "product-c")
    calls.fails("EIO", "create", "product-c", argv=["/bin/false"], type=TYPES["oneshot"])
    failed = calls.well("status", "product-c")
    assert (failed["active_state"], failed["result"]) == ("failed", "exit-code")
    assert (failed["exit_code"], failed["exit_status"]) == (1, 1)
    calls.well("remove", "product-c")
    calls.fails("ENOENT", "status", "product-c")
    calls.well("create", "product-c", argv=["/bin/true"], type=TYPES["oneshot"],
               remain_after_exit=True)
    assert calls.well("status", "product-c")["sub_state"] == "exited"
    calls.well("remove", "product-c")


def test_new_settings_for_an_old_service(calls, machine):
    calls.well("create", "product-d", persistent=True, argv=SLEEP)
    calls.well("create", "product-d", persistent=True, argv=SLEEP, memory_max=1 << 25,
               wanted_by=["unbox.target"])
    assert not exists(machine, f"{FOLDER}/multi-user.target.wants/product-d.service")
    assert exists(machine, f"{FOLDER}/unbox.target.wants/product-d.service")
    assert machine.out("systemctl show -P MemoryMax product-d") == str(1 << 25)
    before = machine.out(f"cat {FOLDER}/product-d.service")
    # systemd has no oneshot that is restarted after success.
    refused = calls.fails("ENOEXEC", "create", "product-d", persistent=True, argv=SLEEP,
                          type=TYPES["oneshot"], restart=RESTART_ALWAYS)
    assert refused["code"] == "bad-setting"
    assert machine.out(f"cat {FOLDER}/product-d.service") == before
    assert exists(machine, f"{FOLDER}/unbox.target.wants/product-d.service")
    assert calls.well("status", "product-d")["load_state"] == "loaded"


def test_what_cannot_be_loaded_leaves_nothing(calls, machine):
    calls.fails("ENOEXEC", "create", "product-e", persistent=True, argv=SLEEP,
                type=TYPES["oneshot"], restart=RESTART_ALWAYS)
    assert not exists(machine, f"{FOLDER}/product-e.service")
    assert not exists(machine, f"{FOLDER}/multi-user.target.wants/product-e.service")
    calls.fails("ENOENT", "status", "product-e")


def test_what_is_not_ours_is_left_alone(calls, machine):
    machine.write(f"{FOLDER}/product-f.service", "[Service]\nExecStart=/bin/sleep infinity")
    machine.run("systemctl daemon-reload; systemctl start product-f; systemctl mask product-g")
    for name in ("dbus", "product-f", "product-g"):
        calls.fails("EEXIST", "create", name, persistent=True, argv=SLEEP)
        calls.fails("EPERM", "remove", name)
    calls.fails("EEXIST", "create", "dbus", argv=SLEEP)
    assert calls.well("status", "product-f")["active_state"] == "active"
    assert calls.well("status", "dbus")["active_state"] == "active"
    assert calls.well("status", "product-g")["load_state"] == "masked"
    calls.fails("EPERM", "start", "product-g")
    assert machine.out(f"cat {FOLDER}/product-f.service").startswith("[Service]")


def test_other_limits_while_it_runs(calls, machine):
    def limits(name="product-q"):
        return show(machine, f"{name}.service", "MemoryMax", "CPUQuotaPerSecUSec", "TasksMax")

    calls.well("create", "product-q", argv=SLEEP, memory_max=64 << 20, cpu_quota=50)
    before = limits()
    pid = calls.well("status", "product-q")["main_pid"]
    calls.well("limits", "product-q", memory_max=96 << 20, tasks_max=7)
    assert limits() == {**before, "MemoryMax": str(96 << 20), "TasksMax": "7"}
    calls.well("limits", "product-q", memory_max=-1, cpu_quota=-1)
    assert limits() == {"MemoryMax": "infinity", "CPUQuotaPerSecUSec": "infinity", "TasksMax": "7"}
    # It is still the same process, and nothing of this outlives the boot.
    assert calls.well("status", "product-q")["main_pid"] == pid
    assert not exists(machine, "/etc/systemd/system.control/product-q.service.d")
    calls.fails("ENOENT", "limits", "product-none", memory_max=1 << 20)
    machine.run("rm -rf /run/systemd/system.control/product-q.service.d")


def test_a_call_waits_for_the_end_and_tells_it(calls, machine):
    slow = ["/bin/sh", "-c", "sleep 1; systemd-notify --ready; sleep infinity"]
    began = time.monotonic()
    calls.well("create", "product-h", argv=slow, type=TYPES["notify"])
    assert time.monotonic() - began >= 1
    assert calls.well("status", "product-h")["active_state"] == "active"

    answer = calls.fails("EIO", "create", "product-i", argv=["/nonexistent"])
    assert answer["code"] == "exit-code" and "product-i.service" in answer["text"]
    assert "203" in answer["text"]
    answer = calls.fails("ETIMEDOUT", "create", "product-j", argv=SLEEP, type=TYPES["notify"],
                         timeout_start_usec=500000)
    assert answer["code"] == "timeout"
    answer = calls.fails("EIO", "create", "product-k", argv=SLEEP, requires_=["product-i.service"],
                         after=["product-i.service"], persistent=False)
    assert answer["code"] == "dependency"


def test_a_stop_calls_off_a_start(calls, machine):
    calls.well("create", "product-l", persistent=True, argv=SLEEP, type=TYPES["notify"])
    answers = []
    starting = threading.Thread(target=lambda: answers.append(calls("start", "product-l")))
    starting.start()
    wait.until(lambda: machine.out("systemctl show -P ActiveState product-l") == "activating", 10,
               "the start")
    calls.well("stop", "product-l")
    starting.join(20)
    assert [answer.get("error") for answer in answers] == ["ECANCELED"]


def test_start_limits_do_not_count_the_application(calls, machine):
    calls.well("create", "product-m", persistent=True, argv=SLEEP, restart=RESTART_ALWAYS,
               restart_usec=100000, start_limit_burst=3, start_limit_interval_usec=3600000000)
    for _ in range(6):
        calls.well("restart", "product-m")
    machine.run("kill -9 $(systemctl show -P MainPID product-m)")
    wait.until(lambda: calls.well("status", "product-m")["restarts"] == 1, 10,
               "Restart= to do its work")
    wait.until(lambda: calls.well("status", "product-m")["active_state"] == "active", 10,
               "the new process")


def test_errors(calls, machine):
    for action in ("start", "stop", "restart", "reload", "status", "remove"):
        calls.fails("ENOENT", action, "product-none")
    for action in ("start", "status", "remove"):
        calls.fails("EINVAL", action, "'no name'")
    calls.fails("EINVAL", "create", "dbus.socket", argv=SLEEP)
    refused = calls.fails("EINVAL", "create", "product-n", persistent=True, argv=SLEEP,
                          description="a\nUser=root")
    assert refused["code"] == "Description"
    calls.fails("EINVAL", "create", "product-n", argv=["sleep"])
    assert not exists(machine, f"{FOLDER}/product-n.service")
    calls.well("create", "product-n", argv=SLEEP)
    calls.fails("EOPNOTSUPP", "reload", "product-n")
    assert calls.well("status", "multi-user.target")["active_state"] == "active"


def test_strangers_may_look_and_nothing_else(calls, machine):
    machine.run("chmod 755 /opt/tests")
    calls.well("create", "product-o", argv=SLEEP)
    assert calls.well("status", "product-o", as_user="stranger")["active_state"] == "active"
    for action in ("start", "stop", "restart", "remove"):
        calls.fails("EACCES", action, "product-o", as_user="stranger")
    for persistent in (False, True):
        calls.fails("EACCES", "create", "product-p", as_user="stranger", argv=SLEEP,
                    persistent=persistent)
    assert calls.well("status", "product-o")["active_state"] == "active"
