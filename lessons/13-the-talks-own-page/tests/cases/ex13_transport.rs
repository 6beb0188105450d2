//! What `plan` and `next` have to do. The sections are those of chapter 13.

use super::subject::Transport::{
    FlashSocket, HtmlFile, JsonpPolling, WebSocket, XhrPolling,
};
use super::subject::{Browser, Transport, next, plan};

const ALL: [Transport; 5] = [WebSocket, FlashSocket, HtmlFile, XhrPolling, JsonpPolling];

fn browser(can: &[Transport]) -> Browser {
    Browser {
        can: can.to_vec(),
        cross_origin: false,
        cors: true,
    }
}

const WHERE: &str = "See \"Six transports, one of them chosen\".";

#[test]
fn both_sides_must_have_it() {
    let all = browser(&ALL);
    assert_eq!(
        plan(&[WebSocket, XhrPolling], &[XhrPolling, JsonpPolling], &all),
        [XhrPolling],
        "a transport has to be in both lists. {WHERE}"
    );
    assert_eq!(
        plan(&[WebSocket], &[XhrPolling], &all),
        [],
        "nothing in common. {WHERE}"
    );
}

#[test]
fn the_shorter_list_has_the_order() {
    let all = browser(&ALL);
    assert_eq!(
        plan(&ALL, &[JsonpPolling, XhrPolling, WebSocket], &all),
        [JsonpPolling, XhrPolling, WebSocket],
        "the page's list is the shorter one here, so its order counts. {WHERE}"
    );
    assert_eq!(
        plan(&[XhrPolling, WebSocket], &ALL, &all),
        [XhrPolling, WebSocket],
        "the server's list is the shorter one here, so its order counts. {WHERE}"
    );
}

#[test]
fn the_server_decides_between_equal_lists() {
    assert_eq!(
        plan(
            &[WebSocket, XhrPolling],
            &[XhrPolling, WebSocket],
            &browser(&ALL)
        ),
        [WebSocket, XhrPolling],
        "the lists have the same length, so the server's order counts. {WHERE}"
    );
}

#[test]
fn the_browser_must_be_able_to() {
    assert_eq!(
        plan(&ALL, &ALL, &browser(&[JsonpPolling, HtmlFile, XhrPolling])),
        [HtmlFile, XhrPolling, JsonpPolling],
        "this browser has neither WebSocket nor Flash; the order is still the lists'. {WHERE}"
    );
}

#[test]
fn another_origin_is_out_of_reach_for_some() {
    let mut far = browser(&ALL);
    far.cross_origin = true;
    assert_eq!(
        plan(&ALL, &ALL, &far),
        [WebSocket, FlashSocket, XhrPolling, JsonpPolling],
        "an iframe cannot cross to another origin. {WHERE}"
    );
    far.cors = false;
    assert_eq!(
        plan(&ALL, &ALL, &far),
        [WebSocket, FlashSocket, JsonpPolling],
        "polling by XHR needs CORS to cross to another origin. {WHERE}"
    );
}

#[test]
fn at_home_cors_does_not_matter() {
    let mut home = browser(&ALL);
    home.cors = false;
    assert_eq!(
        plan(&ALL, &ALL, &home),
        ALL,
        "the page is of the server's own origin, so nothing has to cross. {WHERE}"
    );
}

#[test]
fn the_next_one_follows_the_one_that_failed() {
    let plan = [WebSocket, HtmlFile, XhrPolling];
    assert_eq!(
        next(&plan, WebSocket),
        Some(HtmlFile),
        "the one after it. {WHERE}"
    );
    assert_eq!(
        next(&plan, HtmlFile),
        Some(XhrPolling),
        "those before it have failed already. {WHERE}"
    );
}

#[test]
fn after_the_last_there_is_none() {
    let plan = [WebSocket, XhrPolling];
    assert_eq!(
        next(&plan, XhrPolling),
        None,
        "that was the last one. {WHERE}"
    );
    assert_eq!(
        next(&plan, JsonpPolling),
        None,
        "it is not in the plan at all. {WHERE}"
    );
    assert_eq!(
        next(&[], WebSocket),
        None,
        "an empty plan has no next one. {WHERE}"
    );
}
