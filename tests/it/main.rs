//! One test binary: each module is an area a user would name.
mod bytes;
mod guard;
mod term;
