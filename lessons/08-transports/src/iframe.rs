//! The forever iframe: a page that never finishes loading, in a frame that nobody sees.
//!
//! Browsers run a script as soon as its end has come, also when the page goes on. So each
//! event is a script that calls the page around the frame.

use crate::jsonp::script_safe;

/// What comes first: browsers wait for some bytes before they begin to run anything.
pub(crate) fn head() -> String {
    format!(
        "<!doctype html><meta charset=utf-8><title>events</title>{}\n",
        " ".repeat(1024)
    )
}

// ANCHOR: script
/// One event: the page around the frame is called, and the script takes itself out, or
/// the frame would grow for ever.
pub fn script(json: &str) -> String {
    format!(
        "<script>parent.onFrameEvent({});document.currentScript.remove()</script>\n",
        script_safe(json)
    )
}
// ANCHOR_END: script
