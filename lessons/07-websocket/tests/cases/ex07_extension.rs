//! What `answer` has to do. Sections are those of chapter 7.

use super::subject::answer;

const PLAIN: &str =
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// Checks an offer that is acceptable, and whose answer is `wanted`.
#[track_caller]
fn accepts(offers: &str, wanted: &str, why: &str) {
    assert_eq!(
        answer(offers).as_deref(),
        Some(wanted),
        "(left: yours, right: wanted) {why} The client offered: {offers}. See \"The \
         negotiation\"."
    );
}

/// Checks offers of which none is acceptable.
#[track_caller]
fn declines(offers: &str, why: &str) {
    assert_eq!(
        answer(offers),
        None,
        "(left: yours, right: wanted) {why} The client offered: {offers}. See \"The \
         negotiation\"."
    );
}

#[test]
fn a_plain_offer_is_accepted() {
    accepts("permessage-deflate", PLAIN, "An offer needs no parameters.");
}

#[test]
fn what_a_browser_offers_is_accepted() {
    accepts(
        "permessage-deflate; client_max_window_bits",
        PLAIN,
        "client_max_window_bits needs no value, and the server leaves the client's window \
         as it is.",
    );
}

#[test]
fn all_parameters_together() {
    accepts(
        "permessage-deflate; client_no_context_takeover; client_max_window_bits=10; \
         server_max_window_bits=12; server_no_context_takeover",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
         server_max_window_bits=12",
        "All four parameters are right. The answer repeats the server's window, and \
         nothing of the client's.",
    );
}

#[test]
fn the_servers_window_is_repeated() {
    for bits in 9..=15 {
        accepts(
            &format!("permessage-deflate; server_max_window_bits={bits}"),
            &format!("{PLAIN}; server_max_window_bits={bits}"),
            "A server that accepts server_max_window_bits says so with the same value.",
        );
        accepts(
            &format!("permessage-deflate; client_max_window_bits={bits}"),
            PLAIN,
            "The client's window can be 9 to 15, and is not repeated.",
        );
    }
}

#[test]
fn spaces_do_not_matter() {
    accepts(
        "  other ,  permessage-deflate ;server_max_window_bits  =  9 ",
        &format!("{PLAIN}; server_max_window_bits=9"),
        "There can be spaces around names and values, or none.",
    );
}

#[test]
fn the_first_acceptable_offer_is_taken() {
    accepts(
        "permessage-deflate; server_max_window_bits=10, permessage-deflate",
        &format!("{PLAIN}; server_max_window_bits=10"),
        "Both offers are acceptable, and the client likes the first better.",
    );
}

#[test]
fn an_offer_after_a_declined_one_is_read() {
    accepts(
        "permessage-deflate; unknown, permessage-deflate; server_max_window_bits=10",
        &format!("{PLAIN}; server_max_window_bits=10"),
        "The first offer is declined. The second one is acceptable.",
    );
    accepts(
        "x-webkit-deflate-frame, permessage-deflate",
        PLAIN,
        "The first offer is another extension. The second one is acceptable.",
    );
}

#[test]
fn another_extension_is_declined() {
    for offers in [
        "",
        "x-webkit-deflate-frame",
        "permessage-deflate-2",
        "permessage-bzip2; client_max_window_bits",
        "my-permessage-deflate",
    ] {
        declines(offers, "This is not permessage-deflate.");
    }
}

#[test]
fn an_unknown_parameter_declines_the_offer() {
    declines(
        "permessage-deflate; mode=fast",
        "A server must not agree to what it does not understand.",
    );
    declines(
        "permessage-deflate; client_max_window_bits; no_context_takeover",
        "A server must not agree to what it does not understand.",
    );
    declines(
        "permessage-deflate;",
        "After a semicolon comes a parameter.",
    );
}

#[test]
fn a_parameter_twice_declines_the_offer() {
    for parameters in [
        "server_max_window_bits=10; server_max_window_bits=12",
        "client_max_window_bits; server_no_context_takeover; client_max_window_bits=12",
        "client_no_context_takeover; client_no_context_takeover",
    ] {
        declines(
            &format!("permessage-deflate; {parameters}"),
            "A parameter appears twice.",
        );
    }
}

#[test]
fn a_value_where_none_belongs_declines_the_offer() {
    for name in ["server_no_context_takeover", "client_no_context_takeover"] {
        for value in ["true", "9", ""] {
            declines(
                &format!("permessage-deflate; {name}={value}"),
                "This parameter has no value.",
            );
        }
    }
}

#[test]
fn the_servers_window_needs_a_value() {
    declines(
        "permessage-deflate; server_max_window_bits",
        "Without a value the client has not said which window it wants.",
    );
}

#[test]
fn a_window_is_9_to_15() {
    for name in ["server_max_window_bits", "client_max_window_bits"] {
        for value in ["0", "7", "8", "16", "150", "300"] {
            declines(
                &format!("permessage-deflate; {name}={value}"),
                "A window is 9 to 15.",
            );
        }
    }
}

#[test]
fn a_window_is_written_in_digits() {
    for name in ["server_max_window_bits", "client_max_window_bits"] {
        for value in ["", "+9", "09", "010", "-9", "9.0", "0x9", "ten", "1 0"] {
            declines(
                &format!("permessage-deflate; {name}={value}"),
                "A value is a decimal number without a sign or a leading zero.",
            );
        }
    }
}
