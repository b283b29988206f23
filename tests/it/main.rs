//! One test binary: each module is an area a user would name.

mod bytes;
mod cli;
mod config;
<<<<<<< HEAD
mod console;
mod fragments;
=======
mod desk;
>>>>>>> triage
mod guard;
mod hostile;
mod journey;
mod rules;
mod seeds;
mod sim;
mod term;
mod triage;
