//! The worked solutions, one module an exercise. Each can be put in the place of its
//! starter.

pub mod ex09_budget;
pub mod ex09_heartbeat;
pub mod ex09_payload;
pub mod ex09_upgrade;
