//! Copy on write, as Linux counts it.
#![cfg(target_os = "linux")]

mod deadline;

use deadline::in_time;
use units::pages::copy_on_write;

/// KiB that a process writes without being asked: its stack, and what the library behind
/// it keeps.
const A_LITTLE: u64 = 1024;

#[test]
fn a_copy_shares_our_pages_until_it_writes_to_them() {
    let copied = in_time("a copy that writes", || copy_on_write(16 << 20, 4)).unwrap();
    assert_eq!(copied.copy.len(), 5, "before it wrote, and after each part");
    for (memory, part) in copied.copy.iter().zip(0..) {
        let (written, left) = (part * 4096, (4 - part) * 4096);
        assert!(
            (written..written + A_LITTLE).contains(&memory.private_kib),
            "with {written} KiB written, {} are its own",
            memory.private_kib
        );
        assert!(
            memory.shared_kib >= left,
            "{left} KiB are not written to, {} shared",
            memory.shared_kib
        );
    }
    assert!(copied.ours_unchanged, "it wrote into pages of its own");
}

#[test]
fn a_copy_that_has_nothing_to_write_ends_too() {
    assert_eq!(
        in_time("a copy of nothing", || copy_on_write(0, 0))
            .unwrap()
            .copy
            .len(),
        1
    );
}
