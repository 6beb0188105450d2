//! Two listings of chapter 12: a message on a bus in memory, and JSON that serde reads.

use cluster::bus::{Bus, BusError, Delivery, MemoryBus, Topic};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

// ANCHOR: bus
async fn example() -> Result<(), BusError> {
    let bus = MemoryBus::new();
    let (one, two) = (bus.connect("one"), bus.connect("two"));
    let mut news = two.subscribe(vec![Topic::Channel("news".into())]);
    one.publish("news", "the tea is ready".into())?;
    if let Some(Delivery::Message { channel, payload }) = news.recv().await {
        println!("{channel}: {}", String::from_utf8_lossy(&payload));
    }
    Ok(())
}
// ANCHOR_END: bus

// ANCHOR: order
#[derive(Debug, PartialEq, Deserialize)]
struct Order {
    /// `ref` is a keyword in Rust, so the field has another name here.
    #[serde(rename = "ref")]
    reference: String,
    /// Can be missing, or null.
    guest: Option<String>,
    /// 0 if it is missing; otherwise `spoons` reads it.
    #[serde(default, deserialize_with = "spoons")]
    sugar: u8,
    table: Table,
}

/// A number or a text: without `untagged`, serde would expect `{"Number":7}`.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum Table {
    Number(u32),
    Name(String),
}

fn spoons<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let spoons = u8::deserialize(deserializer)?;
    if spoons > 9 {
        return Err(D::Error::custom("that is syrup"));
    }
    Ok(spoons)
}

fn read() -> Result<(), serde_json::Error> {
    let order: Order = serde_json::from_str(r#"{"ref":"a1","table":7,"tip":true}"#)?;
    assert_eq!(
        (order.table, order.sugar, order.guest),
        (Table::Number(7), 0, None)
    );
    Ok(())
}
// ANCHOR_END: order

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    example().await?;
    read()?;
    Ok(())
}
