//! The patch as a library that is loaded before a program we cannot change.

monkey_patching::patch_all!();
monkey_patching::unsafe_patch_threads!();
