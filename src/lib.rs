//! `socdeck`: a keyboard-driven console for security analysts.

pub mod api;
pub mod catalogue;
pub mod cli;
pub mod config;
pub mod export;
pub mod sim;
pub mod term;
pub mod ui;
