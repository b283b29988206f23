//! Darktrace's operations.
