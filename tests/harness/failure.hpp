// What an act that should fail says. Empty: it did not fail.
#pragma once
#include <exception>
#include <string>

namespace harness {

template <class Act>
std::string failure_of(Act act) {
  try {
    act();
  } catch (std::exception const& error) {
    return error.what();
  }
  return "";
}

}  // namespace harness
