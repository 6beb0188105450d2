//! What `in_turns` has to do. The sections are those of chapter 3.

use std::cell::RefCell;

use generator::{Gn, LocalGenerator};

use super::subject::in_turns;
use crate::support::same;

// ANCHOR: task
/// Yields these numbers, then ends.
fn task(numbers: &[u32]) -> LocalGenerator<'_, (), u32> {
    Gn::new_scoped_local(move |mut scope| {
        for number in numbers {
            scope.yield_with(*number);
        }
        generator::done!()
    })
}
// ANCHOR_END: task

#[test]
fn two_tasks_take_turns() {
    same(
        in_turns(vec![task(&[1, 2, 3]), task(&[10, 20, 30])]),
        vec![1, 10, 2, 20, 3, 30],
        "one number from each task, then the next round. See \"Generators\".",
    );
}

#[test]
fn a_single_task_has_every_turn() {
    same(
        in_turns(vec![task(&[1, 2, 3])]),
        vec![1, 2, 3],
        "a single task takes every turn until it ends. See \"Generators\".",
    );
}

#[test]
fn an_ended_task_is_left_out() {
    same(
        in_turns(vec![task(&[1]), task(&[10, 20, 30]), task(&[100, 200])]),
        vec![1, 10, 100, 20, 200, 30],
        "when a task ends, the others keep their turns. See \"Generators\".",
    );
}

#[test]
fn no_tasks_and_empty_tasks_yield_nothing() {
    let why = "`None` is the end of a task, not a number. See \"Generators\".";
    same(
        in_turns(Vec::<LocalGenerator<'_, (), u32>>::new()),
        vec![],
        why,
    );
    same(in_turns(vec![task(&[]), task(&[])]), vec![], why);
    same(in_turns(vec![task(&[]), task(&[7])]), vec![7], why);
}

#[test]
fn a_task_runs_only_in_its_turn() {
    let log = RefCell::new(Vec::new());
    let noisy = |name: &'static str| {
        let log = &log;
        Gn::new_scoped_local(move |mut scope| {
            log.borrow_mut().push(format!("{name} starts"));
            scope.yield_with(1);
            log.borrow_mut().push(format!("{name} resumes"));
            scope.yield_with(2);
            log.borrow_mut().push(format!("{name} ends"));
            generator::done!()
        })
    };
    in_turns(vec![noisy("a"), noisy("b")]);
    let wanted = [
        "a starts",
        "b starts",
        "a resumes",
        "b resumes",
        "a ends",
        "b ends",
    ];
    same(
        log.into_inner(),
        wanted.map(str::to_owned).to_vec(),
        "`next` runs a task up to its next yield: do not run ahead. See \"Generators\".",
    );
}

#[test]
fn an_ended_task_is_never_asked_again() {
    /// Yields this many numbers, and remembers whether it is asked after its end.
    struct Task<'a> {
        left: u32,
        ended: bool,
        asked_again: &'a RefCell<u32>,
    }
    impl Iterator for Task<'_> {
        type Item = u32;

        fn next(&mut self) -> Option<u32> {
            if self.ended {
                *self.asked_again.borrow_mut() += 1;
            }
            self.ended = self.left == 0;
            self.left = self.left.checked_sub(1)?;
            Some(self.left)
        }
    }
    let asked_again = RefCell::new(0);
    let tasks = [0, 2, 1].map(|left| Task {
        left,
        ended: false,
        asked_again: &asked_again,
    });
    in_turns(tasks.into());
    same(
        asked_again.into_inner(),
        0,
        "the number of times that a task was asked after its `None`. See \"Generators\".",
    );
}
