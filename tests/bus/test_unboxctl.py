# SPDX-License-Identifier: LGPL-2.1-or-later
"""unboxctl against a real healthd and a user-network that the test plays; test_unboxctl_network has the rest."""

import json
import os
import pathlib
import re
import stat
import subprocess

import pytest

import journals
import peers
from harness import eventually
from test_healthd import systemd  # noqa: F401  pylint: disable=unused-import
from test_system import NOW
from unboxctl import PROGRAM, ctl, network, on_terminal  # noqa: F401  pylint: disable=unused-import

HERE = pathlib.Path(__file__).resolve().parent
MANUAL = HERE.parent.parent / "healthd/ctl/unboxctl.8"
COMPLETION = HERE.parent.parent / "healthd/ctl/unboxctl.bash"


def commands():
    """Every command of the program's own help."""
    shown = subprocess.run([PROGRAM, "--help"], check=True, capture_output=True, text=True).stdout
    return [re.match(r"  ((?:network |config |factory )?[a-z-]+)", line)[1] for line in shown.splitlines()
            if line.startswith("  ") and not line.startswith("  --")]


# -- the device -----------------------------------------------------------------------------------


def test_status(systemd, healthd, network, ctl):
    shown = ctl("status")
    assert shown.returncode == 0 and shown.stderr == ""
    assert "unbox-test, up" in shown.stdout and "serial unknown" in shown.stdout
    assert "network: hotspot INCUVERS_AP on wlan0, 1 client" in shown.stdout
    assert "on the network Home" in shown.stdout
    assert "waits for webserver.socket" in shown.stdout
    assert "\x1b" not in shown.stdout
    answer = json.loads(ctl("--json", "status").stdout)
    assert answer["hostname"] == "unbox-test"
    assert answer["network"] == peers.NETWORK_STATUS
    assert answer["system"]["memory"]["total_bytes"] > 0

    systemd.kill("unbox-firewall.service", restarts=False)
    eventually(lambda: "unbox-firewall was killed (SIGKILL)" in ctl("status").stdout)


def test_status_without_the_others(device, ctl, network):
    lonely = ctl("status")
    assert lonely.returncode == 1
    assert "healthd isn't running" in lonely.stderr and "systemctl status healthd" in lonely.stderr
    assert "network: hotspot" in lonely.stdout


def test_status_before_the_factory(systemd, healthd, ctl):
    shown = ctl("status")
    assert shown.returncode == 0 and "network:" not in shown.stdout
    assert json.loads(ctl("status", "--json").stdout)["network"] is None


def test_colours_are_for_terminals(systemd, healthd, device):
    code, shown = on_terminal(device, "status")
    assert code == 0 and "\x1b[32mactive\x1b[0m" in shown
    assert "\x1b" not in on_terminal(device, "status", environment={"NO_COLOR": "1"})[1]
    assert "\x1b" not in on_terminal(device, "status", environment={"TERM": "dumb"})[1]


def test_health(systemd, healthd, ctl):
    assert ctl("health").returncode == 0
    assert json.loads(ctl("health", "--json").stdout)["user-network"] == "active"
    systemd.units["unbox-firewall.service"].outcome = "failed"
    systemd.kill("unbox-firewall.service", restarts=False)
    eventually(lambda: ctl("health").returncode == 1)
    assert re.search(r"unbox-firewall +failed", ctl("health").stdout)


def test_restart(systemd, healthd, ctl):
    assert ctl("restart", "user-network").returncode == 0
    assert systemd.restarts_of("user-network.service") == 1
    refused = ctl("restart", "sshd")
    assert refused.returncode == 1
    assert "sshd is none of the services that are watched (NOT_FOUND)" in refused.stderr


