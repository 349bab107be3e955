# SPDX-License-Identifier: MIT
"""What numbers depend on: the machine, the compiler, the versions."""
import json
import os
import platform
import subprocess
import time


def answer(*argv):
    """What a command prints, or None if it cannot be asked."""
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def build_facts(build):
    options = json.loads(answer("meson", "introspect", "--buildoptions", build) or "[]")
    options = {option["name"]: option["value"] for option in options}
    compilers = json.loads(answer("meson", "introspect", "--compilers", build) or "{}")
    compiler = compilers.get("host", {}).get("c", {})
    return {"build_type": options.get("buildtype"),
            "compiler": compiler.get("full_version")
            or (answer("cc", "--version") or "unknown").splitlines()[0]}


def facts(planche, build):
    info = json.loads(answer(planche, "info", "--json"))
    return {
        "date": time.strftime("%Y-%m-%d %H:%M:%S%z"),
        "cpu": info["cpu"],
        "cores": len(os.sched_getaffinity(0)),
        "isa": info["isa"],
        "features": info["features"],
        "memory_bytes": info["memory_bytes"],
        "kernel": f"{platform.system()} {platform.release()}",
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")
        if hasattr(platform, "freedesktop_os_release") else "unknown",
        "load": load(),
        "planche": info["version"],
        "commit": answer("git", "-C", os.path.dirname(os.path.abspath(__file__)), "describe",
                         "--always", "--dirty"),
        "default_threads": info["threads"],
        "default_budget_bytes": info["budget_bytes"],
        **build_facts(build),
    }


def load():
    """Processes that wanted to run, on average of the last minute."""
    return round(os.getloadavg()[0], 2)


def describe(machine):
    """Lines for people."""
    return [
        f"{machine['cpu']}, {machine['cores']} cores, {machine['isa']}, "
        f"{machine['memory_bytes'] / 2**30:.0f} GiB; {machine['system']}, {machine['kernel']}",
        f"Planche {machine['planche']} ({machine['commit']}), {machine['build_type']}, "
        f"{machine['compiler']}; {machine['date']}, load {machine['load']}",
    ]


def warnings(machine):
    """Why the numbers should not be believed."""
    if machine["load"] > 0.3 * machine["cores"]:
        yield (f"The machine is busy (load {machine['load']} on {machine['cores']} cores): "
               "everything below is slower than it would be.")
    if machine["build_type"] not in ("release", None):
        yield f"This is a {machine['build_type']} build, not a release."
