//! The worked solutions, each under the cases of its exercise.

mod ex09_budget;
mod ex09_heartbeat;
mod ex09_payload;
mod ex09_upgrade;
