# SPDX-License-Identifier: LGPL-2.1-or-later
"""The device's disk: Debian 12 from the machine's own apt sources, the suite installed as shipped.

Two layers are cached. The base (Debian's packages) takes a minute or two and changes with the list
of packages; the device (base, suite and lab files in an ext4 image) takes seconds and changes
with every build.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import places

SUITE = "bookworm"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
DISK_SIZE = "1536M"
HOSTNAME_OF_NO_ONE = "unbox-unnamed"

# Of the kernel's drivers, those that a virtual device, its radio and its power cuts need.
DRIVERS = ["block", "bluetooth", "char", "firmware", "md", "net/veth", "net/virtio_net",
           "net/net_failover", "net/wireless/mac80211_hwsim", "virtio"]
WITHOUT = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*",
           "/lib/modules/*/kernel/drivers/*", "/lib/modules/*/kernel/sound/*",
           "/lib/modules/*/kernel/arch/*",
           # Without udev in the initrd the root is mounted four seconds sooner.
           "/usr/share/initramfs-tools/hooks/udev", "/usr/share/initramfs-tools/scripts/*/udev"]
# What only makes an emulated machine slower and its journal noisier.
MASKED = ["apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer",
          "e2scrub_reap.service", "fstrim.timer", "hostapd.service", "getty@tty1.service",
          "serial-getty@ttyS0.service", "systemd-timesyncd.service", "systemd-binfmt.service",
          "proc-sys-fs-binfmt_misc.automount", "dev-hugepages.mount", "dev-mqueue.mount",
          "sys-kernel-debug.mount", "sys-kernel-tracing.mount", "sys-kernel-config.mount",
          "sys-fs-fuse-connections.mount", "systemd-pstore.service", "systemd-repart.service",
          "systemd-update-utmp.service", "systemd-update-utmp-runlevel.service",
          *(f"modprobe@{module}.service" for module in
            ("configfs", "dm_mod", "drm", "efi_pstore", "fuse", "loop"))]


# Twelve seconds of each start, five of each daemon-reload. What is left is the one that devices have: netplan's.
GENERATORS = [f"systemd-{name}-generator" for name in
              ("cryptsetup", "debug", "fstab", "getty", "gpt-auto", "hibernate-resume", "integritysetup", "rc-local",
               "run", "system-update", "sysv", "veritysetup")]


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, **options)


def quietly(*command):
    """For tools that talk a lot: what they said matters only when they failed."""
    done = subprocess.run([str(word) for word in command], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise SystemExit(f"{done.stdout}\nlab: failed: {' '.join(map(str, command))}")


def output(*command):
    return run(*command, stdout=subprocess.PIPE, text=True).stdout


def packages():
    lines = (places.LAB / "packages-image").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def digest(*parts):
    """A short name for everything that the parts say; a Path counts with all that lies below it."""
    sum_ = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            for path in sorted([part, *part.rglob("*")]):
                if "__pycache__" in path.parts:
                    continue
                sum_.update(f"{path.relative_to(part)} {path.lstat().st_mode:o}\n".encode())
                if path.is_symlink():
                    sum_.update(os.readlink(path).encode())
                elif path.is_file():
                    sum_.update(path.read_bytes())
        else:
            sum_.update(f"{part}\n".encode())
    return sum_.hexdigest()[:12]


def apt_sources():
    """The machine's own sources, but of them Debian's for this release only."""
    rows = output("apt-get", "indextargets", "--format",
                  "$(REPO_URI) $(RELEASE) $(CODENAME) $(COMPONENT) $(ORIGIN)",
                  "Created-By: Packages").splitlines()
    lines = []
    for row in rows:
        uri, release, codename, component, origin = (row.split() + [""] * 5)[:5]
        if origin == "Debian" and codename.startswith(SUITE) and component == "main" \
                and "backports" not in codename:
            lines.append(f"deb [signed-by={KEYRING}] {uri} {release} main")
    if not lines:
        raise SystemExit(f"lab: apt knows no source of Debian {SUITE}; run apt-get update")
    return sorted(set(lines))


def apt_proxy_options():
    options = []
    for line in output("apt-config", "dump").splitlines():
        if line.startswith(("Acquire::http::Proxy", "Acquire::https::Proxy")):
            options.append(f"--aptopt={line}")
    return options


def base():
    """Returns the folder that holds rootfs/, vmlinuz and initrd of plain Debian."""
    folder = places.CACHE / ("base-" + digest(*packages(), *DRIVERS, *WITHOUT))
    if (folder / "done").exists():
        return folder
    print("lab: making the base image (once, one to three minutes)", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = ["mmdebstrap", "--quiet", "--variant=minbase", "--mode=root",
               "--include=" + ",".join(packages())]
    command += [f"--dpkgopt=path-exclude={pattern}" for pattern in WITHOUT]
    command += [f"--dpkgopt=path-include=/lib/modules/*/kernel/drivers/{driver}*"
                for driver in DRIVERS]
    command += apt_proxy_options()
    # An initrd with what this machine boots from and nothing else loads in a fraction of the time.
    command += ['--setup-hook=mkdir -p "$1/etc/initramfs-tools/conf.d"; '
                'echo MODULES=list > "$1/etc/initramfs-tools/conf.d/lab"; '
                'printf "virtio_pci\\nvirtio_blk\\next4\\n" > "$1/etc/initramfs-tools/modules"']
    run(*command, SUITE, folder / "rootfs", "-", input="\n".join(apt_sources()) + "\n", text=True)
    boot = folder / "rootfs" / "boot"
    shutil.copy(next(boot.glob("vmlinuz-*")), folder / "vmlinuz")
    shutil.copy(next(boot.glob("initrd.img-*")), folder / "initrd")
    shutil.rmtree(boot)
    boot.mkdir()
    (folder / "done").touch()
    return folder


def build_suite(staging):
    """Builds a release and installs it below staging, as `meson install` does on a device."""
    if not (places.BUILD / "build.ninja").exists():
        quietly("meson", "setup", places.BUILD, places.SOURCE, "--buildtype=release",
                "-Dtests=disabled")
    quietly("meson", "compile", "-C", places.BUILD)
    quietly("meson", "install", "-C", places.BUILD, "--no-rebuild", "--destdir", staging)
    bench = places.BUILD / "identserver" / "identserver"
    if bench.exists():
        target = staging / "opt" / "bench"
        target.mkdir(parents=True)
        shutil.copy(bench, target)


def copy_over(source, target):
    """Copies a tree over another one, through the links that merge /lib into /usr/lib."""
    with subprocess.Popen(["tar", "-C", source, "--owner=0", "--group=0", "-c", "."],
                          stdout=subprocess.PIPE) as pack:
        run("tar", "-C", target, "-x", "--keep-directory-symlink", stdin=pack.stdout)
    if pack.returncode:
        raise RuntimeError(f"could not copy {source}")


def units_of(staging):
    folder = staging / "usr" / "lib" / "systemd" / "system"
    return sorted(path.name for path in folder.glob("*.*") if path.is_file() and "@" not in path.name)


def install(root, staging):
    """Turns plain Debian into a device fresh from the flashing station."""
    copy_over(staging, root)
    (root / "etc" / "machine-id").write_text("")
    (root / "etc" / "hostname").write_text(HOSTNAME_OF_NO_ONE + "\n")
    (root / "etc" / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    (root / "etc" / "resolv.conf").write_text("")
    run("systemd-sysusers", f"--root={root}", stderr=subprocess.DEVNULL)
    run("chroot", root, "ldconfig")
    run("chroot", root, "journalctl", "--update-catalog")
    # Fails on lines for groups and devices that exist on a running system only.
    subprocess.run(["chroot", str(root), "systemd-tmpfiles", "--create", "--prefix=/var",
                    "--prefix=/etc"], check=False, stderr=subprocess.DEVNULL)
    run("systemctl", f"--root={root}", "mask", *MASKED, stderr=subprocess.DEVNULL)
    masked = root / "etc/systemd/system-generators"
    masked.mkdir(exist_ok=True)
    for name in GENERATORS:
        (masked / name).symlink_to("/dev/null")
    units = units_of(staging)
    if units:
        run("systemctl", f"--root={root}", "preset", *units, stderr=subprocess.DEVNULL)


def surround(root, *lab_units):
    """Puts the lab's world around the device, and these of its units to work."""
    copy_over(places.GUEST, root)
    (root / "etc" / "netplan" / "50-cloud-init.yaml").chmod(0o600)
    run("systemctl", f"--root={root}", "enable", *lab_units, stderr=subprocess.DEVNULL)
    if (root / "opt" / "bench").exists():
        set_up_bench(root)