def test_logs(systemd, healthd, device, ctl):
    journals.write(device, [
        journals.entry("user-network.service", "hotspot opened", NOW),
        journals.entry("user-network.service", "first\nsecond", NOW + 1, PRIORITY="3"),
        journals.entry("user-network.service", "\x1b]0;owned\x07 \u202e\u009b31m", NOW + 2)])
    shown = ctl("logs", "user-network").stdout
    assert shown.splitlines() == [
        "2026-09-21T14:13:20Z user-network: hotspot opened",
        "2026-09-21T14:13:21Z user-network: first",
        "                                   second",
        # Nothing steers the terminal.
        "2026-09-21T14:13:22Z user-network: \\x1b]0;owned\\x07 \\xe2\\x80\\xae\\xc2\\x9b31m"]
    assert "hotspot" not in ctl("logs", "user-network", "-p", "err").stdout
    assert ctl("logs", "user-network", "--lines=1").stdout.count("\n") == 1
    assert "hotspot" not in ctl("logs", "user-network", "--since", "2026-09-21T14:13:21Z").stdout
    assert "hotspot" in ctl("logs", "user-network", "--since", "20000d").stdout
    assert len(json.loads(ctl("logs", "user-network", "--json").stdout)["entries"]) == 3
    assert ctl("logs", "NetworkManager").stderr == "No entries.\n"
    for wrong in (["--lines=0"], ["--lines=201"], ["--lines=x"], ["--since=x"], ["--since=5y"],
                  ["--since=-5m"], ["--priority=loud"], ["--priority=8"]):
        assert ctl("logs", "user-network", *wrong).returncode == 2, wrong


def test_reboot(systemd, healthd, ctl):
    assert ctl("reboot").returncode == 1
    systemd.add("reboot.target", ActiveState="inactive", SubState="dead")
    assert ctl("reboot").returncode == 0
    assert systemd.calls[-1] == ("StartUnit", "reboot.target")


def test_factory_reset(systemd, healthd, device, ctl):
    systemd.add("factory-reset.service", Type="oneshot", ActiveState="inactive", SubState="dead")
    queued = ("StartUnit", "factory-reset.service")
    # Nobody to ask, and a name that isn't this device's.
    assert ctl("factory-reset").returncode == 1
    code, shown = on_terminal(device, "factory-reset", typed=b"unbox-other\n")
    assert code == 1 and "nothing was done" in shown
    assert queued not in systemd.calls
    code, shown = on_terminal(device, "factory-reset", typed=b"unbox-test\n")
    assert code == 0 and "reboots" in shown and systemd.calls.count(queued) == 1
    assert ctl("--yes", "factory-reset").returncode == 0
    assert systemd.calls.count(queued) == 2


def test_diagnostics(systemd, healthd, network, device, ctl):
    device.configure("hotspot: {password: correct horse}\n")
    # More than a line of the protocol holds.
    journals.write(device, [journals.entry(f"{unit}.service", f"{n} " + "x" * 900, NOW + n)
                            for n in range(30) for unit in ("user-network", "webserver", "healthd",
                                                            "NetworkManager", "identclient")])
    document = json.loads(ctl("diagnostics").stdout)
    assert document["network"] == peers.NETWORK_STATUS
    assert len(json.dumps(document)) > 64 * 1024
    path = device.path("/run/all.json")
    saved = ctl("diagnostics", "/run/all.json")
    assert saved.returncode == 0 and "no secrets" in saved.stdout
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text()).keys() == document.keys()
    assert "horse" not in path.read_text()
    failed = ctl("diagnostics", "/nowhere/all.json")
    assert failed.returncode == 1 and "/nowhere/all.json can't be written" in failed.stderr


def test_call(systemd, healthd, ctl):
    assert json.loads(ctl("call", "healthd", "ping").stdout) == "pong"
    assert json.loads(ctl("call", "healthd", "get_health", '{"detail": true}').stdout)["healthd"]["state"]
    assert ctl("call", "healthd", "get_health", '{"detial": true}').returncode == 2
    assert ctl("call", "healthd", "get_health", "{").returncode == 2
    assert "same version" in ctl("call", "healthd", "dance").stderr
    assert ctl("call", "../healthd", "ping").returncode == 2
    assert "systemctl status nobody" in ctl("call", "nobody", "ping").stderr


def test_monitor(systemd, healthd, device, ctl):
    systemd.kill("user-network.service", restarts=False)
    events = json.loads(ctl("call", "healthd", "get_status").stdout)
    eventually(lambda: healthd.call("get_status")["events"])
    shown = ctl("monitor", "--since=1", "--lines=2", "health.*")
    assert shown.returncode == 0, shown.stderr
    assert len(shown.stdout.splitlines()) == 2
    lines = ctl("monitor", "--since=1", "--lines=3", "--json").stdout.splitlines()
    assert all({"event", "data", "seq"} == json.loads(line).keys() for line in lines)
    assert any("was killed (SIGKILL)" in line for line in lines)
    assert events["hostname"]
    for wrong in (["..."], ["--since=yesterday"], ["--lines=0"]):
        assert ctl("monitor", *wrong).returncode == 2


