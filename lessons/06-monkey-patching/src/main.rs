//! The tour of lesson 06: makes blocking code wait cooperatively.

// ANCHOR: patch
monkey_patching::patch_all!();
// ANCHOR_END: patch

#[cfg(target_os = "linux")]
mod tour;

#[cfg(not(target_os = "linux"))]
fn main() -> std::process::ExitCode {
    anstream::eprintln!(
        "lesson 06: the patch needs Linux; the chapter and the exercises do not"
    );
    std::process::ExitCode::from(2)
}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    tour::main()
}
