//! The third program of chapter 8: a server in warp that answers with JSON.

// ANCHOR: hello
use serde::Serialize;
use tokio::net::TcpListener;
use warp::Filter;

#[derive(Serialize)]
struct Greeting {
    hello: String,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let hello = warp::path!("hello" / String)
        .and(warp::get())
        .map(|name| warp::reply::json(&Greeting { hello: name }));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("Ask http://{}/hello/Ann", listener.local_addr()?);
    warp::serve(hello).incoming(listener).run().await;
    Ok(())
}
// ANCHOR_END: hello
