//! A program that depends on this crate and does not invoke `patch_all!`.

use monkey_patching::is_patched;

#[test]
fn depending_on_the_crate_does_not_patch_a_program() {
    assert!(
        !is_patched(),
        "the crate's symbols are in a program that did not ask for them"
    );
}
