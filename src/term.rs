//! To be described by its first line of code.
