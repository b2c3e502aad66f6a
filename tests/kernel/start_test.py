#!/usr/bin/python3
"""What runs before the C library must not ask for anything of it, and must know where the functions end that
contrib/layout has put in order: start_test.py NM LIBRARY [PROGRAM]"""

import subprocess
import sys

ALLOWED = {"_start", "__ehdr_start"}


def nm(*words):
    return subprocess.run([sys.argv[1], *words], capture_output=True, text=True, check=True).stdout


def check_mark(program):
    symbols = {line.split()[-1]: line.split()[0] for line in nm(program).splitlines() if "orlop_" in line}
    if symbols["orlop_launch_end"] <= symbols["orlop_entry"]:
        sys.exit("contrib/layout/launch.ld does not define orlop_launch_end behind its functions")


def main():
    said = nm("--undefined-only", sys.argv[2])
    wanted = {line.split()[-1] for line in said.splitlines() if line.startswith(" ")}
    if "_start" not in wanted:
        sys.exit(f"{sys.argv[2]} does not go on to _start: has the test lost what it looks at?")
    if wanted - ALLOWED:
        sys.exit(f"self_exe_start.cpp asks for {', '.join(sorted(wanted - ALLOWED))}, which is not there before _start")
    for program in sys.argv[3:]:
        check_mark(program)


if __name__ == "__main__":
    main()
