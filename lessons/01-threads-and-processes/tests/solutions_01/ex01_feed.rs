//! The worked solution, under the same cases.

#[path = "../cases/ex01_feed.rs"]
mod cases;

use units::solutions::ex01_feed as subject;
