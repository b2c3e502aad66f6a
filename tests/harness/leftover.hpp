// Processes that a test case leaves behind: children, and orphans of children. prctl(2) PR_SET_CHILD_SUBREAPER.
#pragma once

namespace harness {

// From now on the orphans among our descendants become our children.
void adopt_orphans();
// Kills and reaps every child that is left.
void end_leftover_children();

}  // namespace harness
