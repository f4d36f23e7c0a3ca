# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may ask the daemons what: their sockets' modes, and each method's own rule."""

import json
import shlex

import pytest

SOCKETS = ["healthd", "user-network"]


def ask_as(lab, user, daemon, method, params=None):
    line = json.dumps({"id": 1, "method": method, "params": params or {}})
    return lab.machine.run(f"runuser -u {user} -- /opt/lab/ipc /run/unbox/{daemon}.sock "
                           f"{shlex.quote(line)}", check=False)


@pytest.fixture
def people(enrolled):
    """A stranger, and somebody of the group unbox."""
    enrolled.machine.run("useradd stranger && useradd -G unbox keeper")
    return enrolled


def test_a_stranger_may_not_even_connect(people):
    for daemon in SOCKETS:
        assert people.machine.out(f"stat -c '%a %G' /run/unbox/{daemon}.sock") == "660 unbox"
        assert ask_as(people, "keeper", daemon, "ping").code == 0
        refused = ask_as(people, "stranger", daemon, "ping")
        assert refused.code != 0 and "PermissionError" in refused.stderr


def test_the_identity_is_closed_to_others(people):
    for user in ("stranger", "keeper", "unbox-web"):
        result = people.machine.run(f"runuser -u {user} -- cat "
                                    "/var/lib/unbox/identity/current/private.pem.key", check=False)
        assert result.code != 0
    private = people.machine.out("stat -Lc '%U %a' /var/lib/unbox/identity/current/private.pem.key")
    assert private.startswith("unbox-ident 6") and private.endswith("0")
