# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures of the bus tests; harness.py says what they are."""

import os
import pathlib
import shutil
import tempfile

import pytest

import harness
from hostnamed import Hostnamed


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root: daemons get a mount namespace"))


@pytest.fixture
def root():
    # Not pytest's tmp_path: a socket's path has at most 107 bytes.
    path = pathlib.Path(tempfile.mkdtemp(prefix="unbox-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def device(root):
    made = harness.Device(root)
    yield made
    made.close()


@pytest.fixture
def bus(root):
    """The device's system bus; ask for it before `device`, so that it ends after the daemons."""
    made = harness.Bus(root)
    yield made
    made.stop()


@pytest.fixture
def hostnamed(bus):
    made = Hostnamed(bus)
    yield made
    made.close()
