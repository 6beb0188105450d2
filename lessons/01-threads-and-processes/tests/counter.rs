//! Who sees whose counter. One test a file's process: the counter belongs to the whole
//! program.

mod deadline;

use units::counter;

#[test]
fn threads_share_a_counter_and_processes_do_not() {
    counter::reset();
    let ([first, second], after) =
        deadline::in_time("two threads", || counter::two_threads(1_000));
    assert_eq!(after.value, 2_000, "both raised one counter");
    assert_eq!(
        (first.address, second.address),
        (after.address, after.address)
    );
    assert!(
        first.value.max(second.value) == 2_000,
        "the one who ended last saw all of it"
    );

    #[cfg(unix)]
    {
        counter::raise(5);
        let ([first, second], after) =
            deadline::in_time("two processes", || counter::two_processes(1_000)).unwrap();
        assert_eq!(
            (first.value, second.value),
            (3_005, 3_005),
            "each began with a copy of what we had"
        );
        assert_eq!(after.value, 2_005, "nothing of what they did is seen here");
        assert_eq!(
            (first.address, second.address),
            (after.address, after.address),
            "at the same address"
        );
    }
}
