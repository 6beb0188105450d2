//! The rules for text that a person types: a room's name, a nickname, a message.
//!
//! Each person in a room sees what the others type, so each rule here protects the others:
//! a cap on length, no control characters, and no second "Ann" that only a computer can
//! tell from the first.

use icu_properties::props::{
    DefaultIgnorableCodePoint, GeneralCategory, VariationSelector,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::skeleton;

/// The longest room name, in characters.
pub const MAX_ROOM_NAME: usize = 64;
/// The longest nickname, in characters.
pub const MAX_NICKNAME: usize = 32;
/// The longest message, in characters.
pub const MAX_TEXT: usize = 4000;

/// Why a name or a message was refused, in words for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A room name without a letter or digit has no address.
    #[error("A room's name needs a letter or a digit")]
    RoomNameEmpty,
    /// A room name over [`MAX_ROOM_NAME`].
    #[error("A room's name has at most {MAX_ROOM_NAME} characters")]
    RoomNameLong,
    /// A nickname with nothing to see in it.
    #[error("A nickname needs at least one character")]
    NicknameEmpty,
    /// A nickname over [`MAX_NICKNAME`].
    #[error("A nickname has at most {MAX_NICKNAME} characters")]
    NicknameLong,
    /// A message with nothing to see in it.
    #[error("The message is empty")]
    TextEmpty,
    /// A message over [`MAX_TEXT`].
    #[error("A message has at most {MAX_TEXT} characters")]
    TextLong,
    /// Control characters, or characters that turn the direction of the text around them.
    #[error("Control characters are not allowed")]
    Control,
    /// Characters in a name that show nothing and join nothing.
    #[error("Invisible characters are not allowed")]
    Invisible,
}

/// A room: the name that people read, and the slug that stands in its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Lower-case letters, digits and single dashes, in any script. Two names with one
    /// slug are one room.
    pub slug: String,
    /// The name as its maker typed it, without the extra spaces.
    pub name: String,
}

impl Room {
    /// The room of that name. A slug is the name of its own room.
    ///
    /// # Errors
    /// [`Refusal::RoomNameEmpty`], [`Refusal::RoomNameLong`], [`Refusal::Control`] or
    /// [`Refusal::Invisible`].
    ///
    /// ```
    /// let room = chat_app::names::Room::named("  Café & Croissants ").unwrap();
    /// assert_eq!(room.slug, "café-croissants");
    /// assert_eq!(room.name, "Café & Croissants");
    /// ```
    pub fn named(name: &str) -> Result<Self, Refusal> {
        let name =
            tidy(name, MAX_ROOM_NAME).map_err(|fault| fault.or(Refusal::RoomNameLong))?;
        let slug = slug(&name);
        if slug.is_empty() {
            Err(Refusal::RoomNameEmpty)
        } else {
            Ok(Self { slug, name })
        }
    }
}

/// A nickname as it is shown, and the key by which two nicknames are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nickname {
    /// As typed, without the extra spaces.
    pub shown: String,
    /// The same for names that look alike: `Ann`, `ANN`, `Ａｎｎ`, and `Аnn` with a
    /// Cyrillic А.
    pub key: String,
}

impl Nickname {
    /// The nickname that was typed.
    ///
    /// # Errors
    /// [`Refusal::NicknameEmpty`], [`Refusal::NicknameLong`], [`Refusal::Control`] or
    /// [`Refusal::Invisible`].
    pub fn new(typed: &str) -> Result<Self, Refusal> {
        let shown =
            tidy(typed, MAX_NICKNAME).map_err(|fault| fault.or(Refusal::NicknameLong))?;
        let seen = |c: char| !c.is_whitespace() && !is_combining_mark(c);
        if !fold(&shown).any(seen) {
            return Err(Refusal::NicknameEmpty);
        }
        let key = look(&shown);
        Ok(Self { shown, key })
    }
}

/// Checks a message. It is kept and sent as typed: lines, tabs and spaces matter to
/// people who paste code.
///
/// # Errors
/// [`Refusal::TextEmpty`], [`Refusal::TextLong`] or [`Refusal::Control`].
pub fn check_text(text: &str) -> Result<(), Refusal> {
    if text.chars().all(|c| c.is_whitespace() || is_invisible(c)) {
        Err(Refusal::TextEmpty)
    } else if text.chars().nth(MAX_TEXT).is_some() {
        Err(Refusal::TextLong)
    } else if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        Err(Refusal::Control)
    } else {
        Ok(())
    }
}

/// The fault of a line that [`tidy`] refused.
enum Fault {
    Long,
    Control,
    Invisible,
}

impl Fault {
    fn or(self, long: Refusal) -> Refusal {
        match self {
            Fault::Long => long,
            Fault::Control => Refusal::Control,
            Fault::Invisible => Refusal::Invisible,
        }
    }
}

