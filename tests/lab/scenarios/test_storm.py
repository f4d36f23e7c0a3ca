# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whatever happens, in whatever order: in the end the device can be reached, and says the truth.

LAB_STORMS says how many storms of ten events (a short one, and ten in the campaign), LAB_SEED repeats a run.
"""

import os
import random
import time

import pytest

from lab import wait
from lab.device import STATE
from lab.world import HOME, HOME_PASSWORD, HOTSPOT, NEIGHBOUR, PORT

pytestmark = pytest.mark.random

STORMS = int(os.environ.get("LAB_STORMS", "0"))
EVENTS = 10 if STORMS else 2
SEED = int(os.environ.get("LAB_SEED", random.SystemRandom().randrange(1000000)))
KILLED = ["user-network", "NetworkManager", "wpa_supplicant", "healthd", "webserver"]
# How a join may end, besides as it would have, when one of them is killed or the router goes. A password that was right is
# probably wrong when the router goes in the middle of the handshake: nobody can tell.
CUT_OFF = {
    "user-network": {"interrupted"},
    "NetworkManager": {"interrupted", "failed"},
    "wpa_supplicant": {"interrupted", "failed", "not_found", "no_answer", "no_address", "no_gateway"},
    "healthd": set(),
    "webserver": set(),
    "power": {"interrupted"},
    "router": {"not_found", "no_answer", "no_address", "no_gateway", "password_wrong"}}
LOCKED_OUT = (HOME, "password_changed")
# How long NetworkManager, the patience for a saved network and this machine may take together.
SETTLED_SECONDS = 240


class Storm:
    """What happens to the device, and what it should say afterwards."""

    def __init__(self, lab, chance):
        self.lab = lab
        self.chance = chance
        self.password = HOME_PASSWORD
        self.locked_out = False  # by a new password that nobody has told the device
        self.router_on = True
        # The network and the code of each verdict that would be true, and of the last one that was told.
        self.possible = {(HOME, "joined")}
        self.told = None

    # -- what the world does ------------------------------------------------------------------

    def events(self):
        return [self.join, self.join_wrongly, self.join_nothing, self.join_the_neighbour, self.kill,
                self.kill, self.power_cut, self.router_off, self.router_on_again,
                self.new_password, self.disturbed_join, self.disturbed_join, self.wire]

    def join(self):
        """The customer types the right password, whether the router is on or not."""
        self.ask_for(HOME, self.password, self.from_router("joined"))
        self.locked_out = self.locked_out and not self.router_on

    def join_wrongly(self):
        self.ask_for(HOME, "not-the-password", self.from_router("password_wrong"))

    def join_nothing(self):
        self.ask_for("Nobody's network", "whatever-it-is", {"not_found"})

    def join_the_neighbour(self):
        self.ask_for(NEIGHBOUR, "guessed-wrong", {"password_wrong"})

    def disturbed_join(self):
        """Whether it is still under way when it is disturbed is a matter of chance, too."""
        self.ask_for(HOME, self.password, self.from_router("joined"))
        time.sleep(self.chance.uniform(0, 12))
        what = self.chance.choice([self.kill, self.power_cut, self.router_off])()
        self.possible |= {(HOME, code) for code in CUT_OFF[what]}

    def from_router(self, code):
        """What a join ends with that nobody disturbs."""
        return {code} if self.router_on else {"not_found", "no_answer"}

    def kill(self):
        unit = self.chance.choice(KILLED)
        print(f"  SIGKILL to {unit}")
        self.lab.machine.run(f"systemctl kill -s KILL {unit}.service", check=False)
        return unit

    def power_cut(self):
        # The router comes back with the rest of the world, its password as it was.
        self.router_on = True
        self.lab.machine.power_cycle()
        self.lab.machine.wait_for_boot()
        return "power"

    def router_off(self):
        self.router_on = False
        self.lab.router.off()
        return "router"

    def router_on_again(self):
        self.router_on = True
        self.lab.router.on()

    def new_password(self):
        self.password = f"new-password-{self.chance.randrange(1000)}"
        self.router_on = True
        self.locked_out = True
        self.lab.router.configure(wpa_passphrase=self.password)

    def wire(self):
        self.chance.choice([self.lab.bench.plug, self.lab.bench.unplug])()

    def ask_for(self, ssid, password, codes):
        """Asks until the device takes it: it may be busy, or just not there. From then on it owes a verdict."""
        def accepted():
            answer = self.lab.device.try_to_ask(
                "user-network", "connect", {"ssid": ssid, "password": password})
            return answer is not None and "result" in answer
        wait.until(accepted, SETTLED_SECONDS, f"the device to try {ssid}", interval=2)
        self.possible = {(ssid, code) for code in codes}

    # -- what the device says, and what is true ----------------------------------------------

    def status(self):
        return self.lab.device.ask_or_none("user-network", "status")

    def untrue(self):
        """What is not as the device says, or why nobody reaches it; None when all is well."""
        status = self.status()
        state = status.get("state")
        if status.get("join"):
            return "it is joining"
        air = self.lab.machine.run("iw dev wlan0 info; iw dev wlan0 link", check=False).stdout
        if state == "hotspot":
            if "type AP" not in air or HOTSPOT not in air:
                return f"no hotspot in the air: {air}"
            if self.lab.phone.network() != HOTSPOT or self.lab.phone.open_page(
                    "/health", timeout=5).status != 200:
                return "the phone does not get the page over the hotspot"
        elif state == "connected":
            if f"SSID: {status['wifi']['ssid']}" not in air:
                return f"not on {status['wifi']['ssid']}: {air}"
            address = status["wifi"]["address"].split("/")[0]
            if self.lab.router.http("GET", f"http://{address}:{PORT}/health",
                                    timeout=5).status != 200:
                return f"the home network does not get the page from {address}"
        elif state == "wired":
            if self.lab.bench.open_page("/health", timeout=5).status != 200:
                return "the wire does not get the page"
        else:
            return f"it is {state!r}"
        return self.untrue_verdict(status)

    def untrue_verdict(self, status):
        verdict = status.get("verdict") or {}
        self.told = verdict.get("ssid"), verdict.get("code")
        if self.told == LOCKED_OUT:
            return None if self.locked_out else "nobody has changed the password"
        if self.told not in self.possible:
            return f"the verdict is {self.told}, true would be {self.possible}"
        if verdict["code"] == "joined" and verdict["ssid"] not in self.lab.device.saved_networks():
            return f"{verdict['ssid']} was joined, and isn't saved"
        return None

    def note_verdict(self):
        """Until the next join it stays; but for that of a lock-out, which makes way for the one before when it is over."""
        if self.told == LOCKED_OUT:
            self.possible.add((HOME, "joined"))
        else:
            self.possible = {self.told}

    def settle(self):
        problem = "nothing was looked at"

        def well():
            nonlocal problem
            problem = self.untrue()
            return problem is None
        try:
            wait.until(well, SETTLED_SECONDS, "the device to be reachable and truthful", interval=2)
        except wait.Timeout as error:
            raise wait.Timeout(f"{error}: {problem}") from None
        self.note_verdict()


@pytest.mark.parametrize("number", range(max(STORMS, 1)))
def test_the_device_is_reached_in_the_end_and_says_the_truth(home, number):
    storm = Storm(home, random.Random(f"{SEED} storm {number}"))
    storm.settle()
    for count in range(EVENTS):
        event = storm.chance.choice(storm.events())
        print(f"LAB_SEED={SEED}: storm {number}, event {count}: {event.__name__}", flush=True)
        event()
        storm.settle()
        # A network that was proved once is kept, whatever came later.
        assert home.device.exists(f"{STATE}/network/user-netplan.yaml")
        assert home.machine.run("identclient --check", check=False).code == 0
