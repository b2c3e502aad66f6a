// The program's own segments, mapped again from another descriptor of the same file: elf(5), mmap(2), mremap(2).
#pragma once

namespace orlop::kernel {

// False: the kernel (or the way that this program was linked) does not allow it; the program runs on as before.
bool try_remap_self(int file);

}  // namespace orlop::kernel
