//! One test binary: each module is an area a user would name.

mod bytes;
mod campaign;
mod cli;
mod config;
mod console;
mod desk;
mod fifteen;
mod fragments;
mod guard;
mod hints;
mod hostile;
mod journey;
mod ledger;
mod looks;
mod outbox;
mod rules;
mod seeds;
mod sim;
mod slow;
mod stage;
mod take;
mod term;
mod triage;
