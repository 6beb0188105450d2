//! The patch as a library to be loaded before a program that is not ours: `LD_PRELOAD=libpreload.so PROGRAM`.

monkey_patching::patch_all!();
monkey_patching::patch_threads!();
