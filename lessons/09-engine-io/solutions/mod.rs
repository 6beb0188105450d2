//! The worked solutions, one module per exercise. Each can replace its starter.

pub mod ex09_budget;
pub mod ex09_heartbeat;
pub mod ex09_payload;
pub mod ex09_upgrade;
