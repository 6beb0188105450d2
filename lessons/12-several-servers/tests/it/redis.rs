//! The bus through Redis, with a Redis server of its own.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use cluster::bus::{
    Bus, BusError, Delivery, QueueLimits, RedisBus, RedisConfig, Subscription, Topic,
};
use cluster::wire::redis_adapter::RedisAdapter;
use cluster::{ClusterConfig, adapters};
use tokio::time::timeout;

use crate::scenario::{client, every_operation, server};
use crate::support::Redis;

/// Nothing here takes longer, on a busy machine either.
const PATIENCE: Duration = Duration::from_secs(30);

async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let result = timeout(PATIENCE, future).await;
    result.unwrap_or_else(|_| panic!("{what}: nothing in {PATIENCE:?}"))
}

async fn connect(redis: &Redis) -> RedisBus {
    let bus = RedisBus::open(&redis.url(), RedisConfig::default()).unwrap();
    bus.ready(PATIENCE).await.unwrap();
    bus
}

fn channel(name: &str) -> Vec<Topic> {
    vec![Topic::Channel(name.into())]
}

/// The next message, past whatever is said of the connection.
async fn next(subscription: &mut Subscription) -> (String, Bytes) {
    soon("a message", async {
        loop {
            match subscription.recv().await {
                Some(Delivery::Message { channel, payload }) => {
                    return (channel.to_string(), payload);
                }
                Some(Delivery::Lost(count)) => panic!("{count} messages were lost"),
                Some(_) => {}
                None => panic!("the bus has ended"),
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_message_reaches_the_subscribers_of_its_channel_and_prefix() {
    let Some(redis) = Redis::start() else { return };
    let (ann, bob) = (connect(&redis).await, connect(&redis).await);
    let mut tea = bob.subscribe(channel("tea#"));
    // A star in a name is only a star.
    let mut star = bob.subscribe(vec![Topic::Prefix("t*".into())]);
    let mut prefix = ann.subscribe(vec![Topic::Prefix("te".into())]);
    bob.ready(PATIENCE).await.unwrap();
    ann.ready(PATIENCE).await.unwrap();

    let bytes = Bytes::from((0..=255).collect::<Vec<u8>>());
    ann.publish("cake", "cake".into()).unwrap();
    ann.publish("tea#", bytes.clone()).unwrap();
    ann.publish("t*a", "star".into()).unwrap();
    assert_eq!(next(&mut tea).await, ("tea#".into(), bytes.clone()));
    assert_eq!(next(&mut prefix).await, ("tea#".into(), bytes));
    assert_eq!(next(&mut star).await, ("t*a".into(), "star".into()));
}

#[tokio::test]
async fn messages_keep_their_order() {
    let Some(redis) = Redis::start() else { return };
    let (ann, bob) = (connect(&redis).await, connect(&redis).await);
    let mut tea = bob.subscribe(channel("tea"));
    bob.ready(PATIENCE).await.unwrap();
    for number in 0..2_000 {
        ann.publish("tea", number.to_string().into()).unwrap();
    }
    for number in 0..2_000 {
        assert_eq!(next(&mut tea).await.1, number.to_string());
    }
}

#[tokio::test]
async fn a_subscriber_counts_from_the_moment_it_subscribes_and_until_it_is_dropped() {
    let Some(redis) = Redis::start() else { return };
    let (ann, bob) = (connect(&redis).await, connect(&redis).await);
    let first = ann.subscribe(channel("tea"));
    assert_eq!(ann.subscribers("tea").await, Ok(1));
    let second = bob.subscribe(channel("tea"));
    let prefix = bob.subscribe(vec![Topic::Prefix("t".into())]);
    assert_eq!(bob.subscribers("tea").await, Ok(2));
    drop((second, prefix));
    assert_eq!(bob.subscribers("tea").await, Ok(1));
    drop(first);
    assert_eq!(ann.subscribers("tea").await, Ok(0));
}

#[tokio::test]
async fn redis_goes_and_comes_back() {
    let Some(mut redis) = Redis::start() else {
        return;
    };
    let (ann, bob) = (connect(&redis).await, connect(&redis).await);
    let mut tea = bob.subscribe(channel("tea"));
    bob.ready(PATIENCE).await.unwrap();

    redis.stop();
    let away = soon("the end of Redis", async {
        loop {
            if tea.recv().await == Some(Delivery::Away) {
                return;
            }
        }
    });
    away.await;
    let mut connected = ann.connected();
    soon("ann notices, too", connected.wait_for(|up| !up))
        .await
        .unwrap();
    assert_eq!(ann.publish("tea", "lost".into()), Err(BusError::Away));
    assert_eq!(ann.subscribers("tea").await, Err(BusError::Away));

    redis.restart();
    ann.ready(PATIENCE).await.unwrap();
    bob.ready(PATIENCE).await.unwrap();
    assert_eq!(soon("back", tea.recv()).await, Some(Delivery::Back));
    assert_eq!(ann.subscribers("tea").await, Ok(1));
    ann.publish("tea", "heard".into()).unwrap();
    assert_eq!(next(&mut tea).await.1, "heard");
}

#[tokio::test]
async fn a_server_can_start_before_redis() {
    let Some(mut redis) = Redis::start() else {
        return;
    };
    redis.stop();
    let bus = RedisBus::open(&redis.url(), RedisConfig::default()).unwrap();
    let mut tea = bus.subscribe(channel("tea"));
    assert_eq!(bus.publish("tea", "early".into()), Err(BusError::Away));
    let early = bus.ready(Duration::from_millis(200)).await;
    assert_eq!(early, Err(BusError::Away));
    redis.restart();
    bus.ready(PATIENCE).await.unwrap();
    bus.publish("tea", "heard".into()).unwrap();
    assert_eq!(next(&mut tea).await.1, "heard");
}

#[tokio::test]
async fn the_queue_to_redis_is_bounded_in_messages_and_bytes() {
    let Some(redis) = Redis::start() else { return };
    let config = RedisConfig {
        max_queue: 3,
        max_queue_bytes: 100,
        ..RedisConfig::default()
    };
    let bus = RedisBus::open(&redis.url(), config).unwrap();
    bus.ready(PATIENCE).await.unwrap();
    // This task does not wait in between, so the one that publishes cannot run.
    let large = bus.publish("tea", vec![0; 101].into());
    assert_eq!(large, Err(BusError::Full));
    for _ in 0..3 {
        bus.publish("tea", vec![0; 10].into()).unwrap();
    }
    assert_eq!(bus.publish("tea", "x".into()), Err(BusError::Full));
    soon("the queue is sent", async {
        while bus.publish("tea", vec![0; 90].into()) == Err(BusError::Full) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_slow_subscriber_loses_messages_and_delays_nobody() {
    let Some(redis) = Redis::start() else { return };
    let config = RedisConfig {
        subscribers: QueueLimits {
            messages: 2,
            bytes: 1_000,
        },
        ..RedisConfig::default()
    };
    let slow = RedisBus::open(&redis.url(), config).unwrap();
    let fast = connect(&redis).await;
    let (mut behind, mut ahead) = (
        slow.subscribe(channel("tea")),
        fast.subscribe(channel("tea")),
    );
    slow.ready(PATIENCE).await.unwrap();
    fast.ready(PATIENCE).await.unwrap();
    for number in 0..10 {
        fast.publish("tea", number.to_string().into()).unwrap();
    }
    for number in 0..10 {
        assert_eq!(next(&mut ahead).await.1, number.to_string());
    }
    let lost = soon("the loss", async {
        let mut lost = 0;
        while lost < 8 {
            match behind.recv().await {
                Some(Delivery::Lost(count)) => lost += count,
                Some(_) => {}
                None => panic!("the bus has ended"),
            }
        }
        lost
    });
    assert_eq!(lost.await, 8);
}

#[tokio::test]
async fn sharded_channels_are_others_than_plain_ones() {
    let Some(redis) = Redis::start() else { return };
    let config = RedisConfig {
        sharded: true,
        ..RedisConfig::default()
    };
    let sharded = RedisBus::open(&redis.url(), config).unwrap();
    sharded.ready(PATIENCE).await.unwrap();
    let plain = connect(&redis).await;
    let mut tea = sharded.subscribe(channel("tea"));
    let mut plain_tea = plain.subscribe(channel("tea"));
    assert_eq!(sharded.subscribers("tea").await, Ok(1));
    assert_eq!(plain.subscribers("tea").await, Ok(1));
    sharded.publish("tea", "sharded".into()).unwrap();
    plain.publish("tea", "plain".into()).unwrap();
    assert_eq!(next(&mut tea).await.1, "sharded");
    assert_eq!(next(&mut plain_tea).await.1, "plain");
}

#[tokio::test]
async fn every_operation_reaches_the_other_server() {
    let Some(redis) = Redis::start() else { return };
    let mut servers = Vec::new();
    for _ in 0..2 {
        let bus = connect(&redis).await;
        let format = RedisAdapter::default();
        servers.push(server(adapters(bus, format, ClusterConfig::default())));
    }
    for (_, chat) in &servers {
        soon("both servers are there", async {
            while chat.server_count().await != Ok(2) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
    soon("all of it", every_operation(&servers[0], &servers[1])).await;
}

#[tokio::test]
async fn servers_find_each_other_again_when_redis_is_back() {
    let Some(mut redis) = Redis::start() else {
        return;
    };
    let (first, second) = (connect(&redis).await, connect(&redis).await);
    let (mut one_up, mut two_up) = (first.connected(), second.connected());
    let config = ClusterConfig::default;
    let one = server(adapters(first, RedisAdapter::default(), config()));
    let two = server(adapters(second, RedisAdapter::default(), config()));
    let mut ann = client(&one.0, &["tea"]).await;
    let mut bob = client(&two.0, &["tea"]).await;

    redis.stop();
    for up in [&mut one_up, &mut two_up] {
        soon("the end of Redis", up.wait_for(|up| !up))
            .await
            .unwrap();
    }
    one.1.to("tea").emit("news", "alone");
    assert_eq!(ann.expect::<String>("news").await, "alone");

    redis.restart();
    for up in [&mut one_up, &mut two_up] {
        soon("Redis is back", up.wait_for(|up| *up)).await.unwrap();
    }
    soon("both servers are there", async {
        while one.1.server_count().await != Ok(2) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    one.1.to("tea").emit("news", "together");
    assert_eq!(bob.expect::<String>("news").await, "together");
}
