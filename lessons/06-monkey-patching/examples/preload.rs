//! The patch as a library, to be loaded before a program that is not ours.

monkey_patching::patch_all!();
monkey_patching::patch_threads!();
