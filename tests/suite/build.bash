#!/bin/bash
# build.bash DIRECTORY OPTION... -- TARGET...: another build beside the release build, for suite.py.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../contrib/steps.bash"

directory=$1
shift
options=()
while [[ $1 != -- ]]; do
    options+=("$1")
    shift
done
shift
configure "$directory" "${options[@]}"
ninja -C "$directory" -j "$(nproc)" -k 0 "$@"
