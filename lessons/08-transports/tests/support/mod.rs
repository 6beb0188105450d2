//! What the cases share: a comparison that says which value is the reader's.

use std::fmt::Debug;

/// Compares, in the reader's terms.
#[track_caller]
pub(crate) fn same<T: PartialEq + Debug>(yours: T, wanted: T, why: &str) {
    assert!(
        yours == wanted,
        "{why}\n   yours: {yours:?}\n  wanted: {wanted:?}"
    );
}
