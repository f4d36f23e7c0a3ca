# SPDX-License-Identifier: LGPL-2.1-or-later
"""A journal on the test's device, with the entries that the test wants in it."""

import pathlib
import subprocess

REMOTE = "/lib/systemd/systemd-journal-remote"


def entry(unit, message, seconds, **fields):
    """One entry of a unit's, at this time; `fields` come on top."""
    return {"__REALTIME_TIMESTAMP": str(seconds * 1_000_000), "_SYSTEMD_UNIT": unit,
            "SYSLOG_IDENTIFIER": unit.rpartition(".")[0], "PRIORITY": "6", "_PID": "42",
            "MESSAGE": message, **fields}


def exported(fields):
    """As journalctl -o export writes it."""
    lines = []
    for name, value in fields.items():
        value = value if isinstance(value, bytes) else value.encode()
        if b"\n" in value or not value.isascii():
            lines.append(name.encode() + b"\n" + len(value).to_bytes(8, "little") + value)
        else:
            lines.append(name.encode() + b"=" + value)
    return b"\n".join(lines) + b"\n\n"


def write(device, entries):
    """Puts it where healthd looks for the system's journal."""
    machine = pathlib.Path("/etc/machine-id").read_text(encoding="ascii").strip()
    folder = device.path(f"/run/log/journal/{machine}")
    folder.mkdir(parents=True)
    common = {"_BOOT_ID": "5" * 32, "_MACHINE_ID": machine, "__MONOTONIC_TIMESTAMP": "1"}
    subprocess.run(
        [REMOTE, f"--output={folder}/system.journal", "-"], check=True, capture_output=True,
        input=b"".join(exported({**common, **fields}) for fields in entries))
