//! Cases for `supervise`. The sections that they name are in chapter 1. The programs are
//! one-line scripts, and no case really pauses.

use std::cell::RefCell;
use std::io;
use std::process::Command;
use std::time::Duration;

use units::process::Ending;

use super::subject::{FIRST_PAUSE, LONGEST_PAUSE, Report, supervise};

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(script);
    command
}

/// Supervises scripts, one for each attempt.
fn run(restarts: u32, scripts: &[&str]) -> Report {
    supervise(
        restarts,
        |attempt| match scripts.get(attempt as usize) {
            Some(script) => shell(script),
            None => panic!(
                "{scripts:?} with up to {restarts} restarts: yours started attempt \
                 {attempt}, counted from 0; it should have stopped before. See \"A \
                 supervisor\"."
            ),
        },
        |_| {},
    )
    .expect("`sh` can be started")
}

/// Compares the report on such scripts with the one that is wanted.
fn check<const N: usize>(
    restarts: u32,
    scripts: &[&str],
    wanted: [Ending; N],
    done: bool,
    section: &str,
) {
    let yours = run(restarts, scripts);
    let wanted = Report {
        endings: wanted.to_vec(),
        done,
    };
    assert!(
        yours == wanted,
        "{scripts:?} with up to {restarts} restarts: yours {yours:?}, wanted {wanted:?}. \
         See \"{section}\"."
    );
}

/// Returns what `supervise` did, in order, with a program that crashes in each attempt
/// but has `last` as its last script.
fn events(restarts: u32, crashes: u32, last: &str) -> Vec<String> {
    let events = RefCell::new(Vec::new());
    supervise(
        restarts,
        |attempt| {
            events.borrow_mut().push(format!("start {attempt}"));
            shell(if attempt < crashes { "exit 1" } else { last })
        },
        |pause| events.borrow_mut().push(format!("pause {pause:?}")),
    )
    .expect("`sh` can be started");
    events.into_inner()
}

#[test]
fn exit_code_0_is_done() {
    check(3, &["exit 0"], [Ending::Code(0)], true, "A supervisor");
}

#[test]
fn a_crash_is_restarted() {
    let wanted = [1, 7, 0].map(Ending::Code);
    check(
        3,
        &["exit 1", "exit 7", "exit 0"],
        wanted,
        true,
        "A supervisor",
    );
}

#[test]
fn a_signal_is_a_crash() {
    let wanted = [Ending::Signal(9), Ending::Code(0)];
    check(
        3,
        &["kill -9 $$", "exit 0"],
        wanted,
        true,
        "How a process ends",
    );
}

#[test]
fn it_gives_up_after_the_last_restart() {
    let wanted = [1, 1, 1].map(Ending::Code);
    check(
        2,
        &["exit 1", "exit 1", "exit 1"],
        wanted,
        false,
        "A supervisor",
    );
}

#[test]
fn without_restarts_there_is_one_attempt() {
    check(0, &["exit 1"], [Ending::Code(1)], false, "A supervisor");
}

#[test]
fn exit_code_2_is_not_restarted() {
    let wanted = [1, 2].map(Ending::Code);
    check(5, &["exit 1", "exit 2"], wanted, false, "A supervisor");
}

#[test]
#[cfg(unix)]
fn signal_2_is_not_exit_code_2() {
    use std::os::unix::process::CommandExt;
    let yours = supervise(
        1,
        |attempt| {
            let mut command = shell(if attempt == 0 { "kill -2 $$" } else { "exit 0" });
            // SAFETY: a child may call `signal` between `fork` and `exec`. It restores
            // the signal, which a program started in the background ignores.
            unsafe {
                command.pre_exec(|| {
                    libc::signal(libc::SIGINT, libc::SIG_DFL);
                    Ok(())
                })
            };
            command
        },
        |_| {},
    )
    .expect("`sh` can be started");
    let wanted = [Ending::Signal(2), Ending::Code(0)];
    assert!(
        yours.endings == wanted,
        "a program that signal 2 ended: yours {:?}, wanted {wanted:?}, because a signal \
         is a crash, whatever its number. See \"How a process ends\".",
        yours.endings
    );
}

#[test]
fn attempts_are_counted_from_0() {
    let mut yours = Vec::new();
    supervise(
        2,
        |attempt| {
            yours.push(attempt);
            shell("exit 1")
        },
        |_| {},
    )
    .expect("`sh` can be started");
    assert!(
        yours == [0, 1, 2],
        "2 restarts: yours passed the numbers {yours:?} to `start`, wanted [0, 1, 2]. \
         See \"A supervisor\"."
    );
}

#[test]
fn a_missing_program_is_an_error() {
    let missing = || Command::new("no-such-program-anywhere");
    let yours = supervise(3, |_| missing(), |_| {}).map_err(|error| error.kind());
    assert!(
        yours == Err(io::ErrorKind::NotFound),
        "there is no such program: yours {yours:?}, wanted the error NotFound. See \"A \
         supervisor\"."
    );
}

#[test]
fn a_program_that_goes_missing_later_is_an_error() {
    let yours = supervise(
        3,
        |attempt| match attempt {
            0 => shell("exit 1"),
            _ => Command::new("no-such-program-anywhere"),
        },
        |_| {},
    )
    .map_err(|error| error.kind());
    assert!(
        yours == Err(io::ErrorKind::NotFound),
        "attempt 0 crashed, and attempt 1 could not be started: yours {yours:?}, wanted \
         the error NotFound. See \"A supervisor\"."
    );
}

#[test]
fn each_pause_is_twice_as_long_and_comes_before_its_restart() {
    let yours = events(3, 4, "exit 1");
    let [first, second, third] = [1, 2, 4].map(|factor| FIRST_PAUSE * factor);
    let wanted = [
        "start 0".into(),
        format!("pause {first:?}"),
        "start 1".into(),
        format!("pause {second:?}"),
        "start 2".into(),
        format!("pause {third:?}"),
        "start 3".into(),
    ];
    assert!(
        yours == wanted,
        "3 restarts of a program that always crashes: yours {yours:?}, wanted \
         {wanted:?}. See \"A supervisor\"."
    );
}

#[test]
fn no_pause_is_longer_than_the_longest() {
    let mut yours = Vec::<Duration>::new();
    supervise(40, |_| shell("exit 1"), |pause| yours.push(pause))
        .expect("`sh` can be started");
    assert!(
        yours.len() == 40,
        "40 restarts: yours paused {} times, wanted 40. See \"A supervisor\".",
        yours.len()
    );
    let mut wanted = FIRST_PAUSE;
    for (at, yours) in (1..).zip(yours) {
        assert!(
            yours == wanted,
            "pause {at} of 40: yours {yours:?}, wanted {wanted:?}, with \
             {LONGEST_PAUSE:?} as the limit. See \"A supervisor\"."
        );
        wanted = LONGEST_PAUSE.min(wanted * 2);
    }
}

#[test]
fn there_is_no_pause_without_a_restart() {
    for last in ["exit 0", "exit 2"] {
        let yours = events(5, 0, last);
        assert!(
            yours == ["start 0"],
            "`{last}` at the first attempt: yours {yours:?}, wanted [\"start 0\"]. See \
             \"A supervisor\"."
        );
    }
}

#[test]
fn any_number_of_restarts_can_be_allowed() {
    let wanted = [1, 0].map(Ending::Code);
    check(
        u32::MAX,
        &["exit 1", "exit 0"],
        wanted,
        true,
        "A supervisor",
    );
}