/// One line of text: composed (NFC), trimmed, each run of white space a single space.
fn tidy(typed: &str, longest: usize) -> Result<String, Fault> {
    if typed
        .trim()
        .chars()
        .any(|c| c.is_control() || turns_direction(c))
    {
        return Err(Fault::Control);
    }
    if typed.chars().any(|c| is_invisible(c) && !is_joiner(c)) {
        return Err(Fault::Invisible);
    }
    // Count as we go: what is refused for its length is not worth a copy of its length.
    let mut line = String::new();
    let mut count = 0;
    for c in typed
        .split_whitespace()
        .flat_map(|word| [" ", word])
        .flat_map(str::chars)
        .skip(1)
        .nfc()
    {
        count += 1;
        if count > longest {
            return Err(Fault::Long);
        }
        line.push(c);
    }
    Ok(line)
}

/// Folds case, compatibility forms and invisible characters away. Lower case can undo a
/// composed form, and so can an invisible character, so the composition comes last.
fn fold(line: &str) -> impl Iterator<Item = char> {
    line.nfkc()
        .flat_map(char::to_lowercase)
        .filter(|&c| !is_invisible(c))
        .nfkc()
}

/// Returns the look of a name: its skeleton (Unicode TS 39, section 4), in which characters
/// that can be taken for one another are one, without regard to case.
fn look(name: &str) -> String {
    // Before case is folded, because a capital I is taken for a small l; and afterwards,
    // because a small letter can have another twin than its capital.
    let compatible: String = name.nfkc().filter(|&c| !is_invisible(c)).collect();
    let folded: String = skeleton(&compatible).flat_map(char::to_lowercase).collect();
    let words: Vec<_> = folded.split_whitespace().collect();
    // I looks like l, and is the same letter as i: so all three are one.
    let one = |c| if c == 'i' { 'l' } else { c };
    skeleton(&words.join(" ")).map(one).collect()
}

