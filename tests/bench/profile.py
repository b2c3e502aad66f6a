"""The seccomp profile that Podman's package installs, as Podman hands it to a runtime: its "includes" and "excludes" are
resolved for the capabilities of the container and this machine."""

import json
import os

PATH = "/usr/share/containers/seccomp.json"
_ARCHITECTURES = {"x86_64": ("amd64", "SCMP_ARCH_X86_64"), "aarch64": ("arm64", "SCMP_ARCH_AARCH64")}


def obstacle():
    """Why there is no profile, or None."""
    if not os.access(PATH, os.R_OK):
        return f"{PATH} is not there: apt install podman"
    if os.uname().machine not in _ARCHITECTURES:
        return f"this bench does not know the name of {os.uname().machine} in {PATH}"
    return None


def _applies(rule, capabilities, machine):
    includes, excludes = rule.get("includes") or {}, rule.get("excludes") or {}
    if any(name not in capabilities for name in includes.get("caps", ())):
        return False
    if any(name in capabilities for name in excludes.get("caps", ())):
        return False
    if "arches" in includes and machine not in includes["arches"]:
        return False
    return machine not in excludes.get("arches", ())


def _rule(rule):
    kept = {key: rule[key] for key in ("names", "action", "errnoRet") if rule.get(key) is not None}
    return {**kept, "args": rule["args"]} if rule.get("args") else kept


def _architectures(profile, own):
    for entry in profile.get("archMap", ()):
        if entry["architecture"] == own:
            return [own, *entry["subArchitectures"]]
    return [own]


def load(capabilities):
    with open(PATH, encoding="utf-8") as file:
        profile = json.load(file)
    machine, architecture = _ARCHITECTURES[os.uname().machine]
    kept = [_rule(rule) for rule in profile["syscalls"] if _applies(rule, capabilities, machine)]
    result = {"defaultAction": profile["defaultAction"], "architectures": _architectures(profile, architecture),
              "syscalls": kept}
    if profile.get("defaultErrnoRet") is not None:
        result["defaultErrnoRet"] = profile["defaultErrnoRet"]
    return result
