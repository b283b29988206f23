//! Arcanna's operations.
