//! The simulator, from outside: raw requests over a socket, signed here by hand. It is checked against the contracts and
//! never through our own client, because client and simulator must not agree on the same mistake.

#![expect(
    clippy::unwrap_used,
    reason = "in the helpers of these tests a missing value is the test's failure"
)]

mod arcanna;
mod darktrace;
mod faults;
pub mod harness;
mod search;
