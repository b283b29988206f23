//! One test binary: each module is an area a user would name.

mod breaches;
mod bytes;
mod campaign;
mod cli;
mod config;
mod console;
mod desk;
mod fragments;
mod guard;
mod hostile;
mod journey;
mod ledger;
mod outbox;
mod rules;
mod seeds;
mod sim;
mod term;
mod triage;