def test_monitor_without_healthd(device, ctl):
    gone = ctl("monitor")
    assert gone.returncode == 1 and "healthd isn't running" in gone.stderr


# -- the configuration ----------------------------------------------------------------------------


def test_config_check(device, ctl):
    fine = ctl("config", "check")
    assert fine.returncode == 0 and fine.stdout == "/etc/unbox/config.yaml: fine\n"
    device.configure("hotspot:\n  ssid: x\n  colour: red\n")
    wrong = ctl("config", "check")
    assert wrong.returncode == 78
    assert wrong.stderr == "/etc/unbox/config.yaml:3: hotspot.colour: there is no such key\n"
    device.configure("")
    device.path("/var/lib/unbox/product").mkdir(parents=True)
    product = device.path("/var/lib/unbox/product/config.yaml")
    product.write_text("wifi: {ssid: x, password: short}\n")
    wrong = ctl("config", "check")
    assert wrong.returncode == 78 and "config.yaml:1: wifi.password: " in wrong.stderr
    device.path("/etc/other.yaml").write_text("network: {country: xx}\n")
    wrong = ctl("config", "check", "/etc/other.yaml")
    assert wrong.returncode == 78 and wrong.stderr.startswith("/etc/other.yaml:1: network.country: ")
    assert ctl("config", "check", "/etc/nowhere.yaml").returncode == 1


def test_config_show(device, ctl):
    device.configure("hotspot: {ssid: Sauna, password: correct horse}\nhealth: {units: ['a-*', b]}\n")
    shown = ctl("config", "show").stdout
    assert re.search(r"hotspot.ssid +Sauna\n", shown)
    assert re.search(r"hotspot.channel +0 +default\n", shown)
    assert re.search(r'health.units +\["a-\*", "b"\]\n', shown)
    assert "horse" not in shown and "(secret)" in shown
    assert "health" not in ctl("config", "show", "hotspot").stdout
    assert json.loads(ctl("config", "show", "--json").stdout)["health"]["units"] == ["a-*", "b"]
    assert json.loads(ctl("config", "show", "hotspot", "--json").stdout)["ssid"] == "Sauna"
    assert ctl("config", "show", "dance").returncode == 2
    device.configure("- no\n")
    assert ctl("config", "show").returncode == 78


def test_config_apply(device, ctl):
    health = peers.FakePeer(device.path("/run/unbox/healthd.sock"), {
        "apply_config": {"ok": True, "restarted": ["hostapd", "systemd-networkd"]},
        "confirm_config": {"ok": True}})
    done = ctl("config", "apply", "wifi")
    assert done.returncode == 0 and done.stdout == "Applied; restarted: hostapd, systemd-networkd.\n"
    assert "config confirm wifi" in ctl("config", "apply", "wifi", "--confirm-within=90").stdout
    assert ctl("config", "confirm", "wifi").returncode == 0
    assert health.called("apply_config") == [
        {"section": "wifi"}, {"section": "wifi", "confirm_within": 90}]
    assert health.called("confirm_config") == [{"section": "wifi"}]
    assert ctl("config", "apply", "wifi", "--confirm-within=soon").returncode == 2
    for code, status in (("VALIDATION_FAILED", 78), ("RESTART_FAILED", 1), ("CONFLICT", 1),
                         ("PERMISSION_DENIED", 77)):
        health.answers["apply_config"] = ValueError(code, "hostapd failed to start")
        refused = ctl("config", "apply", "wifi")
        assert refused.returncode == status
        assert "hostapd failed to start" in refused.stderr and code in refused.stderr
    health.close()


# -- the program itself ---------------------------------------------------------------------------


@pytest.mark.parametrize("words", [
    [], ["restart"], ["status", "x"], ["dance"], ["--purple", "status"], ["network", "wobble"],
    ["network", "radio"], ["restart", "a", "b"], ["status", "--lines=3"], ["health", "--yes"],
    ["config"], ["call", "healthd"], ["logs", "--lines"], ["help", "dance"]])
