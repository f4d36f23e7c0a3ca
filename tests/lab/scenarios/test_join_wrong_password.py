# SPDX-License-Identifier: LGPL-2.1-or-later
"""The customer mistypes his password: the hotspot comes back and says why, and nothing is lost."""

from lab import wait
from lab.world import HOME, HOME_PASSWORD, HOTSPOT, NEIGHBOUR

# Everything that a join may change for good; the verdict is what is to change, and logins come and go.
STATE_FILES = ("cd / && find etc/netplan var/lib/unbox run/NetworkManager/system-connections/netplan-* "
               "-type f ! -name verdict.json ! -path 'var/lib/unbox/web/*' -print0 | sort -z | xargs -0 sha256sum")


def verdict_of(lab):
    """The reason that the page shows, once there is one."""
    def look():
        answer = lab.phone.open_page("/api/v1/network", timeout=5)
        if answer.status != 200:
            return None
        verdict = answer.json().get("verdict") or {}
        return verdict if verdict.get("ssid") else None
    return wait.until(look, 60, "a verdict on the page", interval=0.5)


def test_in_the_first_time_the_hotspot_is_back_with_the_reason(first_time):
    device, phone, machine = first_time.device, first_time.phone, first_time.machine
    phone.wait_for(HOTSPOT)
    before = machine.out(STATE_FILES)

    assert phone.choose(HOME, "not-the-password").status == 202
    device.wait_for_journal(HOME, match="MESSAGE_ID=eac8d6f4b2e04f5dc3e1a0f2d4b6c809", timeout=60)
    device.wait_for_network("hotspot")
    phone.wait_for(HOTSPOT, 60)

    verdict = verdict_of(first_time)
    assert (verdict["ssid"], verdict["code"]) == (HOME, "password_wrong"), verdict
    assert not device.exists("/etc/netplan/60-user-netplan.yaml")
    assert machine.out(STATE_FILES) == before
    profiles = machine.out("nmcli -t -f NAME connection show").splitlines()
    assert HOME not in " ".join(profiles)

    # And the second try, with the right one, works.
    assert phone.choose(HOME, HOME_PASSWORD).status == 202
    device.wait_for_network("connected", timeout=120)


def test_a_password_too_short_is_refused_before_anything_happens(first_time):
    phone = first_time.phone
    phone.wait_for(HOTSPOT)
    answer = phone.choose(HOME, "seven77")
    assert 400 <= answer.status < 500, answer
    assert phone.network() == HOTSPOT
    assert first_time.device.network_state() == "hotspot"


def test_at_home_the_old_network_is_kept_until_the_new_one_is_proved(home):
    device, phone, machine = home.device, home.phone, home.machine
    phone.wait_for_page()
    before = machine.out(STATE_FILES)

    assert phone.choose(NEIGHBOUR, "guessed-wrong").status == 202
    device.wait_for_journal(NEIGHBOUR, match="MESSAGE_ID=eac8d6f4b2e04f5dc3e1a0f2d4b6c809",
                            timeout=90)
    device.wait_for_network("connected")
    assert device.active_connections()["wlan0"] == f"netplan-wlan0-{HOME}"
    assert machine.out(STATE_FILES) == before
    verdict = verdict_of(home)
    assert (verdict["ssid"], verdict["code"]) == (NEIGHBOUR, "password_wrong"), verdict
