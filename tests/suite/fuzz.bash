#!/bin/bash
# fuzz.bash BUILD SECONDS: the fuzzer of oci-spec with the inputs that the source has, for so long. What it finds
# stays in BUILD, and is tried first the next time: a finding by chance must not pass for a flaky test.
set -euo pipefail
shopt -s nullglob
fuzzer=("$1/tests/oci-spec/oci_spec_fuzz" -timeout=20 -error_exitcode=1)  # its own 77 would be a skipped test
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../oci-spec" && pwd)
new=$(mktemp -d)
trap 'rm -rf -- "$new"' EXIT
for found in "$1"/{crash,leak,oom,timeout}-*; do
    "${fuzzer[@]}" "$found"
    rm -- "$found"  # it was repaired
done
"${fuzzer[@]}" -max_total_time="$2" -artifact_prefix="$1/" "$new" "$source/corpus" "$source/fixtures"
