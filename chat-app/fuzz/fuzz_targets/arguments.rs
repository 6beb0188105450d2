//! The arguments of the chat's events: any text as a room's name, a nickname or a message.
//! Nothing panics, an accepted name is accepted again unchanged, and limits hold.
#![no_main]

use chat_app::names::{
    MAX_NICKNAME, MAX_ROOM_NAME, MAX_TEXT, Nickname, Room, check_text,
};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(room) = Room::named(text) {
        assert!(room.name.chars().count() <= MAX_ROOM_NAME);
        assert!(!room.slug.is_empty());
        assert_eq!(Room::named(&room.name), Ok(room.clone()));
        // A slug is the name of its own room.
        assert_eq!(Room::named(&room.slug).map(|again| again.slug), Ok(room.slug));
    }
    if let Ok(nickname) = Nickname::new(text) {
        assert!(nickname.shown.chars().count() <= MAX_NICKNAME);
        assert_eq!(Nickname::new(&nickname.shown), Ok(nickname));
    }
    if check_text(text).is_ok() {
        assert!(text.chars().count() <= MAX_TEXT);
    }
});
