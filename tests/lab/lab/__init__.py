# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lab: a virtual machine with a device in it, and the world around that device."""
