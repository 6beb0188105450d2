//! Loads the patch into the running program, then starts ten threads that sleep, and
//! prints how many threads the kernel counts.

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStringExt;
    use std::process::ExitCode;
    use std::time::Duration;
    use std::{env, fs, thread};

    let Some(library) = env::args_os()
        .nth(1)
        .and_then(|path| CString::new(path.into_vec()).ok())
    else {
        eprintln!("late: pass the path of the library to load");
        return ExitCode::from(2);
    };
    // ANCHOR: late
    let how = libc::RTLD_NOW | libc::RTLD_GLOBAL;
    // SAFETY: the library runs no code when it is loaded.
    let loaded = unsafe { libc::dlopen(library.as_ptr(), how) };
    // ANCHOR_END: late
    if loaded.is_null() {
        eprintln!("late: cannot load {library:?}");
        return ExitCode::from(2);
    }
    let sleepers: Vec<_> = (0..10)
        .map(|_| thread::spawn(|| thread::sleep(Duration::from_millis(100))))
        .collect();
    let threads = fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    for sleeper in sleepers {
        let _ = sleeper.join();
    }
    println!("{threads}");
    ExitCode::SUCCESS
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("late: this program needs Linux");
}
