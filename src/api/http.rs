//! The real transport.

/// The largest body that is read, in bytes; a larger answer is an error, not a wait for memory.
pub const BODY_CAP: u64 = 64 * 1024 * 1024;
