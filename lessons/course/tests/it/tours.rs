//! Every tour in a terminal of 80 columns: no line may be longer, because a terminal would
//! break it inside a word.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{fs, thread};

/// The longest that a tour may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

/// Builds the tours. In a run of all tests they are there already: named as programs, not
/// as packages, for which cargo would choose other features.
fn build(root: &Path, packages: &[String]) {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root).args(["build", "--quiet"]);
    for package in packages {
        cargo.args(["--bin", package]);
    }
    assert!(
        cargo.status().expect("cargo runs").success(),
        "cannot build the tours"
    );
}

/// Returns what the tour of a lesson prints in a terminal of 80 columns. `script`
/// (util-linux) gives it the terminal.
fn tour(root: &Path, package: &str) -> String {
    let me = std::env::current_exe().expect("a path");
    let program = me
        .parent()
        .and_then(Path::parent)
        .expect("target/debug/deps");
    let program = program.join(package);
    let inside = format!("stty rows 24 cols 80; {}", program.display());
    let mut child = Command::new("script")
        .current_dir(root)
        .args(["--quiet", "--return", "--command", &inside, "/dev/null"])
        .env("SHELL", "/bin/sh")
        .env("TERM", "xterm")
        .env_remove("COLUMNS")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script of util-linux is there");
    let mut output = child.stdout.take().expect("it was piped");
    let reader = thread::spawn(move || {
        let mut text = Vec::new();
        std::io::Read::read_to_end(&mut output, &mut text).map(|_| text)
    });
    let deadline = Instant::now() + LIMIT;
    let status = loop {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            break status;
        }
        if Instant::now() > deadline {
            child.kill().expect("it can be killed");
            panic!("{package} did not end within {LIMIT:?}");
        }
        thread::sleep(Duration::from_millis(20));
    };
    let text = reader.join().expect("the reader ends").expect("a pipe");
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(status.success(), "{package}: {status}\n{text}");
    text
}

/// Returns the lines as they are seen: without escapes, and of a line that was overwritten
/// each version.
fn seen(text: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            // A sequence ends with a letter.
            letters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(letter);
        }
    }
    plain.split(['\n', '\r']).map(str::to_owned).collect()
}

#[test]
fn every_tour_fits_80_columns() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut packages = Vec::new();
    for entry in fs::read_dir(root.join("lessons")).expect("the lessons") {
        let folder = entry.expect("an entry").path();
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let numbered = name.starts_with(|first: char| first.is_ascii_digit());
        if numbered && folder.join("src/main.rs").is_file() {
            packages.push(format!("lesson-{name}"));
        }
    }
    packages.sort();
    assert!(packages.len() >= 10, "only {packages:?}");
    build(&root, &packages);
    // A tour waits most of its time, so that some of them run beside each other.
    let (waiting, wide) = (Mutex::new(packages.iter()), Mutex::new(Vec::new()));
    let next = || waiting.lock().expect("nobody panics").next();
    let run_some = || {
        while let Some(package) = next() {
            let text = tour(&root, package);
            let lines = seen(&text);
            assert!(lines.len() > 5, "{package} printed next to nothing: {text}");
            for line in lines {
                if line.chars().count() > 80 {
                    let mut wide = wide.lock().expect("nobody panics");
                    wide.push(format!("{package}: {line}"));
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(run_some);
        }
    });
    let wide = wide.into_inner().expect("nobody panicked");
    assert!(
        wide.is_empty(),
        "wider than 80 columns:\n{}",
        wide.join("\n")
    );
}

#[test]
fn escapes_take_no_room_and_an_overwritten_line_counts_each_time() {
    assert_eq!(seen("\u{1b}[1mab\u{1b}[0m\rc\n"), ["ab", "c", ""]);
}
