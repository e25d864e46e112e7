//! The limits on everything that another replica can make grow.

/// What this replica accepts. The defaults suit a browser and a relay alike.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The longest content of one version, in bytes.
    pub content_bytes: usize,
    /// The most siblings that a record may have.
    pub siblings: usize,
    /// The most replicas that a record's context may name.
    pub context_replicas: usize,
    /// The longest message, in bytes.
    pub message_bytes: usize,
    /// The most records in one message or stored value.
    pub block_records: usize,
}

impl Limits {
    /// The most entries that the pasts in one message or stored value may have in all when they are written out.
    pub const fn past_entries(&self) -> usize {
        self.context_replicas.saturating_mul(16)
    }

    /// For what this replica has stored itself. It was within the limits when it was written, and must be readable for
    /// ever, whatever they are now.
    pub const AT_REST: Self = Self {
        content_bytes: usize::MAX,
        siblings: usize::MAX,
        context_replicas: usize::MAX,
        message_bytes: usize::MAX,
        block_records: usize::MAX,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            content_bytes: 1 << 20,
            siblings: 1_000,
            context_replicas: 100_000,
            message_bytes: 4 << 20,
            block_records: 100_000,
        }
    }
}

/// How many bytes of records a sender puts into one message, unless one record alone is larger. With what surrounds
/// them they stay below 60 KiB: a browser's IndexedDB turns a value over 64 KiB into a file of its own.
pub const CHUNK_BYTES: usize = 56 * 1024;
