//! `course` on a small workspace: it has nothing to say, and after each kind of damage it says what is wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"lessons/*\"]\n"),
    (
        "lessons/01-limits/Cargo.toml",
        "[package]\nname = \"lesson-01-limits\"\nedition = \"2024\"\n\
         [lib]\nname = \"limits\"\n[[test]]\nname = \"ex01_fits\"\ntest = false\n",
    ),
    ("lessons/01-limits/src/lib.rs", "#[path = \"../solutions/mod.rs\"]\npub mod solutions;\n"),
    ("lessons/01-limits/solutions/mod.rs", "pub mod ex01_fits;\n"),
    ("lessons/01-limits/solutions/ex01_fits.rs", SOLUTION),
    ("lessons/01-limits/exercises/ex01_fits.rs", STARTER),
    ("lessons/01-limits/hints/ex01_fits.md", "Compare.\n"),
    (
        "lessons/01-limits/tests/ex01_fits.rs",
        "#[path = \"cases/ex01_fits.rs\"]\nmod cases;\n#[path = \"../exercises/ex01_fits.rs\"]\npub mod subject;\n",
    ),
    (
        "lessons/01-limits/tests/solution_01_fits.rs",
        "#[path = \"cases/ex01_fits.rs\"]\nmod cases;\nuse limits::solutions::ex01_fits as subject;\n",
    ),
    (
        CASES,
        "use crate::subject::fits;\n\n#[test]\nfn ten_fits() {\n    assert!(fits(10), \"ten is allowed\");\n}\n\n#[test]\nfn eleven_does_not() {\n    assert!(!fits(11), \"eleven is one too many\");\n}\n",
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
const STARTER: &str = "pub fn fits(size: u32) -> bool {\n    todo!(\"does {size} fit?\")\n}\n";
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
        git.args(["-c", "user.name=reader", "-c", "user.email=reader@localhost"]).args(arguments);
        let output = git.output().unwrap();
        assert!(output.status.success(), "git: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// What `verify` says about the damage: status 1, and a line with the file and the reason.
    #[track_caller]
    fn is_refused(&self, file: &str, reason: &str) {
        let output = self.course(&["verify"]);
        let text = stdout(&output);
        assert_eq!(output.status.code(), Some(1), "{text}{}", String::from_utf8_lossy(&output.stderr));
        assert!(
            text.lines().any(|line| line.contains(file) && line.contains(reason)),
            "no line with {file:?} and {reason:?} in:\n{text}"
        );
    }
}

fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null()).env("CARGO_NET_OFFLINE", "true");
    command.env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS");
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
        assert!(output.status.success(), "{}{}", stdout(&output), String::from_utf8_lossy(&output.stderr));
        assert!(stdout(&output).contains("1 exercises, 0 errors"), "{}", stdout(&output));
        assert_eq!(fs::read_to_string(fixture.path(ANSWER)).unwrap(), STARTER, "the repository was touched");
        let list = stdout(&fixture.course(&[]));
        assert!(list.contains("0 of 2 cases pass"), "the list shows what verify built:\n{list}");
    }
}

#[test]
fn a_deleted_case_leaves_a_wrong_answer_uncaught() {
    let fixture = Fixture::new();
    let cases = fs::read_to_string(fixture.path(CASES)).unwrap();
    let second = cases.rfind("#[test]").unwrap();
    fixture.write(CASES, &cases[..second]);
    fixture.is_refused("one_too_high.rs", "the case eleven_does_not, which is not there");
}

#[test]
fn a_case_without_a_wrong_answer_is_refused() {
    let fixture = Fixture::new();
    fs::remove_file(fixture.path("lessons/01-limits/wrong/ex01_fits/one_too_low.rs")).unwrap();
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
    fixture.is_refused("solutions/ex01_fits.rs", "the solution fails the case ten_fits");
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
    fixture.replace("lessons/01-limits/wrong/ex01_fits/one_too_low.rs", "size < 10", "size <= 10");
    fixture.is_refused("one_too_low.rs", "does not catch it");
}

#[test]
fn a_wrong_answer_that_does_not_compile_is_refused() {
    let fixture = Fixture::new();
    fixture.replace("lessons/01-limits/wrong/ex01_fits/one_too_low.rs", "size < 10", "size < ten");
    fixture.is_refused("one_too_low.rs", "does not compile");
}

#[test]
fn a_missing_hint_is_refused() {
    let fixture = Fixture::new();
    fs::remove_file(fixture.path("lessons/01-limits/hints/ex01_fits.md")).unwrap();
    fixture.is_refused("hints/ex01_fits.md", "there is no hint");
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
        "lessons/01-limits/tests/solution_01_fits.rs",
        "#[path = \"cases/ex01_fits.rs\"]\nmod cases;\n",
        "",
    );
    fixture.is_refused("tests/solution_01_fits.rs", "lacks `#[path = \"cases/ex01_fits.rs\"]`");
}

#[test]
fn the_list_says_what_is_next_and_then_that_all_is_done() {
    let fixture = Fixture::new();
    let text = stdout(&fixture.course(&[]));
    assert!(text.contains("open  ex01_fits  0 of 2 cases pass"), "{text}");
    assert!(text.contains("cargo test --test ex01_fits"), "{text}");
    assert!(!text.contains('\u{1b}'), "no colours in a pipe: {text:?}");

    fixture.write(ANSWER, "pub fn fits(");
    let text = stdout(&fixture.course(&[]));
    assert!(text.contains("does not compile"), "{text}");

    fixture.write(ANSWER, SOLUTION);
    let text = stdout(&fixture.course(&[]));
    assert!(text.contains("done  ex01_fits  2 of 2 cases pass") && text.contains("All done"), "{text}");
    let json: serde_json::Value = serde_json::from_slice(&fixture.course(&["--json"]).stdout).unwrap();
    assert_eq!((&json[0]["name"], &json[0]["passed"]), (&"ex01_fits".into(), &2.into()), "{json}");
}

#[test]
fn hint_and_difference_are_shown() {
    let fixture = Fixture::new();
    assert_eq!(stdout(&fixture.course(&["hint", "ex01_fits"])), "Compare.\n");
    let text = stdout(&fixture.course(&["diff", "ex01_fits"]));
    assert!(text.contains("-     todo!") && text.contains("+     size <= 10"), "{text}");
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

    assert_eq!(fixture.course(&["reset", "ex01_fits"]).status.code(), Some(2), "nobody said yes");
    assert_eq!(fs::read_to_string(fixture.path(ANSWER)).unwrap(), SOLUTION);

    assert!(fixture.course(&["reset", "--yes", "ex01_fits"]).status.success());
    assert_eq!(fs::read_to_string(fixture.path(ANSWER)).unwrap(), STARTER);
    assert_eq!(fs::read_to_string(fixture.path("target/course/kept/ex01_fits.1.rs")).unwrap(), SOLUTION);
}
