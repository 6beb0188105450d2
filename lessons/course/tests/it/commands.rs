//! `course` on a small workspace: it has nothing to say, and after each kind of damage it
//! says what is wrong.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};
use std::{fs, thread};

use tempfile::TempDir;

const FILES: &[(&str, &str)] = &[
    (
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"lessons/*\"]\n",
    ),
    (
        "lessons/01-limits/Cargo.toml",
        "[package]\nname = \"lesson-01-limits\"\nedition = \"2024\"\n\
         [lib]\nname = \"limits\"\n[[test]]\nname = \"ex01_fits\"\ntest = false\n",
    ),
    (
        "lessons/01-limits/src/lib.rs",
        "#[path = \"../solutions/mod.rs\"]\npub mod solutions;\n",
    ),
    ("lessons/01-limits/solutions/mod.rs", "pub mod ex01_fits;\n"),
    ("lessons/01-limits/solutions/ex01_fits.rs", SOLUTION),
    ("lessons/01-limits/exercises/ex01_fits.rs", STARTER),
    ("lessons/01-limits/hints/ex01_fits.md", "Compare.\n"),
    (
        "lessons/01-limits/tests/ex01_fits.rs",
        "#[path = \"cases/ex01_fits.rs\"]\nmod cases;\n#[path = \"../exercises/ex01_fits.rs\"]\npub mod subject;\n",
    ),
    (
        "lessons/01-limits/tests/solutions_01/main.rs",
        "mod ex01_fits;\n",
    ),
    (
        "lessons/01-limits/tests/solutions_01/ex01_fits.rs",
        "#[path = \"../cases/ex01_fits.rs\"]\nmod cases;\nuse limits::solutions::ex01_fits as subject;\n",
    ),
    (
        CASES,
        "use super::subject::fits;\n\n#[test]\nfn ten_fits() {\n    assert!(fits(10), \"ten is allowed\");\n}\n\n#[test]\nfn eleven_does_not() {\n    assert!(!fits(11), \"eleven is one too many\");\n}\n",
    ),
    (
        "lessons/01-limits/wrong/ex01_fits/one_too_low.rs",
        "//! Caught by: ten_fits\n\npub fn fits(size: u32) -> bool {\n    size < 10\n}\n",
    ),
    (
        "lessons/01-limits/wrong/ex01_fits/one_too_high.rs",
        "//! Caught by: eleven_does_not\n\npub fn fits(size: u32) -> bool {\n    size <= 11\n}\n",
    ),
];

const SOLUTION: &str = "pub fn fits(size: u32) -> bool {\n    size <= 10\n}\n";
const STARTER: &str =
    "pub fn fits(size: u32) -> bool {\n    todo!(\"does {size} fit?\")\n}\n";
const CASES: &str = "lessons/01-limits/tests/cases/ex01_fits.rs";
const ANSWER: &str = "lessons/01-limits/exercises/ex01_fits.rs";

/// A workspace with one exercise, whose crate needs no other.
struct Fixture(TempDir);

impl Fixture {
    fn new() -> Self {
        let fixture = Self(TempDir::new().unwrap());
        for (file, text) in FILES {
            fixture.write(file, text);
        }
        fixture
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn replace(&self, file: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.path(file)).unwrap();
        assert!(text.contains(old), "{file} has no {old:?}");
        self.write(file, &text.replace(old, new));
    }

    fn course(&self, arguments: &[&str]) -> Output {
        let mut course = command(Path::new(env!("CARGO_BIN_EXE_course")), self.0.path());
        course.args(arguments).output().unwrap()
    }

