//! The body of a request, which tells the connection below when it waits for more.

use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};

use crate::peer::Peer;

/// The body of a request that [`run`](crate::run) reads.
///
/// warp's filters hide it. Your own service, if `tower::serve` serves it (a cargo
/// feature), receives it in each request:
///
/// ```
/// use engine_io::RequestBody;
/// use http::Request;
/// use http_body_util::{BodyExt, Limited};
///
/// type Failure = Box<dyn std::error::Error + Send + Sync>;
///
/// async fn text(request: Request<RequestBody>) -> Result<String, Failure> {
///     // A body has no limit of its own.
///     let body = Limited::new(request.into_body(), 10_000).collect().await?;
///     Ok(String::from_utf8(body.to_bytes().into())?)
/// }
/// ```
#[derive(Debug)]
pub struct RequestBody {
    incoming: Incoming,
    peer: Peer,
}

impl RequestBody {
    pub(crate) fn new(incoming: Incoming, peer: Peer) -> Self {
        Self { incoming, peer }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.incoming).poll_frame(cx);
        if frame.is_pending() {
            self.peer.hold().wants_more();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
