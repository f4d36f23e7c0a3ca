# SPDX-License-Identifier: LGPL-2.1-or-later
"""What every scenario starts from: the world, with the device in one of the states of its life."""

import os

import pytest

from lab.image import build
from lab.machine import Machine, accelerator
from lab.states import States
from lab.world import Lab


def pytest_configure(config):
    config.addinivalue_line("markers", "long: a story that waits or boots a lot; told in the campaign")
    config.addinivalue_line("markers", "random: what happens is drawn; more of it in the campaign")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """While one machine lives through to the states, another has stories that wait for none of them.

    pytest-xdist deals each worker a quarter of its share at first, one after the other.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    early = [item for item in items if {"blank", "factory"} & set(item.fixturenames)]
    late = [item for item in items if item not in early]
    hand = max(len(items) // workers // 4, 2)
    items[:] = late[:hand] + early + late[hand:]


def pytest_report_header():
    return f"lab: accelerator {accelerator()}"


@pytest.fixture(scope="session")
def image():
    return build()


@pytest.fixture(scope="session")
def states(image):
    # Each worker of pytest-xdist has a machine of its own.
    name = os.environ.get("LAB_NAME", "lab") + os.environ.get("PYTEST_XDIST_WORKER", "")
    leftover = Machine.find(image, name)
    if leftover:
        leftover.quit()
    machine = Machine(image, name)
    yield States(machine)
    if not os.environ.get("LAB_KEEP"):
        machine.quit()
        machine.disk.unlink(missing_ok=True)


@pytest.fixture
def at(states):
    """at("home") puts the world at the start of that state and returns the Lab."""
    def start(state):
        states.start(state)
        return Lab.around(states.machine)
    return start


@pytest.fixture
def blank(states):
    """A device that was never switched on; blank("lab.wire=plugged") says what awaits it."""
    def start(boot_words=""):
        machine = states.machine
        machine.quit()
        machine.new_disk()
        machine.copied_from = None
        machine.power_on(boot_words)
        machine.wait_for_agent()
        return Lab.around(machine)
    return start


@pytest.fixture
def factory(at):
    return at("factory")


@pytest.fixture
def first_time(at):
    return at("first-time")


@pytest.fixture
def home(at):
    return at("home")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if not report.failed or "states" not in item.funcargs:
        return
    machine = item.funcargs["states"].machine
    try:
        machine.reconnect()
        text = Lab.around(machine).device.report()
    except Exception as error:  # pylint: disable=broad-exception-caught
        text = f"the guest can't be asked: {error!r}"
    report.sections.append(("the device", text))
    if machine.console.exists():
        report.sections.append(("console", machine.console.read_text(errors="replace")[-4000:]))
