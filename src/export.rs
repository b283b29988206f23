//! What leaves the program: indicators made harmless and back, and tables as Markdown, CSV, JSON and plain text.
//!
//! Everything copied or exported passes through here. Foreign text is cleaned, cells that a spreadsheet would run are
//! disarmed, indicators are defanged unless the person asked for them raw. Nothing here touches a file, a clipboard or the
//! network.

pub mod grid;
pub mod indicator;

pub use grid::{Format, Grid};
pub use indicator::{Indicator, classify, defang, defang_text, refang};