/// Letters and digits of any script, with dashes between.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in fold(name).take(MAX_ROOM_NAME) {
        let behind_a_letter = !slug.is_empty() && !slug.ends_with('-');
        if is_combining_mark(c) {
            // A mark on a character that the address leaves out is left out as well.
            if behind_a_letter {
                slug.push(c);
            }
        } else if c.is_alphanumeric() {
            slug.push(c);
        } else if behind_a_letter {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// Characters that reorder their neighbours on the screen (Unicode TR 9, explicit
/// directional formatting).
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character shows nothing: Unicode's `Default_Ignorable_Code_Point` (joiners,
/// fillers, variation selectors), format characters, and the few symbols whose glyph is
/// blank, for which Unicode has no property.
fn is_invisible(c: char) -> bool {
    const BLANK: [char; 5] = [
        '\u{2800}',
        '\u{13441}',
        '\u{13442}',
        '\u{16FE4}',
        '\u{1D159}',
    ];
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::Format
        || BLANK.contains(&c)
}

/// Whether an invisible character has work to do in a name: it joins two emoji or two
/// letters (U+200C, U+200D), picks the form of the character before it, or spells the
/// flag of a region.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}' | '\u{E0020}'..='\u{E007F}')
        || CodePointSetData::new::<VariationSelector>().contains(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slug_of(name: &str) -> String {
        Room::named(name).unwrap().slug
    }

    #[test]
    fn slugs_keep_letters_of_any_script() {
        assert_eq!(slug_of("Rust 2024!"), "rust-2024");
        assert_eq!(slug_of("--C++ & Friends--"), "c-friends");
        assert_eq!(slug_of("日本語 の 部屋"), "日本語-の-部屋");
        assert_eq!(slug_of("हिन्दी"), "हिन्दी");
        assert_eq!(
            slug_of("Cafe\u{301}"),
            "café",
            "composed, whichever way it was typed"
        );
        assert_eq!(slug_of("../../etc/passwd"), "etc-passwd");
        assert_eq!(slug_of("Weekend plans \u{2600}\u{FE0F}"), "weekend-plans");
        assert_eq!(
            slug_of("<script>alert(1)</script>"),
            "script-alert-1-script"
        );
    }

    /// Found by the fuzzer. A variation selector kept the two marks apart until the slug
    /// lost it, and then they changed places.
    #[test]
    fn an_invisible_character_between_marks_does_not_change_the_slug() {
        for name in ["h\u{FE0C}\u{30C}", "x\u{310}\u{FE0C}\u{336}\u{30C}"] {
            let slug = slug_of(name);
            assert_eq!(slug_of(&slug), slug, "{name:?}");
            assert_eq!(slug, slug_of(&name.replace('\u{FE0C}', "")), "{name:?}");
        }
    }

    #[test]
    fn room_names_have_bounds() {
        assert_eq!(Room::named(""), Err(Refusal::RoomNameEmpty));
        assert_eq!(Room::named(" \u{FE0F}!?🦀"), Err(Refusal::RoomNameEmpty));
        assert_eq!(Room::named("a\0b"), Err(Refusal::Control));
        assert!(Room::named(&"é".repeat(MAX_ROOM_NAME)).is_ok());
        assert_eq!(
            Room::named(&"é".repeat(MAX_ROOM_NAME + 1)),
            Err(Refusal::RoomNameLong)
        );
    }

    #[test]
    fn nicknames_that_look_alike_are_alike() {
        let key = |typed: &str| Nickname::new(typed).unwrap().key;
        for twin in [
            "ann",
            "ANN",
            " Ann ",
            "Ａｎｎ",
            "A\u{200D}nn",
            "Ann\u{FE0F}",
            "\u{410}nn",
            "\u{391}nn",
        ] {
            assert_eq!(key(twin), key("Ann"), "{twin:?}");
        }
        for [one, other] in [
            ["Alice", "AIice"],
            ["Alice", "A1ice"],
            ["Ian", "ian"],
            ["Ian", "lan"],
            ["modern", "modem"],
            ["\u{415}va", "Eva"],
            ["Bob", "B0b"],
        ] {
            assert_eq!(key(one), key(other), "{one} and {other}");
        }
        assert_eq!(key("Zoe\u{308}"), key("ZOË"));
        assert_ne!(key("Zoe"), key("Zoë"));
        assert_ne!(key("Ann"), key("Anna"));
        assert_eq!(
            Nickname::new("  Ann \t Lee ").unwrap_err(),
            Refusal::Control
        );
        assert_eq!(Nickname::new("  Ann   Lee ").unwrap().shown, "Ann Lee");
    }

    #[test]
    fn nicknames_have_bounds() {
        assert_eq!(Nickname::new("  "), Err(Refusal::NicknameEmpty));
        for blank in ["\u{200D}\u{FE0F}", "\u{301}"] {
            let refused = Nickname::new(blank);
            assert_eq!(refused, Err(Refusal::NicknameEmpty), "{blank:?}");
        }
        for invisible in [
            '\u{AD}',
            '\u{200B}',
            '\u{2800}',
            '\u{3164}',
            '\u{FFF3}',
            '\u{FFF9}',
            '\u{13430}',
            '\u{13441}',
            '\u{16FE4}',
            '\u{1BCA0}',
            '\u{1D159}',
            '\u{1D173}',
        ] {
            let refused = Nickname::new(&format!("An{invisible}n"));
            assert_eq!(refused, Err(Refusal::Invisible), "{invisible:?}");
            assert_eq!(check_text(&invisible.to_string()), Err(Refusal::TextEmpty));
        }
        assert_eq!(Nickname::new("Ann\u{202E}"), Err(Refusal::Control));
        assert!(Nickname::new(&"n".repeat(MAX_NICKNAME)).is_ok());
        assert_eq!(
            Nickname::new(&"n".repeat(MAX_NICKNAME + 1)),
            Err(Refusal::NicknameLong)
        );
        assert!(Nickname::new("👩‍💻").is_ok());
    }

    #[test]
    fn messages_have_bounds() {
        assert_eq!(check_text("a\n\tb"), Ok(()));
        assert_eq!(check_text(" \n "), Err(Refusal::TextEmpty));
        assert_eq!(check_text("bell \u{7}"), Err(Refusal::Control));
        assert_eq!(check_text(&"é".repeat(MAX_TEXT)), Ok(()));
        assert_eq!(
            check_text(&"é".repeat(MAX_TEXT + 1)),
            Err(Refusal::TextLong)
        );
    }

    proptest! {
        /// A page joins its room by the slug in its address: that has to be the same room again.
        /// Letters and marks that compose, with invisible characters between them.
        #[test]
        fn a_slug_of_stacked_marks_names_its_own_room(
            name in "[hȟȞ!\u{FE0C}\u{200D}\u{336}\u{32C}\u{30C}]{1,70}"
        ) {
            if let Ok(room) = Room::named(&name) {
                prop_assert_eq!(Room::named(&room.slug).map(|again| again.slug), Ok(room.slug));
            }
        }

        #[test]
        fn a_slug_names_its_own_room(name in "\\PC{1,80}") {
            if let Ok(room) = Room::named(&name) {
                prop_assert!(room.slug.chars().count() <= MAX_ROOM_NAME);
                prop_assert_eq!(Room::named(&room.slug).map(|again| again.slug), Ok(room.slug));
            }
        }
    }
}
