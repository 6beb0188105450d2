//! A program that depends on this crate and does not say `patch_all!`.

use monkey_patching::is_patched;

#[test]
fn to_depend_on_the_crate_is_not_to_be_patched() {
    assert!(
        !is_patched(),
        "the crate's symbols are in a program that has not asked for them"
    );
}
