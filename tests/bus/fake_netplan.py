#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""netplan's generator, as far as the bus tests need it: Wi-Fi networks become NetworkManager's profiles.

With the real one, user-network's files are tried by its unit test (wifi-yaml) and in the lab.
"""

import os
import pathlib
import sys
import time
import urllib.parse

import gi
import yaml

gi.require_version("GLib", "2.0")
from gi.repository import GLib  # pylint: disable=wrong-import-position

AUTH = {"identity": "identity", "anonymous-identity": "anonymous-identity", "password": "password",
        "ca-certificate": "ca-cert", "client-certificate": "client-cert", "client-key": "private-key",
        "client-key-password": "private-key-password", "phase2-auth": "phase2-auth"}


def profile(interface, ssid, point):
    """The keyfile of one network, as text."""
    keyfile = GLib.KeyFile()

    def put(group, key, value):
        keyfile.set_string(group, key, str(value))
    put("connection", "id", f"netplan-{interface}-{ssid}")
    put("connection", "type", "wifi")
    put("connection", "interface-name", interface)
    put("wifi", "ssid", ssid)
    put("wifi", "mode", "infrastructure")
    put("ipv4", "method", "auto")
    put("ipv6", "method", "auto")
    if point.get("hidden"):
        put("wifi", "hidden", "true")
    if "password" in point:
        put("wifi-security", "key-mgmt", "wpa-psk")
        put("wifi-security", "psk", point["password"])
    if "auth" in point:
        put("wifi-security", "key-mgmt", "wpa-eap")
        put("802-1x", "eap", point["auth"]["method"])
        for key, name in AUTH.items():
            if key in point["auth"]:
                put("802-1x", name, point["auth"][key])
    for key, value in point.get("networkmanager", {}).get("passthrough", {}).items():
        put(*key.split(".", 1), value)
    return keyfile.to_data()[0]


def stand_still(root):
    """Between reading and writing, while a test wants it and sees that it does: where the device's own files are read,
    or where one is tried in a folder apart."""
    what = "/run/netplan-check-hold" if "netplan-check" in root else f"{root}/run/netplan-hold"
    hold, holds = pathlib.Path(what), pathlib.Path(f"{what}s")
    if hold.exists():
        hold.rename(holds)
    parent = os.getppid()
    while holds.exists():
        time.sleep(0.02)
    # systemd ends it with the service.
    if os.getppid() != parent:
        sys.exit(1)


def refuse(root):
    """What it tries in a folder apart, with these words, when a test wants it to."""
    words = pathlib.Path("/run/netplan-refuses")
    if "netplan-check" in root and words.exists():
        sys.exit(words.read_text(encoding="utf-8"))


def main(root):
    refuse(root)
    profiles = {}
    for path in sorted(pathlib.Path(f"{root}/etc/netplan").glob("*.yaml")):
        try:
            network = yaml.safe_load(path.read_text(encoding="utf-8"))["network"]
        except (yaml.YAMLError, UnicodeError) as error:
            sys.exit(f"{path}: {error}")
        for interface, settings in network.get("wifis", {}).items():
            for ssid, point in settings["access-points"].items():
                name = f"netplan-{interface}-{urllib.parse.quote(ssid, safe='')}.nmconnection"
                profiles[name] = profile(interface, ssid, point)
    stand_still(root)
    folder = pathlib.Path(f"{root}/run/NetworkManager/system-connections")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("netplan-*"):
        old.unlink()
    os.umask(0o077)
    for name, text in profiles.items():
        (folder / name).write_text(text, encoding="utf-8")


main(sys.argv[2] if sys.argv[1:2] == ["--root-dir"] else "")
