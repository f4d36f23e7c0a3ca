# SPDX-License-Identifier: LGPL-2.1-or-later
"""What healthd and its neighbours cost, and their rivals, measured in one container."""
