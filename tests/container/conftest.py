# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests of the installed suite under real systemd, in a container: what needs no radio."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lab"))

from lab import container as containers  # noqa: E402  pylint: disable=wrong-import-position
from lab.device import Device  # noqa: E402  pylint: disable=wrong-import-position
from lab.states import enrol  # noqa: E402  pylint: disable=wrong-import-position
from lab.world import Bench, Lab  # noqa: E402  pylint: disable=wrong-import-position


@pytest.fixture(scope="session")
def template():
    return containers.template()


@pytest.fixture
def lab(template):
    """A device at its first boot, never enrolled; the bench is off and its wire unplugged."""
    container = containers.Container(template)
    try:
        container.start()
        yield Lab(container, Device(container), Bench(container), None, None)
    finally:
        container.end()


@pytest.fixture
def enrolled(lab):
    """A device that has its identity, and the wire of the bench still plugged."""
    enrol(lab)
    return lab


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed and report.when == "call" and "lab" in item.funcargs:
        report.sections.append(("the device", item.funcargs["lab"].device.report()))