def lab_units():
    return sorted(path.name for path in (places.GUEST / "etc/systemd/system").glob("lab-*.service"))


def set_up_bench(root):
    """The bench's authority is made with the device's image, and the image trusts it."""
    quietly("chroot", root, "/opt/bench/identserver", "--init", "--directory", "/var/lib/bench",
            "--address", "7.7.7.7")
    (root / "etc" / "unbox").mkdir(exist_ok=True)
    shutil.copy(root / "var/lib/bench/ca.pem", root / "etc/unbox/factory-ca.pem")
    (root / "etc/unbox/factory-ca.pem").chmod(0o644)


class Image:
    """A device's disk as it leaves the flashing station, and the kernel to boot it with."""

    def __init__(self, folder, base_folder):
        self.folder = folder
        self.disk = folder / "disk.raw"
        self.kernel = base_folder / "vmlinuz"
        self.initrd = base_folder / "initrd"


def build(furnish=None, *parts):
    """Builds what has changed and returns the Image.

    `furnish(root)` puts more onto the disk, which then is another one; `parts` is what that depends on.
    """
    with places.lock("image"):
        return make(furnish, *parts)


def make(furnish=None, *parts):
    base_folder = base()
    with tempfile.TemporaryDirectory(dir=places.CACHE, prefix="making-") as work:
        staging = Path(work) / "suite"
        staging.mkdir()
        build_suite(staging)
        name = digest(base_folder.name, staging, places.GUEST, Path(__file__), *parts)
        folder = places.CACHE / f"device-{name}"
        image = Image(folder, base_folder)
        if image.disk.exists():
            return image
        print("lab: making the device's disk", flush=True)
        root = Path(work) / "root"
        run("cp", "-a", "--reflink=auto", base_folder / "rootfs", root)
        install(root, staging)
        surround(root, *lab_units())
        if furnish:
            furnish(root)
        raw = Path(work) / "disk.raw"
        quietly("mkfs.ext4", "-q", "-F", "-L", "device", "-d", root, "-E",
            "lazy_itable_init=0,lazy_journal_init=0", raw, DISK_SIZE)
        folder.mkdir(exist_ok=True)
        raw.rename(image.disk)
    forget_old_devices(folder)
    return image


def forget_old_devices(current):
    """Keeps the newest few: each weighs up to two gigabytes with its states."""
    others = [path for path in places.CACHE.glob("device-*") if path != current]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[2:]:
        shutil.rmtree(path, ignore_errors=True)
