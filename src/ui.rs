//! The drawing parts: everything a pane is made of, and nothing a pane knows.
//!
//! Widgets here take plain text, numbers and styles and put cells into a ratatui buffer. They never fetch, never keep
//! domain data, never read a clock, and import nothing else of this crate. Text that came from outside is made safe in
//! [`text`], and every widget sends what it draws through there.

pub mod chart;
pub mod frame;
pub mod input;
pub mod json;
pub mod table;
pub mod text;
pub mod theme;
pub mod time;
