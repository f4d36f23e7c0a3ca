# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real bluetoothd on a virtual controller: healthd offers the profiles, and powers the adapter."""

import pytest

from lab import wait

UUIDS = {
    "4de17a00-52cb-11e6-bdf4-0800200c9a66",  # Android Auto
    "0000111f-0000-1000-8000-00805f9b34fb",  # HFP audio gateway
    "00001108-0000-1000-8000-00805f9b34fb",  # HSP headset
}
CONFIG = """health:
  bluetooth_profiles: [android-auto, hfp-ag, hsp-hs]
  services: [{unit: product-audio, before: [bluetooth-power]}]
"""
AUDIO = """[Service]
ExecStart=/bin/sleep infinity
"""
VHCI = """[Service]
ExecStartPre=/sbin/modprobe hci_vhci
ExecStart=/usr/bin/btvirt -l1
"""


def adapter(lab, name):
    """A property of the adapter, as busctl prints it; empty while there is none."""
    return lab.machine.run("busctl get-property org.bluez /org/bluez/hci0 org.bluez.Adapter1 "
                           f"{name}", check=False).stdout.strip()


def offers_all(lab):
    return all(uuid in adapter(lab, "UUIDs") for uuid in UUIDS)


def plug_in(lab):
    """Whether bluetoothd has taken the controller.

    The kernel gives it 2 s to answer its reset, and btvirt may miss that on a busy machine.
    """
    lab.machine.run("systemctl restart lab-vhci bluetooth", timeout=60)
    try:
        return wait.until(lambda: adapter(lab, "Address"), 15, "an address")
    except wait.Timeout:
        return None


@pytest.fixture
def controller(first_time):
    """A device with a Bluetooth adapter, which wants all profiles."""
    lab = first_time
    lab.machine.write("/run/systemd/system/lab-vhci.service", VHCI)
    lab.machine.write("/run/systemd/system/product-audio.service", AUDIO)
    lab.machine.run("systemctl daemon-reload && systemctl start product-audio")
    wait.until(lambda: plug_in(lab), 120, "bluetoothd to have the adapter", interval=1)
    lab.machine.write("/etc/unbox/config.yaml.d/50-bluetooth.yaml", CONFIG)
    lab.machine.run("systemctl reload healthd")
    return lab


@pytest.mark.long
def test_the_profiles_are_offered_whenever_bluetoothd_runs(controller):
    wait.until(lambda: offers_all(controller), 30, "the profiles")
    for script in ("systemctl restart bluetooth",
                   "systemctl kill -s KILL bluetooth; systemctl start bluetooth",
                   "systemctl restart healthd"):
        controller.machine.run(script, timeout=60)
        wait.until(lambda: offers_all(controller), 60, f"the profiles after {script}")
    texts = controller.device.messages("healthd.service")
    assert not any("does not take the profile" in text for text in texts), texts
    # Those that nobody wants any more go.
    controller.machine.write("/etc/unbox/config.yaml.d/50-bluetooth.yaml", "health: {}")
    controller.machine.run("systemctl reload healthd")
    wait.until(lambda: not any(uuid in adapter(controller, "UUIDs") for uuid in UUIDS), 30,
               "the profiles to go")


@pytest.mark.long
def test_the_adapter_is_powered_before_a_restart(controller):
    controller.machine.run("busctl set-property org.bluez /org/bluez/hci0 org.bluez.Adapter1 "
                           "Powered b false")
    assert adapter(controller, "Powered") == "b false"
    controller.machine.run("kill -9 $(systemctl show -P MainPID product-audio)")
    wait.until(lambda: adapter(controller, "Powered") == "b true", 30, "the adapter to be powered")
    wait.until(lambda: controller.device.active("product-audio.service"), 30, "it to run again")
    texts = controller.device.messages("healthd.service")
    assert not any("the step " in text for text in texts), texts


@pytest.mark.long
def test_the_radio_is_switched_on_before_a_restart(controller):
    controller.machine.write("/etc/unbox/config.yaml.d/50-bluetooth.yaml",
                             "health: {services: [{unit: product-audio, before: [wifi-unblock]}]}")
    # While user-network runs, it is on again before anybody could look.
    controller.machine.run("systemctl reload healthd && systemctl stop user-network.service && "
                           "nmcli radio wifi off")
    wait.until(lambda: controller.machine.out("nmcli radio wifi") == "disabled", 30, "no radio")
    controller.machine.run("kill -9 $(systemctl show -P MainPID product-audio)")
    wait.until(lambda: controller.machine.out("nmcli radio wifi") == "enabled", 30, "the radio")
    wait.until(lambda: controller.device.active("product-audio.service"), 30, "it to run again")
