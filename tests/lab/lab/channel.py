# SPDX-License-Identifier: LGPL-2.1-or-later
"""JSON lines over a Unix socket: what QEMU's monitor and the guest agent both speak."""

import json
import socket
import time


class Closed(Exception):
    """The other end is gone: QEMU has ended, or was killed."""


class Channel:
    def __init__(self, path, timeout=10):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        deadline = time.monotonic() + timeout
        while True:
            try:
                self.socket.connect(str(path))
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        self.buffer = b""

    def close(self):
        self.socket.close()

    def send(self, message, prefix=b""):
        try:
            self.socket.sendall(prefix + json.dumps(message).encode() + b"\n")
        except OSError as error:
            raise Closed(str(error)) from error

    def read_line(self, timeout):
        """Returns the next line; raises TimeoutError when none comes."""
        deadline = time.monotonic() + timeout
        while b"\n" not in self.buffer:
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                data = self.socket.recv(65536)
            except ConnectionError as error:
                raise Closed(str(error)) from error
            if not data:
                raise Closed("end of stream")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line
