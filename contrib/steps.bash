# What contrib/quickstart and contrib/test have in common; both source it.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# A command as root.
as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -- "$@"
    else
        echo "${0##*/}: only root can do this, and there is no sudo: $*" >&2
        return 1
    fi
}

# The packages of these groups in contrib/packages.
packages_for() {
    local use names
    while read -r use names; do
        [[ " $* " != *" $use "* ]] || echo "$names"
    done <"$top/contrib/packages"
}

missing_packages() {
    local name
    for name in $(packages_for "$@"); do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || echo "$name"
    done
}

# A machine that has just booted updates its own lists; apt waits for dpkg's lock, but not for that of the lists. And a
# source that cannot be reached does no harm if the others have what is needed.
update_lists() {
    local attempt
    for attempt in 1 2 3; do
        as_root apt-get -q update && return
        sleep $((5 * attempt))
    done
    echo "apt-get update failed; going on with the lists that are there" >&2
}

# What is there already is not asked for again, so that this works without a network the second time.
install_packages() {
    local missing
    readarray -t missing < <(missing_packages "$@")
    ((${#missing[@]})) || return 0
    echo "installing ${missing[*]}"
    update_lists </dev/null
    # What an interrupted installation has left half done would stop the next one.
    as_root dpkg --configure -a </dev/null
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install "${missing[@]}" </dev/null
}

# configure DIRECTORY OPTION...: a build directory that has these options, whatever there was before.
configure() {
    local directory=$1
    shift
    # A run that was killed leaves a directory that meson takes for a whole one.
    if [[ -e $directory/build.ninja ]] && meson setup --reconfigure "$@" "$directory" "$top" </dev/null; then
        return
    fi
    rm -rf -- "$directory"
    meson setup "$@" "$directory" "$top" </dev/null
}
