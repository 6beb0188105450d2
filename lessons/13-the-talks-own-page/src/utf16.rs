//! Lengths as JavaScript counts them: in UTF-16 code units.
//!
//! Both old protocols write the length of a message in front of it, and both wrote
//! `message.length`, which in JavaScript is neither bytes nor characters. `é` is one unit
//! and two bytes of UTF-8; `👋` is two units and four bytes, although it is one character.

/// Returns the length that JavaScript would report.
///
/// ```
/// assert_eq!(heritage::utf16::len("tea"), 3);
/// assert_eq!(heritage::utf16::len("thé"), 3);
/// assert_eq!(heritage::utf16::len("👋"), 2);
/// ```
pub fn len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Splits a text after this number of units. Returns `None` if it is shorter, or if the cut
/// would be in the middle of a character that has two units.
///
/// ```
/// assert_eq!(heritage::utf16::split("thé 👋!", 6), Some(("thé 👋", "!")));
/// assert_eq!(heritage::utf16::split("thé 👋!", 5), None);
/// ```
pub fn split(text: &str, units: usize) -> Option<(&str, &str)> {
    let mut left = units;
    for (index, char) in text.char_indices() {
        if left == 0 {
            return Some(text.split_at(index));
        }
        left = left.checked_sub(char.len_utf16())?;
    }
    (left == 0).then_some((text, ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cut_inside_a_character_is_refused() {
        assert_eq!(split("👋", 1), None);
        assert_eq!(split("👋", 2), Some(("👋", "")));
        assert_eq!(split("", 0), Some(("", "")));
        assert_eq!(split("a", 2), None);
        assert_eq!(split("a", usize::MAX), None);
    }

    proptest! {
        #[test]
        fn the_length_of_a_text_splits_it_off(text in ".*", rest in ".*") {
            let both = format!("{text}{rest}");
            prop_assert_eq!(split(&both, len(&text)), Some((&*text, &*rest)));
            prop_assert_eq!(len(&text), text.encode_utf16().count());
        }
    }
}
