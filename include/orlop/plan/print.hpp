// A plan as a person reads it, section by section in the order of doing, and the same as JSON.
#pragma once
#include "orlop/plan/plan.hpp"

#include <string>

namespace orlop::plan {

std::string text(Plan const& plan);
std::string json(Plan const& plan);

}  // namespace orlop::plan
