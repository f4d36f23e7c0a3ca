# SPDX-License-Identifier: LGPL-2.1-or-later
"""The customer joins the hotspot, and the page opens by itself, whatever he holds in his hand."""

import re

import pytest

from lab.world import HOME, HOTSPOT, HOTSPOT_ADDRESS, PORT

PAGE = f"http://{HOTSPOT_ADDRESS}:{PORT}/"

PROBES = {
    "Android": ["http://connectivitycheck.gstatic.com/generate_204", "http://www.google.com/gen_204"],
    "iOS and macOS": ["http://captive.apple.com/hotspot-detect.html"],
    "Windows": ["http://www.msftconnecttest.com/connecttest.txt", "http://www.msftncsi.com/ncsi.txt"],
    "Firefox": ["http://detectportal.firefox.com/canonical.html",
                "http://detectportal.firefox.com/success.txt?ipv4"],
    "GNOME": ["http://nmcheck.gnome.org/check_network_status.txt"],
}


def test_the_probe_of_each_maker_leads_to_the_page(first_time):
    phone = first_time.phone
    phone.wait_for(HOTSPOT)
    for probe in (probe for probes in PROBES.values() for probe in probes):
        answer = phone.http("GET", probe)
        assert answer.status == 302, (probe, answer)
        assert re.search(rf"^Location: {re.escape(PAGE)}\r?$", answer.headers, re.MULTILINE), answer
    answer = phone.http("GET", PAGE)
    assert answer.status == 200 and "<html" in answer.body.lower()


def test_what_is_encrypted_is_refused_at_once(first_time):
    first_time.phone.wait_for(HOTSPOT)
    # Nobody has a certificate for that name: a wait would keep the page from opening.
    shown = first_time.phone.run("curl -sS -m 10 https://connectivitycheck.gstatic.com/", check=False)
    assert shown.code == 7, shown


@pytest.mark.long
def test_the_page_opens_after_a_restart_of_everything(first_time):
    first_time.phone.wait_for(HOTSPOT)
    first_time.machine.run("systemctl restart webserver.socket user-network.service", timeout=60)
    first_time.phone.wait_for_page()
    assert first_time.phone.http("GET", PROBES["Android"][0]).status == 302


@pytest.mark.long
def test_on_the_home_network_nobody_is_led_astray(home):
    phone, device = home.phone, home.device
    phone.wait_for(HOME)
    address = home.router.leases()[device.hostname()]
    # Port 80 of the device is closed there, and names are the router's business.
    assert phone.http("GET", f"http://{address}/generate_204", timeout=5).status == 0
    assert phone.resolve("connectivitycheck.gstatic.com") is None
    # Not even he finds the hotspot's address who looks for it there.
    phone.run(f"ip route replace {HOTSPOT_ADDRESS} via {address}")
    assert phone.http("GET", f"http://{HOTSPOT_ADDRESS}/", timeout=5).status == 0
    phone.wait_for_page()
