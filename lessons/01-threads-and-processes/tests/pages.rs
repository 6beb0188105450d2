//! Copy on write, as Linux counts it. A test program for itself: what other tests write
//! to would become the child's own page, too.
#![cfg(target_os = "linux")]

#[path = "it/deadline/mod.rs"]
mod deadline;

use deadline::in_time;
use units::pages::copy_on_write;

/// KiB that a process writes in any case: its stack, and what the C library keeps.
const A_LITTLE: u64 = 1024;

#[test]
fn a_child_shares_our_pages_until_it_writes_to_them() {
    let copied = in_time("a child that writes", || copy_on_write(16 << 20, 4)).unwrap();
    assert_eq!(
        copied.copy.len(),
        5,
        "one count before it wrote, and one after each part"
    );
    for (memory, part) in copied.copy.iter().zip(0..) {
        let (written, left) = (part * 4096, (4 - part) * 4096);
        assert!(
            (written..written + A_LITTLE).contains(&memory.private_kib),
            "after writing {written} KiB, {} are private",
            memory.private_kib
        );
        assert!(
            memory.shared_kib >= left,
            "{left} KiB are not written to, but only {} are shared",
            memory.shared_kib
        );
    }
    assert!(copied.ours_unchanged, "the child wrote into its own pages");
}

#[test]
fn a_child_with_nothing_to_write_exits_too() {
    assert_eq!(
        in_time("a child with nothing to write", || copy_on_write(0, 0))
            .unwrap()
            .copy
            .len(),
        1
    );
}
