//! The forever iframe: a page that never finishes loading, in a hidden frame.
//!
//! A browser runs a script as soon as its end tag has arrived, even if the page continues.
//! So each event is a script that calls the page around the frame.

use crate::jsonp::script_safe;

/// Returns the start of the page. Some browsers used to wait for about a kilobyte before
/// they ran anything.
pub(crate) fn head() -> String {
    format!(
        "<!doctype html><meta charset=utf-8><title>events</title>{}\n",
        " ".repeat(1024)
    )
}

// ANCHOR: script
/// Returns a script that passes an event to the page around the frame and then removes
/// itself, because otherwise the frame would grow forever.
pub fn script(json: &str) -> String {
    format!(
        "<script>parent.onFrameEvent({});document.currentScript.remove()</script>\n",
        script_safe(json)
    )
}
// ANCHOR_END: script
