# SPDX-License-Identifier: LGPL-2.1-or-later
"""healthd is killed at every single durable operation of an apply, of one that goes back, and of the recovery from
either. The file is the old one or the new one, whole, with its mode; the next healthd says which, and whoever reads
it has been started with what lies there."""

import contextlib
import json
import os

import pytest

from fake_systemd1 import Systemd
from harness import Device, eventually
from settings import Bluez

pytestmark = pytest.mark.skipif(os.environ.get("CRASH_POINTS") != "1",
                                reason="needs a build with -Dcrash_points=true")

CUT = 137
OLD = "# somebody's\n"
PRODUCT = "wifi:\n  ssid: Product\n  password: at least eight\nbluetooth:\n  name: new\n  discoverable: true\n"
REVERTED = "8e2f5ca1d3b94e70a4c6f901b2d3e413"
SECONDS = 40


class Product:
    """A device whose hostapd has run with the old file. `broken`: it does not take the new one."""

    def __init__(self, root, bus, broken):
        self.device = Device(root)
        for name in ("/etc/hostapd", "/etc/systemd/network", "/var/lib/unbox/product", "/var/lib/unbox/apply",
                     "/run/unbox/healthd"):
            self.device.path(name).mkdir(parents=True)
        self.device.configure("health: {apply_settle_seconds: 0}\n")
        self.device.path("/var/lib/unbox/product/config.yaml").write_text(PRODUCT)
        self.file = self.device.path("/etc/hostapd/hostapd.conf")
        self.file.write_text(OLD)
        self.file.chmod(0o640)
        self.broken = broken
        self._environment = {"DBUS_SYSTEM_BUS_ADDRESS": bus.address}
        self.ended = False
        self.running = OLD  # what hostapd has read
        self.systemd = Systemd(bus)
        self.systemd.add("hostapd.service", Type="forking")
        self.systemd.on_start = self._on_start

    def _on_start(self, name):
        self.running = self.file.read_text()
        fails = self.broken and self.running != OLD
        self.systemd.units[name].outcome = "failed" if fails else "active"

    def start(self, cut_at=None):
        """With `cut_at` it ends at that operation, or is ready."""
        environment = {**self._environment, **({"UNBOX_STORE_CRASH_AT": str(cut_at)} if cut_at else {})}
        daemon = self.device.start("healthd", environment=environment, ready=False)
        eventually(lambda: self.device.notify.seen("READY") or not daemon.running, SECONDS)
        return daemon

    def state(self, section="wifi"):
        with contextlib.closing(self.device.connect("healthd")) as peer:
            return peer.call("get_status")["applied"].get(section, {}).get("state")

    def run(self, number, section):
        """A healthd that is to be killed at operation `number`, and is asked to apply. Whether it was killed."""
        daemon = self.start(number)
        if daemon.running:
            # Its memory is written when nothing else is to be done: it may end before it was asked.
            with contextlib.suppress(ConnectionError):
                with contextlib.closing(self.device.connect("healthd")) as peer:
                    peer.send(b'{"id":1,"method":"apply_config","params":{"section":"%s"}}\n' % section.encode())
                    peer.receive()
        if daemon.running:
            daemon.stop()
        code = daemon.wait()
        assert code in (0, CUT), self.device.log()
        return code == CUT

    def assert_one_or_the_other(self):
        text, mode = self.file.read_text(), self.file.stat().st_mode & 0o7777
        assert (text, mode) == (OLD, 0o640) or (
            text.endswith("wpa_passphrase=at least eight\n") and mode == 0o600), (text, mode)

    def recover(self, section="wifi"):
        """Another healthd that nobody kills. What it says in the end."""
        record = self.device.path(f"/var/lib/unbox/apply/{section}.json")
        # Killed after its last step, it may not have come to speak of it; it is known all the same.
        self.ended = record.exists() and json.loads(record.read_text())["step"] in ("applied", "failed")
        daemon = self.start()
        eventually(lambda: self.state(section) in (None, "applied", "failed"), SECONDS)
        said = self.state(section)
        assert daemon.stop() == 0
        return said

    def assert_settled(self, said):
        if said == "applied":
            assert not self.broken and self.file.read_text() != OLD
        else:
            assert self.file.read_text() == OLD
        assert self.running == self.file.read_text()
        if said == "failed" and not self.ended:
            eventually(lambda: self.device.journal.find(MESSAGE_ID=REVERTED, UNBOX_SECTION="wifi"))
        assert [p.name for p in self.file.parent.iterdir()] == ["hostapd.conf"]
        assert not self.device.path("/var/lib/unbox/apply/wifi.old").exists() or said is None

    def close(self):
        self.systemd.close()
        self.device.close()


def campaign(root, bus, broken):
    """Kills at 1, 2, 3, … until there is nothing to be cut short any more; returns what was said after each."""
    said, number, cut = [], 0, True
    while cut:
        number += 1
        product = Product(root / str(number), bus, broken)
        cut = product.run(number, "wifi")
        product.assert_one_or_the_other()
        said.append(product.recover())
        product.assert_settled(said[-1])
        # Once it was said to be applied it stays so. (The numbers are no order: healthd's memory of the
        # units is written when there is nothing else to do.)
        assert said[-1] != "applied" or product.recover() == "applied"
        product.close()
    return said


@pytest.mark.parametrize("broken", [
    pytest.param(False, id="that works"), pytest.param(True, id="that goes back", marks=pytest.mark.long)])
def test_an_apply(root, bus, broken):
    said = campaign(root, bus, broken)
    assert len(said) > 15, "an apply has more durable operations than that"
    assert said[-1] == ("failed" if broken else "applied")
    assert None in said and "failed" in said


@pytest.mark.long
def test_the_recovery(root, bus):
    """The power goes a second time, at each operation of what mends the first."""
    number, cut = 0, True
    while cut:
        number += 1
        product = Product(root / str(number), bus, broken=False)
        hang = product.systemd.on_start

        def on_start(name, product=product, hang=hang):
            hang(name)
            product.systemd.units[name].outcome = "hang" if product.running != OLD else "active"

        product.systemd.on_start = on_start
        daemon = product.start()
        with contextlib.closing(product.device.connect("healthd")) as peer:
            peer.send(b'{"id":1,"method":"apply_config","params":{"section":"wifi"}}\n')
            eventually(lambda p=product: p.running != OLD)
            daemon.kill()
        daemon = product.start(number)
        eventually(lambda p=product, d=daemon: not d.running or ended(p), SECONDS)
        if daemon.running:
            daemon.stop()
        cut = daemon.wait() == CUT
        product.assert_one_or_the_other()
        said = product.recover()
        assert said == "failed"
        product.assert_settled(said)
        product.close()
    assert number > 8, "going back has more durable operations than that"


def ended(product):
    with contextlib.suppress(ConnectionError, OSError):
        return product.state() == "failed"
    return False


def test_of_properties(root, bus):
    """The same where nothing is a file: what BlueZ was told is taken back."""
    said, number, cut = [], 0, True
    while cut:
        number += 1
        bluez = Bluez(bus)
        before = dict(bluez.first)
        product = Product(root / str(number), bus, broken=False)
        cut = product.run(number, "bluetooth")
        said.append(product.recover("bluetooth"))
        assert (bluez.first == before) == (said[-1] != "applied")
        assert bluez.first["Alias"] == ("new" if said[-1] == "applied" else "old")
        product.close()
        bluez.close()
    assert {None, "failed", "applied"} == set(said)
