# SPDX-License-Identifier: LGPL-2.1-or-later
"""A NetworkManager with routers in reach: what is activated comes up, or fails as NetworkManager fails."""

import threading
import time
import uuid

from gi.repository import GLib

from bus_peer import NOTHING, Refusal
from fake_network import DISCONNECTED, NAME, PATH, FakeNetworkManager

ROOT = "/org/freedesktop"
RADIO = f"{PATH}/Devices/1"
UNAVAILABLE, CONFIG, ADDRESSING, ACTIVATED, FAILED = 20, 50, 70, 100, 120
NO_ADDRESS, NO_SECRETS, SUPPLICANT_FAILED, RADIO_GONE, NOT_FOUND = 5, 7, 10, 1, 53
PSK, EAP, SAE, OWE = 0x100, 0x200, 0x400, 0x800
PATIENCE = 0.05

V = GLib.Variant


def router(password=None, rsn=PSK, signal=80, frequency=2412, hidden=False, **more):
    """One in reach. `address` and `gateway` are what its DHCP server gives; None: nothing. `reason` is what is heard of
    a wrong password, where it is another than its kind's."""
    return {"password": password, "rsn": rsn, "signal": signal, "frequency": frequency, "hidden": hidden,
            "address": "192.168.50.7", "gateway": "192.168.50.1", **more}


def in_file(path):
    """A profile as netplan writes it: (ssid, psk, everything by group and key)."""
    keyfile = GLib.KeyFile()
    keyfile.load_from_file(str(path), GLib.KeyFileFlags.NONE)
    return {group: {key: keyfile.get_string(group, key) for key in keyfile.get_keys(group)[0]}
            for group in keyfile.get_groups()[0]}


def as_bytes(name):
    return name if isinstance(name, bytes) else name.encode()


