//! The first program of chapter 8: two tasks on tokio's runtime.

// ANCHOR: tasks
use std::time::Duration;

use tokio::time::sleep;

async fn prepare(what: &str, time: Duration, pieces: u32) -> u32 {
    sleep(time).await;
    println!("The {what} is ready.");
    pieces
}

#[tokio::main]
async fn main() -> Result<(), tokio::task::JoinError> {
    let tea = tokio::spawn(prepare("tea", Duration::from_secs(1), 3));
    let toast = tokio::spawn(prepare("toast", Duration::from_millis(100), 2));
    let (cups, slices) = (tea.await?, toast.await?);
    println!("{cups} cups of tea and {slices} slices of toast.");
    Ok(())
}
// ANCHOR_END: tasks
