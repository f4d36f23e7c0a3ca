# SPDX-License-Identifier: LGPL-2.1-or-later
"""The demo: a device at the factory, then unpacked by a customer, and everything after left to you."""

import argparse
import os
import signal
import subprocess
import sys
import time

from lab import wait
from lab.image import build
from lab.machine import Machine, accelerator
from lab.states import enrol, unpack
from lab.world import (HOME, HOME_PASSWORD, HOTSPOT, HOTSPOT_PASSWORD, NEIGHBOUR, Lab)

started = time.monotonic()


def say(text):
    print(f"demo: {time.monotonic() - started:5.0f} s  {text}", flush=True)


def live(lab):
    """From the flashing station to the customer's living room."""
    say("first boot: nobody at the bench yet, the device waits for its identity")
    lab.machine.wait_for_boot()
    say(f"identclient says: {lab.device.status('identclient.service') or 'nothing yet'}")
    say("the bench is switched on and the wire plugged in")
    enrol(lab)
    say(f"enrolled; the device is called {lab.device.hostname()}")
    say("the wire is unplugged, the device is packed, sold and switched on again")
    unpack(lab)
    say(f"user-network says: {lab.device.status('user-network.service')}")
    say("the phone has joined the hotspot and opened the page")


def explain(lab):
    ctl = os.path.relpath(os.path.join(os.path.dirname(__file__), "ctl"))
    name = lab.device.hostname()
    print(f"""
The device is in its first time. Its page is on

    http://localhost:{lab.machine.port}

(your browser's requests go through the customer's phone, over the air, to http://{name}:5000)

In the air: {HOTSPOT!r} (the device's hotspot, password {HOTSPOT_PASSWORD!r}),
            {HOME!r} (the customer's router, password {HOME_PASSWORD!r}),
            {NEIGHBOUR!r} (the neighbour's; nobody knows the password).

Try:
  - The page asks for a device password first: choose one (8 characters at least).
  - Network: join {HOME} with a wrong password: the hotspot comes back and says why;
    then with the right one. The phone follows the device; the page answers again after some seconds.
  - Health, with {ctl} run 'systemctl kill -s KILL user-network'
  - System: factory reset, and wait for the page to come back.
  - {ctl} run 'systemctl status user-network healthd webserver'
  - {ctl} run '/opt/lab/bench plug'       the wire, as at the factory
  - {ctl} cut                             pull the plug

Ctrl-C ends it.
""", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="demo")
    parser.add_argument("--port", type=int, default=5000, help="of the page on this host")
    parser.add_argument("--leave", action="store_true", help="end when the device is ready, as a test")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    say(f"virtual machine with {accelerator()}; building (the first time takes some minutes)")
    machine = Machine(build(), os.environ.get("LAB_NAME", "lab"))
    try:
        machine.quit()
        machine.new_disk()
        machine.power_on(port=arguments.port)
        lab = Lab.around(machine)
        live(lab)
        explain(lab)
        if not arguments.leave:
            wait.forever()
    except KeyboardInterrupt:
        print()
        say("ending")
    except subprocess.CalledProcessError as error:
        say(f"failed: {error.cmd[0]}; if port {arguments.port} is taken, choose another: --port")
        sys.exit(1)
    except (wait.Timeout, AssertionError) as error:
        print(Lab.around(machine).device.report())
        say(f"failed: {error}")
        sys.exit(1)
    finally:
        machine.quit()
        machine.disk.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