    fn git(&self, arguments: &[&str]) {
        let mut git = command(Path::new("git"), self.0.path());
        git.args([
            "-c",
            "user.name=reader",
            "-c",
            "user.email=reader@localhost",
        ])
        .args(arguments);
        let output = git.output().unwrap();
        assert!(
            output.status.success(),
            "git: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// What `verify` says about the damage: status 1, and a line with the file and the
    /// reason.
    #[track_caller]
    fn is_refused(&self, file: &str, reason: &str) {
        let output = self.course(&["verify"]);
        let text = stdout(&output);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(
            text.lines()
                .any(|line| line.contains(file) && line.contains(reason)),
            "no line with {file:?} and {reason:?} in:\n{text}"
        );
    }
}

/// How long an event may take on a busy machine: a build of the small workspace is the
/// longest.
const SOON: Duration = Duration::from_secs(60);

/// `course watch`, as it runs.
struct Watch {
    child: Child,
    pieces: Receiver<Vec<u8>>,
    seen: String,
}

impl Watch {
    fn start(mut command: Command) -> Self {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        let mut child = command.spawn().unwrap();
        let mut output = child.stdout.take().unwrap();
        let (sender, pieces) = mpsc::channel();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut piece) {
                if sender.send(piece[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            pieces,
            seen: String::new(),
        }
    }

    /// Waits until this text has come, and forgets what came before its end.
    #[track_caller]
    fn until(&mut self, text: &str) -> String {
        let deadline = Instant::now() + SOON;
        loop {
            if let Some(start) = self.seen.find(text) {
                let rest = self.seen.split_off(start + text.len());
                return std::mem::replace(&mut self.seen, rest);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.pieces.recv_timeout(left) {
                Ok(piece) => self.seen.push_str(&String::from_utf8_lossy(&piece)),
                Err(error) => panic!("no {text:?} ({error}) in:\n{}", self.seen),
            }
        }
    }

    fn key(&mut self, key: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(key.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .env("CARGO_NET_OFFLINE", "true");
    command
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTFLAGS");
    command
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_sound_exercise_is_proved_again_and_again() {
    let fixture = Fixture::new();
    for _ in 0..2 {
        let output = fixture.course(&["verify"]);
        assert!(
            output.status.success(),
            "{}{}",
            stdout(&output),
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(
            stdout(&output).contains("1 exercises, 0 errors"),
            "{}",
            stdout(&output)
        );
        assert_eq!(
            fs::read_to_string(fixture.path(ANSWER)).unwrap(),
            STARTER,
            "the repository was touched"
        );
        let list = stdout(&fixture.course(&[]));
        assert!(
            list.contains("not begun, 2 cases"),
            "the list shows what verify built:\n{list}"
        );
    }
}

#[test]
fn a_deleted_case_leaves_a_wrong_answer_uncaught() {
    let fixture = Fixture::new();
    let cases = fs::read_to_string(fixture.path(CASES)).unwrap();
    let second = cases.rfind("#[test]").unwrap();
    fixture.write(CASES, &cases[..second]);
    fixture.is_refused(
        "one_too_high.rs",
        "the case eleven_does_not, which is not there",
    );
}

#[test]
fn a_case_without_a_wrong_answer_is_refused() {
    let fixture = Fixture::new();
    fs::remove_file(fixture.path("lessons/01-limits/wrong/ex01_fits/one_too_low.rs"))
        .unwrap();
    fixture.is_refused("wrong/ex01_fits", "no wrong answer names the case ten_fits");
}

#[test]
fn a_bound_shifted_inwards_lets_an_off_by_one_through() {
    let fixture = Fixture::new();
    fixture.replace(CASES, "fits(10)", "fits(9)");
    fixture.is_refused("one_too_low.rs", "ten_fits does not catch it");
}

#[test]
fn a_bound_shifted_outwards_stops_the_solution() {
    let fixture = Fixture::new();
    fixture.replace(CASES, "fits(10)", "fits(11)");
    fixture.is_refused(
        "solutions/ex01_fits.rs",
        "the solution fails the case ten_fits",
    );
}

#[test]
fn a_solved_starter_is_refused() {
    let fixture = Fixture::new();
    fixture.write(ANSWER, SOLUTION);
    fixture.is_refused(ANSWER, "solved already");
}

#[test]
fn a_wrong_answer_that_passes_is_refused() {
    let fixture = Fixture::new();
    fixture.replace(
        "lessons/01-limits/wrong/ex01_fits/one_too_low.rs",
        "size < 10",
        "size <= 10",
    );
    fixture.is_refused("one_too_low.rs", "does not catch it");
}

#[test]
fn a_wrong_answer_that_does_not_compile_is_refused() {
    let fixture = Fixture::new();
    fixture.replace(
        "lessons/01-limits/wrong/ex01_fits/one_too_low.rs",
        "size < 10",
        "size < ten",
    );
    fixture.is_refused("one_too_low.rs", "does not compile");
}

#[test]
fn a_missing_hint_is_refused() {
    let fixture = Fixture::new();
    fs::remove_file(fixture.path("lessons/01-limits/hints/ex01_fits.md")).unwrap();
    fixture.is_refused("hints/ex01_fits.md", "there is no hint");
}

const PATCH: &str = "lessons/01-limits/projects/twice.patch";
const TWICE: &str = "--- a/lessons/01-limits/src/lib.rs\n+++ b/lessons/01-limits/src/lib.rs\n@@ -1,2 +1,6 @@\n \
                     #[path = \"../solutions/mod.rs\"]\n pub mod solutions;\n+\n\
                     +pub fn twice(size: u32) -> u32 {\n+    size * 2\n+}\n";

/// The workspace with a project: a function that is not there yet, found by whether the
/// library's file has it.
fn with_project(patch: &str) -> Fixture {
    let fixture = Fixture::new();
    let target = "[[test]]\nname = \"project_twice\"\ntest = false\n";
    fixture.replace(
        "lessons/01-limits/Cargo.toml",
        "[[test]]",
        &format!("{target}[[test]]"),
    );
    let case = "#[test]\nfn it_is_there() {\n    assert!(include_str!(\"../src/lib.rs\").contains(\"size * 2\"));\n}\n";
    fixture.write("lessons/01-limits/tests/project_twice.rs", case);
    fixture.write(PATCH, patch);
    // As in a clone: the copy that is patched lies in a folder of the repository.
    fixture.git(&["init", "--quiet"]);
    fixture
}

#[test]
fn a_project_is_proved_by_its_patch() {
    let fixture = with_project(TWICE);
    let output = fixture.course(&["verify"]);
    assert!(output.status.success(), "{}", stdout(&output));
    let lib = fs::read_to_string(fixture.path("lessons/01-limits/src/lib.rs")).unwrap();
    assert!(
        !lib.contains("twice"),
        "the reader's own files are left alone"
    );
}

#[test]
fn a_project_that_its_patch_does_not_solve_is_refused() {
    with_project(&TWICE.replace("* 2", "* 3"))
        .is_refused(PATCH, "with it the case it_is_there fails");
}

#[test]
fn a_project_that_is_solved_already_is_refused() {
    let fixture = with_project(&TWICE.replace("size * 2", "2 * size"));
    fixture.replace(
        "lessons/01-limits/src/lib.rs",
        "pub mod solutions;\n",
        "pub mod solutions; // size * 2\n",
    );
    fixture.is_refused(PATCH, "solved already");
}

#[test]
fn a_patch_that_does_not_fit_is_refused() {
    with_project(&TWICE.replace("pub mod solutions", "mod solutions"))
        .is_refused(PATCH, "patch does not apply");
}

#[test]
fn a_starter_that_warns_is_refused() {
    let fixture = Fixture::new();
    fixture.replace(ANSWER, "does {size} fit?", "does it fit?");
    fixture.is_refused(ANSWER, "does not compile in silence");
}

#[test]
fn other_cases_for_the_solution_are_refused() {
    let fixture = Fixture::new();
    fixture.replace(
        "lessons/01-limits/tests/solutions_01/ex01_fits.rs",
        "#[path = \"../cases/ex01_fits.rs\"]\nmod cases;\n",
        "",
    );
    fixture.is_refused(
        "tests/solutions_01/ex01_fits.rs",
        "lacks `#[path = \"../cases/ex01_fits.rs\"]`",
    );
}

#[test]
fn the_list_says_what_is_next_and_then_that_all_is_done() {
    let fixture = Fixture::new();
    let text = stdout(&fixture.course(&[]));
    assert!(text.contains("·  ex01_fits  not begun, 2 cases"), "{text}");
    assert!(text.contains("cargo test --test ex01_fits"), "{text}");
    assert!(!text.contains('\u{1b}'), "no colours in a pipe: {text:?}");

    fixture.write(ANSWER, "pub fn fits(");
    let text = stdout(&fixture.course(&[]));
    assert!(text.contains("does not compile"), "{text}");

    fixture.write(ANSWER, SOLUTION);
    let text = stdout(&fixture.course(&[]));
    assert!(
        text.contains("✓  ex01_fits  all 2 cases pass") && text.contains("All done"),
        "{text}"
    );
    let json: serde_json::Value =
        serde_json::from_slice(&fixture.course(&["--json"]).stdout).unwrap();
    assert_eq!(
        (&json[0]["name"], &json[0]["passed"]),
        (&"ex01_fits".into(), &2.into()),
        "{json}"
    );
}

#[test]
fn hint_and_difference_are_shown() {
    let fixture = Fixture::new();
    assert_eq!(
        stdout(&fixture.course(&["hint", "ex01_fits"])),
        "Compare.\n"
    );
    let text = stdout(&fixture.course(&["diff", "ex01_fits"]));
    assert!(
        text.contains("-     todo!") && text.contains("+     size <= 10"),
        "{text}"
    );
}

#[test]
fn an_unknown_name_is_one_line_and_status_2() {
    let output = Fixture::new().course(&["hint", "ex99_none"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "course: there is no exercise ex99_none; there are: ex01_fits\n"
    );
}

#[test]
fn reset_asks_and_keeps_the_answer() {
    let fixture = Fixture::new();
    fixture.git(&["init", "--quiet"]);
    fixture.git(&["add", "."]);
    fixture.git(&["commit", "--quiet", "--message", "begin"]);
    fixture.write(ANSWER, SOLUTION);

    assert_eq!(
        fixture.course(&["reset", "ex01_fits"]).status.code(),
        Some(2),
        "nobody said yes"
    );
    assert_eq!(fs::read_to_string(fixture.path(ANSWER)).unwrap(), SOLUTION);

    assert!(
        fixture
            .course(&["reset", "--yes", "ex01_fits"])
            .status
            .success()
    );
    assert_eq!(fs::read_to_string(fixture.path(ANSWER)).unwrap(), STARTER);
    assert_eq!(
        fs::read_to_string(fixture.path("target/course/kept/ex01_fits.1.rs")).unwrap(),
        SOLUTION
    );
}

#[test]
fn the_solution_is_shown_as_it_is() {
    assert_eq!(
        stdout(&Fixture::new().course(&["solution", "ex01_fits"])),
        SOLUTION
    );
}

#[test]
fn a_bare_starter_is_answered_with_what_to_do() {
    let fixture = Fixture::new();
    fixture.write(
        ANSWER,
        &format!("//! # Does it fit?\n//!\n//! Ten is the\n//! limit.\n//!\n//! More.\n{STARTER}"),
    );
    fixture.replace(
        CASES,
        "ten is allowed",
        "Ten is allowed. See \\\"The limit\\\".",
    );
    fixture.write("book/src/01-limits.md", "# 1. Limits\n");
    for arguments in [&["run", "ex01_fits"][..], &["list"]] {
        let output = fixture.course(arguments);
        let text = stdout(&output);
        assert_eq!(output.status.success(), arguments[0] == "list", "{text}");
        let mut rest = text.as_str();
        for wanted in [
            "  Nothing is written here yet",
            "  Open lessons/01-limits/exercises/ex01_fits.rs\n",
            "  Does it fit?\n  Ten is the limit.\n",
            "  Read chapter 1, \"The limit\" (book/src/01-limits.md)\n",
        ] {
            let start = rest
                .find(wanted)
                .unwrap_or_else(|| panic!("no {wanted:?} in its place in:\n{text}"));
            rest = &rest[start..];
        }
        assert!(!text.contains("not yet implemented"), "{text}");
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
    }
}

#[test]
fn of_the_failing_cases_the_first_in_the_file_is_shown() {
    let fixture = Fixture::new();
    // By name, eleven_does_not comes first.
    fixture.write(
        ANSWER,
        "pub fn fits(size: u32) -> bool {\n    size == 11\n}\n",
    );
    let text = stdout(&fixture.course(&["run", "ex01_fits"]));
    assert!(
        text.contains("This case fails: ten fits.")
            && text.contains("\n  ten is allowed\n"),
        "{text}"
    );
    assert!(
        !text.contains("one too many") && !text.contains("panicked"),
        "{text}"
    );
}

#[test]
fn an_unexplained_excuse_for_a_mutant_is_refused() {
    let fixture = Fixture::new();
    fixture.write(".cargo/mutants.toml", "exclude_re = [\"fits\"]\n");
    let output = fixture.course(&["mutants", "ex01_fits"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains(".cargo/mutants.toml: no comment above \"fits\" says why"),
        "{said}"
    );
}

#[test]
fn watch_in_a_pipe_prints_what_came_of_each_save() {
    let fixture = Fixture::new();
    let mut course = command(Path::new(env!("CARGO_BIN_EXE_course")), fixture.0.path());
    course.arg("watch");
    let mut watch = Watch::start(course);
    let mut all = watch.until("Nothing is written here yet");
    all += &watch.until("0 of 1 exercises done\n");
    fixture.write(
        ANSWER,
        "pub fn fits(size: u32) -> bool {\n    size < 10\n}\n",
    );
    all += &watch.until("1 of 2 cases pass");
    all += &watch.until("This case fails: ten fits.");
    all += &watch.until("0 of 1 exercises done\n");
    fixture.write(ANSWER, SOLUTION);
    all += &watch.until("Done: all 2 cases pass.");
    all += &watch.until("1 of 1 exercises done\n");
    assert!(!all.contains('\u{1b}'), "no colours in a pipe: {all:?}");
}

/// `script` (util-linux) gives a program a terminal; what it reads is typed there.
#[cfg(target_os = "linux")]
#[test]
fn watch_in_a_terminal_listens_to_keys_and_leaves_the_terminal_as_it_was() {
    for end in ["q", "\u{3}"] {
        let fixture = Fixture::new();
        let mut script = command(Path::new("script"), fixture.0.path());
        let inside =
            "stty rows 24 cols 80; \"$COURSE\" watch; echo status $?; stty -a; echo over";
        script
            .env("COURSE", env!("CARGO_BIN_EXE_course"))
            .env("TERM", "xterm")
            .env_remove("NO_COLOR");
        script
            .env("SHELL", "/bin/sh")
            .args(["-qec", inside, "/dev/null"]);
        let mut watch = Watch::start(script);
        watch.until("Nothing is written here yet");
        watch.until("q quit");
        watch.key("h");
        watch.until("Compare.");
        watch.key("l");
        watch.until("> ·  ex01_fits");
        watch.key("s");
        watch.until("Press s again");
        watch.key("s");
        watch.until("size <= 10");
        watch.key("d");
        watch.until("+     size <= 10");
        fixture.write(
            ANSWER,
            "pub fn fits(size: u32) -> bool {\n    size < 10\n}\n",
        );
        watch.until("This case fails: ten fits.");
        watch.until("✗ ten fits");
        watch.until("✓ eleven does not");
        fixture.write(ANSWER, SOLUTION);
        watch.until("1 of 1 exercises done");
        watch.key(end);
        watch.until("status 0");
        let terminal = watch.until("over");
        assert!(
            terminal.contains(" icanon") && terminal.contains(" echo "),
            "{terminal}"
        );
    }
}

#[test]
fn an_answer_that_did_not_change_is_not_tried_again() {
    let fixture = Fixture::new();
    let marker = fixture.path("ran");
    fixture.replace(
        CASES,
        "assert!(fits(10)",
        &format!("std::fs::write({marker:?}, \"\").unwrap();\n    assert!(fits(10)"),
    );
    let ran = || fs::remove_file(&marker).is_ok();
    fixture.course(&[]);
    assert!(ran(), "the first list tries it");
    // The first build wrote Cargo.lock, which a clone has from the start.
    fixture.course(&[]);
    ran();
    let text = stdout(&fixture.course(&[]));
    assert!(!ran(), "nothing changed, and it was tried again");
    assert!(text.contains("not begun, 2 cases"), "{text}");

    fixture.write(ANSWER, SOLUTION);
    assert!(stdout(&fixture.course(&[])).contains("all 2 cases pass"));
    assert!(ran(), "the answer changed");

    // The lesson's library changes, and a result that is kept would be another program's.
    fixture.replace(
        "lessons/01-limits/src/lib.rs",
        "pub mod",
        "// changed\npub mod",
    );
    fixture.course(&[]);
    assert!(ran(), "the library changed");

    fixture.course(&["run", "ex01_fits"]);
    assert!(ran(), "`run` always runs");
}

#[test]
fn the_two_sides_of_a_comparison_are_yours_and_wanted() {
    let fixture = Fixture::new();
    fixture.replace(
        CASES,
        "assert!(fits(10), \"ten is allowed\");",
        "assert_eq!(fits(10), true, \"ten is allowed\");",
    );
    fixture.write(
        ANSWER,
        "pub fn fits(size: u32) -> bool {\n    size == 11\n}\n",
    );
    let text = stdout(&fixture.course(&["run", "ex01_fits"]));
    assert!(
        text.contains("ten is allowed\n     yours: false\n    wanted: true\n"),
        "{text}"
    );
    assert!(
        text.contains("  ✗ ten fits\n  ✗ eleven does not\n"),
        "{text}"
    );
}

/// A second lesson with one exercise, which is like the first.
fn with_second_lesson() -> Fixture {
    let fixture = Fixture::new();
    for (file, text) in FILES.iter().skip(1) {
        let rename = |text: &str| {
            text.replace("01", "02")
                .replace("limits", "bounds")
                .replace("fits", "suits")
        };
        fixture.write(&rename(file), &rename(text));
    }
    fixture.write("book/src/02-bounds.md", "# 2. Bounds\n");
    fixture
}

#[test]
fn a_solved_exercise_says_what_comes_next() {
    let fixture = with_second_lesson();
    let starter = "lessons/02-bounds/exercises/ex02_suits.rs";
    fixture.write(
        starter,
        "//! # Does it suit?\n\npub fn suits(_: u32) -> bool {\n    todo!()\n}\n",
    );
    fixture.write(ANSWER, SOLUTION);
    let text = stdout(&fixture.course(&["run", "ex01_fits"]));
    for wanted in [
        "Done: all 2 cases pass.\n",
        "Next: ex02_suits (Does it suit?)\n",
        "Read on: chapter 2 (book/src/02-bounds.md)\n",
    ] {
        assert!(text.contains(wanted), "no {wanted:?} in:\n{text}");
    }
}

#[test]
fn first_shows_one_exercise_and_builds_no_later_lesson() {
    let fixture = with_second_lesson();
    fixture.write("lessons/02-bounds/src/lib.rs", "this is not Rust\n");
    let output = fixture.course(&["first"]);
    let text = stdout(&output);
    assert!(output.status.success(), "{text}");
    assert!(
        text.contains("ex01_fits: not begun")
            && text.contains("cargo test --test ex01_fits"),
        "{text}"
    );
}

#[test]
fn the_list_uses_the_width_of_the_terminal() {
    let fixture = Fixture::new();
    let about = "What fits and what does not fit, told at a length that eighty columns do not have";
    fixture.replace(
        "lessons/01-limits/Cargo.toml",
        "edition",
        &format!("description = \"{about}\"\nedition"),
    );
    let widest = |columns: &str| {
        let mut course =
            command(Path::new(env!("CARGO_BIN_EXE_course")), fixture.0.path());
        let text = stdout(&course.env("COLUMNS", columns).output().unwrap());
        assert_eq!(text.contains(about), columns == "120", "{text}");
        text.lines().map(|line| line.chars().count()).max().unwrap()
    };
    assert_eq!(widest("120"), 120);
    assert_eq!(widest("80"), 80);
    assert!(widest("60") <= 60, "prose is wrapped, too");
}

/// Writes the files that the README shows: a line that begins with a path in backticks,
/// and the next block of code.
#[test]
fn the_workspace_of_the_readme_is_sound() {
    let readme = include_str!("../../README.md");
    let (_, readme) = readme.split_once("## A workspace").unwrap();
    let fixture = Fixture(TempDir::new().unwrap());
    let (mut path, mut code, mut files) = ("", None::<String>, 0);
    for line in readme.lines() {
        if line.starts_with("```") {
            if let Some(code) = code.take() {
                fixture.write(path, &code);
                files += 1;
            } else {
                code = Some(String::new());
            }
        } else if let Some(code) = &mut code {
            *code += line;
            code.push('\n');
        } else if let Some((name, _)) =
            line.strip_prefix('`').and_then(|line| line.split_once('`'))
        {
            path = name;
        }
    }
    assert_eq!(files, 13);
    let output = fixture.course(&["verify"]);
    assert!(output.status.success(), "{}", stdout(&output));
    let list = stdout(&fixture.course(&[]));
    assert!(list.contains("ex01_fits  not begun, 2 cases"), "{list}");
    assert!(
        list.contains("course hint ex01_fits"),
        "installed, it is called by its name: {list}"
    );
}
