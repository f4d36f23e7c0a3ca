# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nobody has said where the device is: there is a hotspot all the same, and the page asks."""

import pytest

from lab.world import HOTSPOT

REGDOM = "unbox-regdom@{}.service"


def kernel_s(lab):
    """The country that the kernel's radios obey."""
    return lab.machine.out("iw reg get | sed -n 's/^country \\(..\\):.*/\\1/p' | head -1")


@pytest.mark.long
def test_without_a_country_the_first_time_works_and_says_so(first_time):
    device, phone = first_time.device, first_time.phone
    phone.wait_for(HOTSPOT)
    status = phone.network_status()
    assert status["country"] == {"code": None, "source": None, "problem": None}
    assert "country-missing" in [problem["code"] for problem in status["problems"]]
    assert device.messages(match="MESSAGE_ID=a3c5e7091b2d4f6181a3c5e7f9021b15 "
                                 "UNBOX_PROBLEM=country-missing")

    # The customer says it on the page; that holds at once, without the hotspot going.
    answer = phone.open_page("/api/v1/network/country", "PUT", body={"code": "CA"})
    assert answer.status == 200, answer
    device.wait_for_journal("the radio keeps to the rules of CA")
    assert kernel_s(first_time) == "CA"
    assert phone.open_page("/health").status == 200
    assert phone.network_status()["country"]["source"] == "customer"


@pytest.mark.long
def test_the_kernel_knows_before_the_hotspot_opens(first_time):
    device, phone, machine = first_time.device, first_time.phone, first_time.machine
    phone.wait_for(HOTSPOT)
    assert phone.open_page("/api/v1/network/country", "PUT", body={"code": "DE"}).status == 200
    machine.reboot()
    device.wait_for_network("hotspot")
    assert kernel_s(first_time) == "DE"
    told = device.journal("user-network.service")
    words = [str(entry.get("MESSAGE")) for entry in told]
    said = next(i for i, word in enumerate(words) if "the rules of DE" in word)
    opened = next(i for i, word in enumerate(words) if f"hotspot {HOTSPOT} is open" in word)
    assert said < opened


@pytest.mark.long
def test_a_country_that_cannot_be_set_costs_no_hotspot(first_time):
    device, machine = first_time.device, first_time.machine
    machine.write("/etc/systemd/system/unbox-regdom@.service.d/50-broken.conf",
                  "[Service]\nExecStart=\nExecStart=/bin/false")
    machine.write("/etc/unbox/config.yaml.d/50-country.yaml", "network: {country: CA}")
    machine.reboot()
    device.wait_for_network("hotspot")
    device.wait_for_status("user-network.service", HOTSPOT, "country CA could not be set")
    first_time.phone.wait_for(HOTSPOT, 90)
    first_time.phone.wait_for_page()
    assert REGDOM.format("CA") in machine.out("systemctl --failed --plain --no-legend")
