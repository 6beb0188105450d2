//! The tour of lesson 06: blocking code that waits cooperatively.

// ANCHOR: patch
monkey_patching::patch_all!();
// ANCHOR_END: patch

#[cfg(target_os = "linux")]
mod tour;

#[cfg(not(target_os = "linux"))]
fn main() -> std::process::ExitCode {
    anstream::eprintln!(
        "lesson 06: the patch takes Linux; the chapter's text and the exercises do not"
    );
    std::process::ExitCode::from(2)
}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    tour::main()
}
