# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian 12's python3-networkmanager doesn't know the loopback device that Debian 12's NetworkManager lists, and comitup ends
with a KeyError (its author's own packages have a newer one): such a device is a generic one here."""

import NetworkManager

_known = NetworkManager.device_class


def device_class(kind):
    try:
        return _known(kind)
    except KeyError:
        return NetworkManager.Generic


NetworkManager.device_class = device_class
