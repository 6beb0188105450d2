//! The worked solution, under the same cases.

#[path = "../cases/ex08_chunked.rs"]
mod cases;

use transports::solutions::ex08_chunked as subject;
