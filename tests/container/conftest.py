# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests of the installed suite under real systemd, in a container: what needs no radio."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lab"))

from lab import container as containers, wait  # noqa: E402  pylint: disable=wrong-import-position
from lab.device import Device  # noqa: E402  pylint: disable=wrong-import-position
from lab.world import Bench, Lab  # noqa: E402  pylint: disable=wrong-import-position


@pytest.fixture(scope="session")
def template():
    return containers.template()


WORLD = pytest.StashKey[Lab]()


@pytest.fixture
def world(request, template):
    """A Lab without a radio: a container, the device in it, and the bench."""
    container = containers.Container(template)
    lab = Lab(container, Device(container), Bench(container), None, None)
    request.node.stash[WORLD] = lab
    try:
        yield lab
    finally:
        container.end()


@pytest.fixture
def lab(world):
    """A device at its first boot, never enrolled; the bench is off and its wire unplugged."""
    world.machine.start()
    return world


@pytest.fixture
def enrolled(world):
    """A device that has its identity, and the wire of the bench still plugged."""
    world.machine.start(on_bench=True)
    wait.until(world.device.provisioned, 60, "the enrolment")
    wait.until(lambda: world.device.active("user-network.service"), 30,
               "user-network in the same boot")
    return world


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    world = item.stash.get(WORLD, None)
    if report.failed and world:
        report.sections.append(("the device", world.device.report()))
