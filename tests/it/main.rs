//! One test binary: each module is an area a user would name.

mod bytes;
mod campaign;
mod cli;
mod config;
mod guard;
mod hostile;
mod seeds;
mod sim;
mod term;
