//! How much one client can take: sizes, counts and times. Knows nothing of how each of them is enforced.

use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use clap::{Args, value_parser};

// A day is more than any of them should be, and far from where adding to a time could go wrong.
fn milliseconds() -> RangedU64ValueParser<u64> {
    value_parser!(u64).range(1..=24 * 60 * 60 * 1000)
}

/// Everything that a client could otherwise make grow, with its bound. Sizes are in bytes, times in milliseconds.
#[derive(Args, Clone, Debug)]
pub struct Limits {
    /// The largest message that a client may send.
    #[arg(long, env = "EYOT_MESSAGE_BYTES", default_value_t = 4 << 20, value_name = "BYTES")]
    pub message_bytes: usize,

    /// The largest content of one version.
    #[arg(long, env = "EYOT_CONTENT_BYTES", default_value_t = 1 << 20, value_name = "BYTES")]
    pub content_bytes: usize,

    /// The largest record, all its siblings counted. It must fit into a message.
    #[arg(long, env = "EYOT_RECORD_BYTES", default_value_t = 3 << 20, value_name = "BYTES")]
    pub record_bytes: usize,

    /// The most siblings of one record.
    #[arg(long, env = "EYOT_SIBLINGS", default_value_t = 1_000, value_name = "COUNT")]
    pub siblings: usize,

    /// The most records in one message.
    #[arg(long, env = "EYOT_MESSAGE_RECORDS", default_value_t = 100_000, value_name = "COUNT")]
    pub message_records: usize,

    /// The most that is kept of one client's delta until it is complete.
    #[arg(long, env = "EYOT_STAGED_BYTES", default_value_t = 256 << 20, value_name = "BYTES")]
    pub staged_bytes: u64,

    /// The most connections at one time.
    #[arg(long, env = "EYOT_CONNECTIONS", default_value_t = 20_000, value_name = "COUNT")]
    pub connections: usize,

    /// The most connections to one database at one time.
    #[arg(long, env = "EYOT_DATABASE_CONNECTIONS", default_value_t = 5_000, value_name = "COUNT")]
    pub database_connections: usize,

    /// How much may wait to be written to one connection before nothing more is read for it or from it.
    #[arg(long, env = "EYOT_OUTBOUND_BYTES", default_value_t = 512 << 10, value_name = "BYTES")]
    pub outbound_bytes: usize,

    /// How long a client has for its request, its token and its hello, each.
    #[arg(long, env = "EYOT_HANDSHAKE_TIMEOUT_MS", default_value_t = 10_000, value_name = "MS", value_parser = milliseconds())]
    pub handshake_timeout_ms: u64,

    /// How long a socket may take for 16 KiB of what is written to it.
    #[arg(long, env = "EYOT_WRITE_TIMEOUT_MS", default_value_t = 20_000, value_name = "MS", value_parser = milliseconds())]
    pub write_timeout_ms: u64,

    /// How often the relay asks a quiet client whether it is still there.
    #[arg(long, env = "EYOT_PING_INTERVAL_MS", default_value_t = 30_000, value_name = "MS", value_parser = milliseconds())]
    pub ping_interval_ms: u64,

    /// How long a client may say nothing at all, not even that it is still there.
    #[arg(long, env = "EYOT_IDLE_TIMEOUT_MS", default_value_t = 75_000, value_name = "MS", value_parser = milliseconds())]
    pub idle_timeout_ms: u64,

    /// How long the relay waits for its connections to end when it shuts down.
    #[arg(long, env = "EYOT_SHUTDOWN_TIMEOUT_MS", default_value_t = 10_000, value_name = "MS", value_parser = milliseconds())]
    pub shutdown_timeout_ms: u64,
}

impl Limits {
    /// What of this the core checks when it reads what a client has sent.
    pub fn core(&self) -> eyot_core::Limits {
        eyot_core::Limits {
            content_bytes: self.content_bytes,
            siblings: self.siblings,
            message_bytes: self.message_bytes,
            block_records: self.message_records,
            ..eyot_core::Limits::default()
        }
    }

    /// The handshake's limit as a duration.
    pub fn handshake_timeout(&self) -> Duration {
        Duration::from_millis(self.handshake_timeout_ms)
    }

    /// The write's limit as a duration.
    pub fn write_timeout(&self) -> Duration {
        Duration::from_millis(self.write_timeout_ms)
    }

    /// The time between two pings.
    pub fn ping_interval(&self) -> Duration {
        Duration::from_millis(self.ping_interval_ms)
    }

    /// The limit of silence as a duration.
    pub fn idle_timeout(&self) -> Duration {
        Duration::from_millis(self.idle_timeout_ms)
    }

    /// The limit of the shutdown as a duration.
    pub fn shutdown_timeout(&self) -> Duration {
        Duration::from_millis(self.shutdown_timeout_ms)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 4 << 20,
            content_bytes: 1 << 20,
            record_bytes: 3 << 20,
            siblings: 1_000,
            message_records: 100_000,
            staged_bytes: 256 << 20,
            connections: 20_000,
            database_connections: 5_000,
            outbound_bytes: 512 << 10,
            handshake_timeout_ms: 10_000,
            write_timeout_ms: 20_000,
            ping_interval_ms: 30_000,
            idle_timeout_ms: 75_000,
            shutdown_timeout_ms: 10_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        limits: Limits,
    }

    #[test]
    fn the_flags_defaults_are_the_limits_defaults() {
        let flags = Flags::parse_from(["relay"]);
        assert_eq!(format!("{:?}", flags.limits), format!("{:?}", Limits::default()));
    }
}
