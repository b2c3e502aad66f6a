# What the examples have in common; each of them sources it.
#
# ORLOP is the program: by default that of build/, else the one in PATH. An example ends with status 77, and with
# the reason, on a machine that lacks something it is about.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[[ ${ORLOP-} || ! -x $here/../../build/orlop ]] || ORLOP=$here/../../build/orlop
ORLOP=$(realpath -- "${ORLOP:-$(command -v orlop)}")
id=${EXAMPLE_ID:-example-$$}  # of the container, and so of its cgroup

orlop() { "$ORLOP" --root "$work/state" "$@"; }

title() { printf '\n== %s\n' "$*"; }

skip() {
    printf '%s: cannot be shown here: %s\n' "${0##*/}" "$*" >&2
    exit 77
}

# The rest of the example runs in namespaces of its own: what it mounts or wires is never seen on the host.
with_own() {
    [[ ${EXAMPLE_IS_INSIDE-} ]] || EXAMPLE_IS_INSIDE=yes exec unshare "$@" -- bash "$0"
}

need_root() { ((EUID == 0)) || skip "needs root"; }

# Everything is in one directory. Whatever happens, no container and no file is left.
begin() {
    work=$(mktemp -d "${TMPDIR:-/tmp}/orlop-$id.XXXXXX")
    chmod 755 "$work"
    trap clean_up EXIT
    trap 'exit 1' HUP INT TERM
}

clean_up() {
    local name
    [[ ! -d $work/state ]] || for name in $(orlop list --quiet); do orlop delete --force "$name"; done
    ! mountpoint -q "$work" || umount "$work"
    rm -rf -- "$work"
}

# make_root DIRECTORY: a root file system of busybox alone.
make_root() {
    mkdir -p "$1"/{bin,dev,etc,proc,sys,tmp,www}
    cp "$(command -v busybox)" "$1/bin/busybox"
    "$1/bin/busybox" --install "$1/bin" # hard links, all of them by one program
}

# configure BUNDLE: runs the Python on standard input with `config`, the content of config.json, and writes it back.
configure() {
    python3 -c '
import json, os, sys
path = sys.argv[1] + "/config.json"
config = json.load(open(path))
process, linux = config["process"], config["linux"]
process["terminal"] = False
exec(sys.stdin.read())
json.dump(config, open(path, "w"), indent=2)
' "$1"
}
