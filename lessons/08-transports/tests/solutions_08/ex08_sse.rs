//! The worked solution, under the same cases.

#[path = "../cases/ex08_sse.rs"]
mod cases;

use transports::solutions::ex08_sse as subject;
