#!/usr/bin/python3
"""What runs before the C library must not ask for anything of it: start_test.py NM LIBRARY"""

import subprocess
import sys

ALLOWED = {"_start", "__ehdr_start"}


def main():
    said = subprocess.run([sys.argv[1], "--undefined-only", sys.argv[2]], capture_output=True, text=True, check=True).stdout
    wanted = {line.split()[-1] for line in said.splitlines() if line.startswith(" ")}
    if "_start" not in wanted:
        sys.exit(f"{sys.argv[2]} does not go on to _start: has the test lost what it looks at?")
    if wanted - ALLOWED:
        sys.exit(f"self_exe_start.cpp asks for {', '.join(sorted(wanted - ALLOWED))}, which is not there before _start")


if __name__ == "__main__":
    main()
