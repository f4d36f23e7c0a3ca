# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long a customer waits for his hotspot and for the truth about his network, and what that costs."""

import time

from lab.machine import accelerator
from lab.world import HOME, HOME_PASSWORD

from . import idle, memory, table
from .joiners import JOINERS

TRIES = {"bad": (HOME, "not-the-password"), "absent": ("Nobody's network", HOME_PASSWORD),
         "silent": (HOME, HOME_PASSWORD), "good": (HOME, HOME_PASSWORD)}
ROWS = {
    "boot": "kernel's start → beacon of the hotspot, s",
    "good": "good password → verdict, s",
    "bad": "bad password → verdict, s",
    "absent": "network absent → verdict, s",
    "silent": "no DHCP → verdict, s",
    "back": "bad password → beacon of the hotspot again, s",
    "memory": "memory of its own daemons (PSS), MB",
    "wakes": "their wake-ups/minute, hotspot open, nobody on it",
}
# Where a rival has nothing to be measured by, and why.
CANNOT = {
    ("comitup", "bad"): "¹", ("comitup", "absent"): "¹", ("comitup", "silent"): "¹",
    ("nmcli", "memory"): "²", ("nmcli", "wakes"): "²",
}
FOOTNOTES = (
    "¹ comitup gives no verdict on a network that can't be joined: its page, its D-Bus interface and its callback "
    "go back to HOTSPOT and say nothing of a reason. Debian's package doesn't start on Debian 12 as it comes: "
    "`machine/opt/measure/python/sitecustomize.py` says why, and helps it.",
    "² Nothing of it is left running: NetworkManager itself, which all of them need, isn't counted for any.",
    "nmcli is the floor: a profile that NetworkManager opens at boot by itself; `connection add`, `connection up`; and "
    "where that fails, at once `connection up Hotspot`. Nobody does that for a customer. unbox's good verdict "
    "comes after the saved network has been proved by switching the radio off and on; nmcli's and comitup's when "
    "NetworkManager is connected. unbox's daemons are user-network and webserver, comitup's comitup and comitup-web.",
)


def attempt(ground, joiner, name):
    """One try; returns its answer, with the seconds that it took."""
    ssid, password = TRIES[name]
    router = ground.lab.router
    joiner.ready()
    if name == "silent":
        router.give_no_addresses()
    try:
        answer = joiner.join(ssid, password)
    finally:
        router.give_addresses()
    answer["seconds"] = answer["told"] - answer["asked"]
    if name == "bad":
        answer["back"] = ground.heard(joiner.ssid, answer["asked"]) - answer["asked"]
    joiner.forget(ssid)
    return answer


def rest(ground, joiner, minutes):
    """What its daemons hold and how often they wake, while nothing happens."""
    if not joiner.units:
        return {}
    time.sleep(idle.SETTLING)
    pids = {unit: ground.pid(unit) for unit in joiner.units}
    costs = idle.windows(ground, pids, minutes, 1)
    return {"memory": sum(memory.look(ground, unit)[0] for unit in joiner.units),
            "wakes": sum(window[0][1] for window in costs.values())}


def once(ground, joiner, minutes):
    """What was measured in one life of the device, and what was said that should not have been."""
    seen, wrong = {"boot": joiner.boot()}, {}
    seen |= rest(ground, joiner, minutes)
    for name in TRIES:
        # Nothing to be learnt; after the wrong password it shows when its hotspot is back.
        if name != "bad" and (joiner.whom, name) in CANNOT:
            continue
        answer = attempt(ground, joiner, name)
        if name == "bad":
            seen["back"] = answer["back"]
        if joiner.said.get(name, "") not in answer["said"]:
            wrong[name] = answer["said"]
        elif name in joiner.said:
            seen[name] = answer["seconds"]
    return seen, wrong


def cell(joiner, name, results):
    if (joiner.whom, name) in CANNOT:
        return f"–{CANNOT[joiner.whom, name]}"
    text = table.spread([seen.get(name) for seen, _ in results])
    wrong = sorted({said[name] for _, said in results if name in said})
    return f"{text}; wrongly said: {', '.join(wrong)}" if wrong else text


def measure(ground, options):
    results = {}
    for kind in JOINERS:
        joiner = kind(ground)
        ground.unpack()
        joiner.move_in()
        results[joiner] = [once(ground, joiner, options.minutes / options.runs)
                           for _ in range(options.runs)]
    table.show("Network", ["", *(joiner.name for joiner in results)],
               [[title, *(cell(joiner, name, seen) for joiner, seen in results.items())]
                for name, title in ROWS.items()],
               f"Medians of {options.runs} lives of the device in the lab's virtual machine ({accelerator()}"
               f"{', which emulates the processor' if accelerator() == 'tcg' else ''}), with simulated radios.",
               *FOOTNOTES)