def test_misuse(words):
    misused = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=30)
    assert misused.returncode == 2, misused
    assert misused.stdout == "" and "--help" in misused.stderr


def test_help_of_each_command():
    assert len(commands()) >= 19
    for command in commands():
        shown = subprocess.run([PROGRAM, *command.split(), "--help"], check=True, capture_output=True,
                               text=True, timeout=30).stdout
        assert f"usage: unboxctl {command}" in shown
        assert shown == subprocess.run([PROGRAM, "help", *command.split()], check=True,
                                       capture_output=True, text=True, timeout=30).stdout


def test_what_does_not_reach_its_reader_is_no_success(device):
    with open("/dev/full", "w", encoding="utf-8") as full:
        assert subprocess.run([PROGRAM, "config", "show"], stdout=full, stderr=subprocess.PIPE,
                              timeout=30).returncode == 1


def test_the_manual_is_well_formed_and_covers_it_all():
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", MANUAL], capture_output=True,
                          text=True, timeout=30)
    assert lint.stdout + lint.stderr == ""
    shown = subprocess.run(["mandoc", "-T", "utf8", MANUAL], check=True, capture_output=True,
                           text=True, timeout=30, env={"MANWIDTH": "100", "PATH": os.environ["PATH"]})
    text = re.sub(".\b", "", shown.stdout)
    for command in commands():
        assert re.search(rf"^ +{re.escape(command)}\b", text, re.MULTILINE), command
        for option in re.findall(r"  --([a-z-]+)", subprocess.run(
                [PROGRAM, *command.split(), "--help"], check=True, capture_output=True, text=True).stdout):
            assert f"--{option}" in text, option
    for section in ("EXIT STATUS", "FILES", "EXAMPLES"):
        assert section in text


# -- completion -----------------------------------------------------------------------------------


def complete(line, unboxctl="true"):
    """What bash offers behind `line`; `unboxctl` answers when the completion asks the device."""
    script = f"""
        . {COMPLETION}
        unboxctl() {{ {unboxctl}; }}
        COMP_LINE={line!r} COMP_POINT={len(line)}
        eval "COMP_WORDS=($COMP_LINE)"
        [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
        COMP_CWORD=$(({'${#COMP_WORDS[@]}'} - 1))
        $(complete -p unboxctl | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, timeout=30)
    assert done.stderr == "", done.stderr
    return {word.strip() for word in done.stdout.splitlines() if word.strip()}


def test_completion_knows_every_command_and_option():
    assert complete("unboxctl ") == {command.split()[0] for command in commands()} | {"help"}
    for group in ("network", "config", "factory"):
        assert complete(f"unboxctl {group} ") == {
            command.split()[1] for command in commands() if command.startswith(group + " ")}
    for command in commands():
        shown = subprocess.run([PROGRAM, *command.split(), "--help"], check=True, capture_output=True,
                               text=True).stdout.partition("\nor:")[0]
        options = {f"--{name}" for name in re.findall(r"^  --([a-z-]+)", shown, re.MULTILINE)}
        assert {o.rstrip("=") for o in complete(f"unboxctl {command} --")} == options | {"--help"}, command


def test_completion_asks_the_device():
    health = "printf 'healthd  active\\nuser-network  active\\n'"
    assert complete("unboxctl restart ", health) == {"healthd", "user-network"}
    assert complete("unboxctl logs u", health) == {"user-network"}
    assert complete("unboxctl st") == {"status"}
    assert complete("unboxctl network radio ") == {"on", "off"}
    assert complete("unboxctl config apply ") == {"wifi", "network", "bluetooth", "time"}
    networks = "printf 'SSID  PRIORITY\\nHome  0\\nTwo words  1\\n'"
    assert complete("unboxctl network forget ", networks) == {"Home"}
    assert "hotspot" in complete("unboxctl config show ",
                                 "printf 'KEY  VALUE\\nhotspot.ssid  x\\nhotspot.band  y\\n'")
    # A device that doesn't answer, or not as it should.
    assert complete("unboxctl restart ", "false") == set()