class Routers(FakeNetworkManager):
    """`device` is the test's; `routers` maps names (bytes where they are no text) to what router() makes, or to a
    list of several, and may change."""

    def __init__(self, bus, device, routers, internet=None, **interfaces):
        self._device = device
        self.routers = routers
        self.internet = internet  # None: nobody checks
        self.held = set()  # what never comes: "associating", "address", "off", "on" (the radio), "by itself", "scan"
        self.mute = set()  # methods that are done, but never answered
        self.late = set()  # methods that neither happens to, until catch_up()
        self.refused = set()  # methods that it can't do
        self.patience = PATIENCE  # seconds that a step takes
        self.boottime = lambda: time.clock_gettime(time.CLOCK_BOOTTIME)  # the daemon's
        self.tried = []  # every profile that was activated, as NetworkManager was given it
        self._folder = device.path("/run/NetworkManager/system-connections")
        self._last = 0
        self._round = 0
        self._remembered = {}  # what was active when a checkpoint was made
        self._active = None  # paths of the profile, and of the active connection
        self.profiles = {}
        super().__init__(bus, **interfaces)
        with self._lock:
            self._change(PATH, NAME, ActiveConnections=V("ao", []), Checkpoints=V("ao", []),
                         ConnectivityCheckAvailable=V("b", internet is not None),
                         ConnectivityCheckEnabled=V("b", internet is not None))
            self._load_files()

    # -- objects as libnm mirrors them ------------------------------------------------------------

    def _signal(self, path, interface, name, parameters):
        if self._connection.is_closed():  # the test is over
            return
        self._connection.emit_signal(None, path, interface, name, parameters)

    def _change(self, path, interface, **properties):
        self.objects[path][interface].update(properties)
        self._signal(path, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                     V("(sa{sv}as)", (interface, properties, [])))

    def _add(self, kind, interface, **properties):
        self._last += 1
        path = f"{PATH}/{kind}/{self._last}"
        self.objects[path] = {interface: properties}
        self._signal(ROOT, "org.freedesktop.DBus.ObjectManager", "InterfacesAdded",
                     V("(oa{sa{sv}})", (path, self.objects[path])))
        return path

    def _remove(self, path):
        interfaces = list(self.objects.pop(path))
        self._signal(ROOT, "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved",
                     V("(oas)", (path, interfaces)))

    def _paths(self, kind):
        return [path for path in self.objects if path.startswith(f"{PATH}/{kind}/")]

    def _list(self, owner, interface, name, kind):
        self._change(owner, interface, **{name: V("ao", self._paths(kind))})

    # -- profiles ---------------------------------------------------------------------------------

    def _add_profile(self, settings, filename="", volatile=False):
        path = self._add("Settings", f"{NAME}.Settings.Connection", Unsaved=V("b", not filename),
                         Flags=V("u", 0), Filename=V("s", filename))
        self.profiles[path] = {"settings": settings, "file": filename, "volatile": volatile}
        self._list(f"{PATH}/Settings", f"{NAME}.Settings", "Connections", "Settings")
        return path

    def _remove_profile(self, path):
        if self._active and self._active[0] == path:
            self._deactivate()
        if self.profiles.pop(path, None):
            self._remove(path)
            self._list(f"{PATH}/Settings", f"{NAME}.Settings", "Connections", "Settings")

    def _load_files(self):
        found = {f"/run/NetworkManager/system-connections/{path.name}": in_file(path)
                 for path in sorted(self._folder.glob("*.nmconnection"))}
        for path, profile in list(self.profiles.items()):
            if profile["file"] and found.get(profile["file"]) != profile["settings"]:
                self._remove_profile(path)
        known = {profile["file"] for profile in self.profiles.values()}
        for name, settings in found.items():
            if name not in known:
                self._add_profile(settings, name)

    def loaded(self):
        """The names of netplan's profiles that it knows."""
        return {profile["settings"]["wifi"]["ssid"] for profile in list(self.profiles.values())
                if profile["file"]}

    def names_of_profiles(self):
        return [profile["settings"]["connection"]["id"] for profile in list(self.profiles.values())]

    def on(self):
        """The name of the network that the radio is on, or None."""
        with self._lock:
            up = self.objects[RADIO][f"{NAME}.Device"]["State"].unpack() == ACTIVATED
            return self._ssid(self.profiles[self._active[0]]["settings"]) if up else None

    def enabled(self):
        """Whether the radio is switched on."""
        return self.objects[PATH][NAME]["WirelessEnabled"].unpack()

    @staticmethod
    def _ssid(settings):
        wifi = settings.get("wifi") or settings["802-11-wireless"]
        return wifi["ssid"] if isinstance(wifi["ssid"], str) else bytes(wifi["ssid"]).decode()

    @staticmethod
    def _group(settings, name, keyfile_name):
        return settings.get(name) or settings.get(keyfile_name) or {}

    # -- what the radio does ----------------------------------------------------------------------

    def _state(self, state, reason=0):
        old = self.objects[RADIO][f"{NAME}.Device"]["State"].unpack()
        self._change(RADIO, f"{NAME}.Device", State=V("u", state), StateReason=V("(uu)", (state, reason)))
        self._signal(RADIO, f"{NAME}.Device", "StateChanged", V("(uuu)", (state, old, reason)))

    def _deactivate(self, state=DISCONNECTED, reason=0):
        self._round += 1
        now, self._active = self._active, None
        self._change(RADIO, f"{NAME}.Device", ActiveConnection=V("o", "/"), Ip4Config=V("o", "/"),
                     Ip6Config=V("o", "/"))
        self._state(state, reason)
        if not now:
            return
        profile, active = now
        self._forget_own_point(profile)
        self._remove(active)
        self._list(PATH, NAME, "ActiveConnections", "ActiveConnection")
        if self.profiles.get(profile, {}).get("volatile"):
            self._remove_profile(profile)

    def _activate(self, profile):
        if RADIO not in self.objects:
            raise KeyError(RADIO)
        if self._active:
            self._deactivate()
        settings = self.profiles[profile]["settings"]
        self.tried.append(settings)
        active = self._add(
            "ActiveConnection", f"{NAME}.Connection.Active", Connection=V("o", profile),
            Id=V("s", self._ssid(settings)), Uuid=V("s", self._uuid(profile)), Type=V("s", "802-11-wireless"),
            Devices=V("ao", [RADIO]), State=V("u", 1), SpecificObject=V("o", "/"))
        self._active = (profile, active)
        self._list(PATH, NAME, "ActiveConnections", "ActiveConnection")
        self._change(RADIO, f"{NAME}.Device", ActiveConnection=V("o", active))
        self._state(CONFIG)
        self._later(self._associate, settings)
        return active

    def _later(self, step, *arguments):
        """Unless something else has begun by then."""
        this = self._round

        def run():
            with self._lock:
                if self._round == this:
                    step(*arguments)
        threading.Timer(self.patience, run).start()

    def _fail(self, reason):
        self._state(FAILED, reason)
        self._deactivate()

    def _associate(self, settings):
        wifi = self._group(settings, "802-11-wireless", "wifi")
        if wifi.get("mode") == "ap":
            self._come_up({"address": "10.42.0.1", "gateway": None})
            return
        if "associating" in self.held:
            return
        there = self._strongest(self._ssid(settings), settings)
        if not there:
            self._fail(NOT_FOUND)
        elif not self._lets_in(there, settings):
            self._fail(there.get("reason", NOT_FOUND if there["rsn"] == SAE else NO_SECRETS))
        else:
            self._state(ADDRESSING)
            self._later(self._address, there, settings)

    def _strongest(self, name, settings):
        """Of several with one name those of another kind are nothing to it."""
        found = self.routers.get(name, [])
        fit = [one for one in found if self._is_secured(one) == bool(
            self._group(settings, "802-11-wireless-security", "wifi-security"))] if isinstance(found, list) else [found]
        return max(fit, key=lambda one: one["signal"], default=None)

    @staticmethod
    def _is_secured(there):
        return there["rsn"] != 0

    def _lets_in(self, there, settings):
        security = self._group(settings, "802-11-wireless-security", "wifi-security")
        if there["rsn"] & EAP:
            eap = settings.get("802-1x", {})
            return security.get("key-mgmt") == "wpa-eap" and self._knows(there, eap)
        if there["rsn"] & OWE:
            return security.get("key-mgmt") == "owe"
        return security.get("psk") == there["password"]

    def _knows(self, there, eap):
        if "certificate" not in there:
            return eap.get("password") == there["password"]
        return "tls" in eap["eap"] and there["certificate"] == tuple(
            self._device.path(self._place(eap[name])).read_text() for name in ("client-cert", "private-key"))

    @staticmethod
    def _place(value):
        """Of a file, as it stands in a keyfile, or as it comes over the bus."""
        return value if isinstance(value, str) else bytes(value).decode().rstrip("\0").removeprefix("file://")

    def _address(self, there, settings):
        if "address" in self.held:
            return
        fixed = settings.get("ipv4", {})
        if fixed.get("method") == "manual" and "address-data" in fixed:
            self._come_up({"address": fixed["address-data"][0]["address"], "gateway": fixed.get("gateway")})
        elif fixed.get("method") == "manual":
            address, _, gateway = fixed["address1"].partition(",")
            self._come_up({"address": address.partition("/")[0], "gateway": gateway or None})
        elif there["address"]:
            self._come_up(there)
        else:
            self._fail(NO_ADDRESS)

    def _come_up(self, given):
        version, prefix = (6, 64) if ":" in given["address"] else (4, 24)
        data = V("aa{sv}", [{"address": V("s", given["address"]), "prefix": V("u", prefix)}])
        path = self._add(f"IP{version}Config", f"{NAME}.IP{version}Config", AddressData=data,
                         RouteData=V("aa{sv}", []), Gateway=V("s", given["gateway"] or ""))
        full = 4 if self.internet else 2
        self._change(RADIO, f"{NAME}.Device", **{f"Ip{version}Config": V("o", path)},
                     Ip4Connectivity=V("u", 0 if self.internet is None else full))
        self._state(ACTIVATED)

    def rename_host(self, name):
        with self._lock:
            self._change(f"{PATH}/Settings", f"{NAME}.Settings", Hostname=V("s", name))

    def reach_internet(self, reached):
        with self._lock:
            self.internet = reached
            self._change(RADIO, f"{NAME}.Device", Ip4Connectivity=V("u", 4 if reached else 2))

    def _connect_by_itself(self):
        if "by itself" in self.held or RADIO not in self.objects or not self.enabled():
            return
        known = [(int(p["settings"]["connection"].get("autoconnect-priority", 0)), path)
                 for path, p in self.profiles.items()
                 if p["file"] and self._ssid(p["settings"]) in self.routers]
        if known and not self._active:
            self._activate(max(known)[1])

    def _switch(self, on):
        if ("on" if on else "off") in self.held or self.enabled() == on:
            return
        self._change(PATH, NAME, WirelessEnabled=V("b", on))
        if on:
            self._state(DISCONNECTED)
            self._later(self._connect_by_itself)
        else:
            self._deactivate(UNAVAILABLE, RADIO_GONE)

    def _is_hotspot(self, profile):
        settings = self.profiles.get(profile, {}).get("settings", {})
        return self._group(settings, "802-11-wireless", "wifi").get("mode") == "ap"

    def _forget_own_point(self, profile):
        if not self._is_hotspot(profile):
            return
        name = as_bytes(self._ssid(self.profiles[profile]["settings"]))
        for path in self._paths("AccessPoint"):
            if bytes(self.objects[path][f"{NAME}.AccessPoint"]["Ssid"].unpack()) == name:
                self._remove(path)
        self._list(RADIO, f"{NAME}.Device.Wireless", "AccessPoints", "AccessPoint")

    def _in_the_air(self):
        """(name, router) of each that tells its name; the own hotspot is one of them."""
        if self._active and self._is_hotspot(self._active[0]):
            yield self._ssid(self.profiles[self._active[0]]["settings"]), router()
        for name, there in self.routers.items():
            for one in there if isinstance(there, list) else [there]:
                if not one["hidden"]:
                    yield name, one

    def unplug_radio(self):
        with self._lock:
            self._deactivate(UNAVAILABLE, RADIO_GONE)
            super().unplug_radio()

    def _scan(self):
        if RADIO not in self.objects or "scan" in self.held:
            return
        for path in self._paths("AccessPoint"):
            self._remove(path)
        now = self.boottime()
        for name, there in self._in_the_air():
            self._add("AccessPoint", f"{NAME}.AccessPoint", Flags=V("u", 1 if there["rsn"] else 0),
                      WpaFlags=V("u", 0), RsnFlags=V("u", there["rsn"]), Ssid=V("ay", as_bytes(name)),
                      Frequency=V("u", there["frequency"]), HwAddress=V("s", "02:00:00:00:00:01"),
                      Mode=V("u", 2), Strength=V("y", there["signal"]), LastSeen=V("i", int(now)))
        self._list(RADIO, f"{NAME}.Device.Wireless", "AccessPoints", "AccessPoint")
        self._change(RADIO, f"{NAME}.Device.Wireless", LastScan=V("x", int(now * 1000)))

    def lose_the_router(self, reason=NOT_FOUND):
        """What goes on with the radio fails; NetworkManager then tries what it knows."""
        with self._lock:
            self._fail(reason)
            self._later(self._connect_by_itself)

    def try_by_itself(self):
        with self._lock:
            self._later(self._connect_by_itself)

    def _begin_radio(self):
        if RADIO not in self.objects:
            return
        state = DISCONNECTED if self.enabled() else UNAVAILABLE
        self._change(RADIO, f"{NAME}.Device", ActiveConnection=V("o", "/"), Ip4Config=V("o", "/"),
                     State=V("u", state), StateReason=V("(uu)", (state, 0)))
        self._change(RADIO, f"{NAME}.Device.Wireless", AccessPoints=V("ao", []), LastScan=V("x", -1))

    def start_anew(self, keeps=False, takes_up=False):
        """As after SIGKILL: what lies in files and the radio's switch stay as they are. Of what it had in memory it
        may know the profiles, and may even take up again the one that was active."""
        self.disconnect()
        with self._lock:
            self._round += 1
            kept = [profile for profile in self.profiles.values() if keeps and not profile["file"]]
            active = self.profiles[self._active[0]] if self._active else None
            self._active = None
            self._remembered.clear()
            self.profiles.clear()
            for kind in ("Settings", "ActiveConnection", "Checkpoint", "AccessPoint"):
                for path in self._paths(kind):
                    self._remove(path)
            self._begin_radio()
            self._change(PATH, NAME, ActiveConnections=V("ao", []), Checkpoints=V("ao", []))
            self._load_files()
            for profile in kept:
                path = self._add_profile(profile["settings"], volatile=profile["volatile"])
                if takes_up and profile is active:
                    self._activate(path)
        self.connect()
        self.try_by_itself()
        self._later_scan()

    # -- what is asked of it ----------------------------------------------------------------------

    def _uuid(self, profile):
        known = self.profiles[profile]
        return known["settings"].get("connection", {}).get("uuid") or str(
            uuid.uuid5(uuid.NAMESPACE_URL, known["file"]))

    def _on_GetSettings(self, profile):
        settings = self.profiles[profile]["settings"]
        return V("(a{sa{sv}})", ({
            "connection": {"id": V("s", self._ssid(settings)), "uuid": V("s", self._uuid(profile)),
                           "type": V("s", "802-11-wireless")},
            "user": {"data": V("a{ss}", settings.get("user", {}).get("data", {}))},
            "802-11-wireless": {"ssid": V("ay", self._ssid(settings).encode())}},))

    def _roll_back(self, checkpoint):
        before = self._remembered.pop(checkpoint)
        self._remove_checkpoint(checkpoint)
        if before in self.profiles:
            self._activate(before)
        elif self._active:
            self._deactivate()
        return V("(a{su})", ({RADIO: 0},))

    def _remove_checkpoint(self, checkpoint):
        if checkpoint in self.objects:
            self._remove(checkpoint)
            self._list(PATH, NAME, "Checkpoints", "Checkpoint")

    def _remember(self):
        checkpoint = self._add("Checkpoint", f"{NAME}.Checkpoint", Devices=V("ao", [RADIO]),
                               Created=V("x", 1), RollbackTimeout=V("u", 180))
        self._list(PATH, NAME, "Checkpoints", "Checkpoint")
        self._remembered[checkpoint] = self._active[0] if self._active else None
        return checkpoint

    def catch_up(self):
        """Does what it was asked for meanwhile, and answers it."""
        with self._lock:
            late, self.late = self.late, set()
            waiting = [message for message in self.unanswered if message.get_member() in late]
            for message in waiting:
                self.unanswered.remove(message)
                self.reply(message, self.answer(message.get_member(), message.get_path(),
                                                message.get_body().unpack(), message.get_sender()))

    def answer(self, member, path, arguments, sender):
        if member in self.late:
            return None
        if member in self.refused:
            return Refusal(f"{NAME}.Failed", "it can't do that")
        known = getattr(self, f"_on_{member}", None)
        if not known:
            return super().answer(member, path, arguments, sender)
        try:
            done = known(path, *arguments)
            return None if member in self.mute else done
        except KeyError as gone:
            return Refusal("org.freedesktop.DBus.Error.UnknownObject", str(gone))

    def _on_Set(self, path, interface, name, value):
        if name == "WirelessEnabled":
            self._later(self._switch, value)
        return NOTHING

    def _on_RequestScan(self, path, options):
        self._later_scan()
        return NOTHING

    def _later_scan(self):
        def run():
            with self._lock:
                self._scan()
        threading.Timer(self.patience, run).start()

    def _on_ReloadConnections(self, path):
        self._load_files()
        return V("(b)", (True,))

    def _on_Delete(self, path):
        self._remove_profile(path)
        return NOTHING

    def _on_ActivateConnection(self, path, profile, device, specific):
        return V("(o)", (self._activate(profile),))

    def _on_AddAndActivateConnection2(self, path, settings, device, specific, options):
        if settings["connection"]["uuid"] in [self._uuid(known) for known in self.profiles]:
            return Refusal(f"{NAME}.Settings.UuidExists", "a connection with this UUID already exists")
        profile = self._add_profile(settings, volatile=options.get("persist") == "volatile")
        return V("(ooa{sv})", (profile, self._activate(profile), {}))

    def _on_DeactivateConnection(self, path, active):
        self._deactivate()
        return NOTHING

    def _on_CheckpointCreate(self, path, devices, timeout, flags):
        return V("(o)", (self._remember(),))

    def _on_CheckpointDestroy(self, path, checkpoint):
        self._remove_checkpoint(checkpoint)
        return NOTHING

    def _on_CheckpointRollback(self, path, checkpoint):
        return self._roll_back(checkpoint)

    def checkpoints(self):
        return self._paths("Checkpoint")

    def hotspots(self):
        return [settings for settings in self.tried
                if self._group(settings, "802-11-wireless", "wifi").get("mode") == "ap"]
