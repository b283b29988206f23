//! Darktrace's operations.

pub mod sign;
