//! Which threads and processes share a counter. This file has only one test, because the
//! counter belongs to the whole test program.

use units::counter;

use crate::deadline;

#[test]
fn threads_share_a_counter_and_processes_do_not() {
    counter::reset();
    let ([first, second], after) =
        deadline::in_time("two threads", || counter::two_threads(1_000));
    assert_eq!(after.value, 2_000, "both threads incremented one counter");
    assert_eq!(
        (first.address, second.address),
        (after.address, after.address)
    );
    assert!(
        first.value.max(second.value) == 2_000,
        "the thread that ended last saw the sum"
    );

    #[cfg(unix)]
    {
        counter::increment(5);
        let ([first, second], after) =
            deadline::in_time("two processes", || counter::two_processes(1_000)).unwrap();
        assert_eq!(
            (first.value, second.value),
            (3_005, 3_005),
            "each child started with a copy of our counter"
        );
        assert_eq!(
            after.value, 2_005,
            "nothing that the children did is visible here"
        );
        assert_eq!(
            (first.address, second.address),
            (after.address, after.address),
            "both children have the counter at our address"
        );
    }
}
