//! Work on all cores: the same results, collected in order, with effects in any order.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use parallelism::{amdahl, order, sharing, spread};

#[test]
fn three_ways_compute_the_same() {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(3)
        .build()
        .unwrap();
    let expected = spread::serial(1_000);
    for workers in [1, 2, 3, 64, 100] {
        assert_eq!(
            spread::threads(workers, 1_000),
            expected,
            "{workers} threads"
        );
        assert_eq!(
            spread::queue(workers, 1_000),
            expected,
            "{workers} workers at a queue"
        );
    }
    assert_eq!(spread::rayon(&pool, 1_000), expected);
}

#[test]
fn counters_count_side_by_side_and_apart() {
    assert_eq!(sharing::side_by_side(3, 10_000), [10_000; 3]);
    assert_eq!(sharing::apart(3, 10_000), [10_000; 3]);
}

#[test]
fn results_are_in_order_and_effects_are_all_there() {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(4)
        .build()
        .unwrap();
    assert_eq!(
        order::order_of_results(&pool, 100),
        (0..100).map(|piece| piece * 2).collect::<Vec<_>>()
    );
    let mut effects = order::order_of_effects(&pool, 100);
    effects.sort_unstable();
    assert_eq!(effects, (0..100).collect::<Vec<_>>());
    let one = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    assert_eq!(
        order::order_of_effects(&one, 50),
        order::order_of_effects(&one, 50),
        "one worker has one order"
    );
}

#[test]
fn effects_come_in_the_order_in_which_they_happen() {
    // One of two pieces waits until the other is done: so the order is known, and each
    // can be had.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(2)
        .build()
        .unwrap();
    for late in [0, 1] {
        let deadline = Instant::now() + Duration::from_secs(30);
        let order = order::order_of(&pool, 2, |piece, done| {
            while piece == late && !done(1 - late) {
                assert!(
                    Instant::now() < deadline,
                    "piece {} was never done",
                    1 - late
                );
                std::thread::yield_now();
            }
        });
        assert_eq!(order, [1 - late, late], "piece {late} waited for the other");
    }
}

#[test]
fn a_sum_depends_on_the_order_of_adding() {
    let numbers = order::tricky(1_000);
    let in_order = order::sum_in_order(&numbers);
    assert_eq!(in_order.to_bits(), order::sum_in_order(&numbers).to_bits());
    assert_eq!(
        in_order.to_bits(),
        order::sum_in_shares(&numbers, 1).to_bits()
    );
    assert!(
        [2, 3, 7]
            .iter()
            .any(|workers| order::sum_in_shares(&numbers, *workers).to_bits()
                != in_order.to_bits())
    );
}

#[test]
fn amdahls_law() {
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    close(amdahl::speedup(0.0, 8.0), 8.0);
    close(amdahl::speedup(1.0, 8.0), 1.0);
    close(amdahl::speedup(0.5, 2.0), 4.0 / 3.0);
    assert!(
        amdahl::speedup(0.05, 1e9) < 20.0,
        "one part in twenty alone: never more than twenty times"
    );
    close(amdahl::serial_part(amdahl::speedup(0.25, 4.0), 4.0), 0.25);
    close(amdahl::serial_part(1.0, 1.0), 1.0);
}

#[test]
fn a_fit_of_amdahls_law_finds_the_serial_part() {
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    let points = |serial: f64| {
        [1.0, 2.0, 4.0, 8.0].map(|cores| (cores, amdahl::speedup(serial, cores)))
    };
    for serial in [0.0, 0.1, 0.5, 1.0] {
        close(amdahl::fit(&points(serial)), serial);
    }
    // One point says the same as the law turned round, two that disagree are met in
    // between.
    close(amdahl::fit(&[(2.0, 1.6)]), amdahl::serial_part(1.6, 2.0));
    let between = amdahl::fit(&[
        (2.0, amdahl::speedup(0.1, 2.0)),
        (2.0, amdahl::speedup(0.3, 2.0)),
    ]);
    close(between, 0.2);
    close(amdahl::fit(&[(2.0, 2.1)]), 0.0);
    close(amdahl::fit(&[(1.0, 1.0)]), 1.0);
}

#[test]
fn no_line_of_the_tour_is_wider_than_80_columns() {
    let output = tour(&["--rounds", "20000"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let wide: Vec<_> = text
        .lines()
        .filter(|line| line.chars().count() > 80)
        .collect();
    assert_eq!(wide, [""; 0]);
}

fn tour(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lesson-02-parallelism"))
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn the_tour_succeeds() {
    let output = tour(&["--rounds", "20000"]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("cores")
            && text.contains("the collected results are in order     true"),
        "{text}"
    );
}

#[test]
fn python_runs_where_it_is_installed() {
    let here = Command::new("python3").arg("--version").output().is_ok();
    assert!(
        here || std::env::var("CI").as_deref() != Ok("true"),
        "python3 is missing, and CI needs it"
    );
    let output = tour(&["python", "--rounds", "1000"]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        "compute, two processes",
        "wait, two threads",
        "both, two threads",
    ] {
        assert_eq!(text.contains(line), here, "{line} in {text}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_tour_quietly() {
    for arguments in [
        &["order"][..],
        &["gil", "--rounds", "1000"],
        &["measure", "false-sharing"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = Command::new(env!("CARGO_BIN_EXE_lesson-02-parallelism"))
            .args(arguments)
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            (output.status.code(), &*error),
            (Some(0), ""),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_bad_flag_is_reported_in_one_line_with_status_2() {
    let output = tour(&["--rounds", "1"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
}
