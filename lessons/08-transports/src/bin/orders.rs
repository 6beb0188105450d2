//! The second program of chapter 8: a channel, `select!` and `timeout`.

// ANCHOR: orders
use std::pin::pin;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

#[tokio::main]
async fn main() {
    let (sender, mut orders) = mpsc::channel(16);
    let guest = tokio::spawn(async move {
        for order in ["Tea", "Cake"] {
            sleep(Duration::from_millis(50)).await;
            let _ = sender.send(order).await;
        }
        sleep(Duration::from_secs(3600)).await;
    });
    let mut closing = pin!(sleep(Duration::from_secs(2)));
    loop {
        tokio::select! {
            Some(order) = orders.recv() => println!("{order}, please."),
            () = &mut closing => break,
        }
    }
    println!("We are closed.");
    let goodbye = timeout(Duration::from_millis(50), guest).await;
    println!("Did the guest leave? {}", goodbye.is_ok());
}
// ANCHOR_END: orders
