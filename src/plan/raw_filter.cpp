// run.oci.seccomp_bpf_data, of crun: a filter that somebody else has compiled, as seccomp(2) takes it, in base64.
#include "raw_filter.hpp"

#include "section.hpp"

#include "orlop/base/text.hpp"

#include <cstring>

namespace orlop::plan {

namespace {

constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// RFC 4648, section 4; nothing: it is none.
std::optional<std::string> try_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t const padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::string bytes;
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::size_t const digit = i < text.size() - padding ? digits.find(text[i]) : 0;
    if (digit == digits.npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    if (i % 4 == 3)
      for (int const shift : {16, 8, 0}) bytes += static_cast<char>(bits >> shift & 0xff);
  }
  bytes.resize(bytes.size() - padding);
  return bytes;
}

}  // namespace

kernel::FilterProgram raw_filter(std::string const& text, std::string const& where) {
  auto const bytes = try_decode(text);
  if (!bytes) throw Refusal{where, "is no base64"};
  kernel::FilterProgram program(bytes->size() / sizeof(sock_filter));
  if (program.empty() || bytes->size() % sizeof(sock_filter) != 0 || program.size() > BPF_MAXINSNS)
    throw Refusal{where, concat({bytes->size(), " bytes are no filter: it has instructions of 8 bytes, 1 to ", BPF_MAXINSNS, " of them"})};
  std::memcpy(program.data(), bytes->data(), bytes->size());
  return program;
}

}  // namespace orlop::plan
