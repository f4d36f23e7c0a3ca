# SPDX-License-Identifier: LGPL-2.1-or-later
"""A TPM 2.0 for the board of a machine, in software (swtpm). What it keeps lies in a folder of its own: a board may be
given another one, and its own back."""

import subprocess
from pathlib import Path

from . import wait


class Tpm:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.number = self.folder.with_suffix(".pid")

    def switch_on(self, sockets):
        """For one life of QEMU, with which it ends; returns how QEMU is to be started."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # It has seen the end of QEMU a moment later than others, and holds on to its folder till then.
        wait.until(lambda: not self.runs(), 20, "the TPM to be off")
        control = f"{sockets}/tpm"
        subprocess.run(["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.folder}", "--terminate", "--daemon",
                        "--ctrl", f"type=unixio,path={control}", "--pid", f"file={self.number}"], check=True)
        return ["-chardev", f"socket,id=tpm,path={control}", "-tpmdev", "emulator,id=tpm,chardev=tpm",
                "-device", "tpm-crb,tpmdev=tpm"]

    def runs(self):
        try:
            command = Path(f"/proc/{int(self.number.read_text())}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return False
        return str(self.folder).encode() in command
