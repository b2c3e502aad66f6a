// What meson compiles once for each test program. No #pragma once: g++ warns of it in a header that is compiled itself.
#include "harness/catch.hpp"
