//! The explicit switch: a greenlet names the one that runs next, and only that one runs.

use std::cell::RefCell;

use greenlets::switch::{Body, run};

/// Returns what the greenlets print, in order. Each is a list: a number below 10 switches
/// to that greenlet, any other is printed.
fn printed(programs: &[&[u32]]) -> Vec<u32> {
    let printed = RefCell::new(Vec::new());
    let bodies: Vec<Body<'_>> = programs
        .iter()
        .map(|program| {
            let printed = &printed;
            Box::new(move |mut switch: greenlets::switch::Switch<'_>| {
                for step in *program {
                    if *step < 10 {
                        switch.to(*step as usize);
                    } else {
                        printed.borrow_mut().push(*step);
                    }
                }
            }) as Body<'_>
        })
        .collect();
    run(bodies);
    printed.into_inner()
}

#[test]
fn the_example_of_the_notes() {
    assert_eq!(printed(&[&[12, 1, 34], &[56, 0, 78]]), [12, 56, 34]);
}

#[test]
fn one_more_switch_and_78_is_printed() {
    assert_eq!(printed(&[&[12, 1, 34, 1], &[56, 0, 78]]), [12, 56, 34, 78]);
}

#[test]
fn a_switch_goes_to_any_greenlet() {
    assert_eq!(
        printed(&[&[10, 2, 40], &[30, 0], &[20, 1]]),
        [10, 20, 30, 40]
    );
}

#[test]
fn a_switch_to_itself_continues() {
    assert_eq!(printed(&[&[10, 0, 11]]), [10, 11]);
}

#[test]
fn the_values_of_a_greenlet_that_never_resumes_are_dropped() {
    let held = std::rc::Rc::new(());
    let copy = held.clone();
    run(vec![
        Box::new(|mut switch| switch.to(1)),
        Box::new(move |mut switch| {
            switch.to(0);
            drop(copy);
            unreachable!("no greenlet switches back");
        }),
    ]);
    assert_eq!(std::rc::Rc::strong_count(&held), 1);
}
