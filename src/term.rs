//! The only room that touches the terminal: its modes, its bytes in both directions, and its going away.
//!
//! [`screen`] enters and leaves the full screen and writes frames; [`encode`] turns changed cells into as few bytes as
//! it can; [`modes`] restores the terminal exactly once however the program ends; [`hangup`] notices a lost terminal
//! without waking up; [`keys`] reads what is typed and [`guard`] decides which of it a person meant; [`clipboard`] hands
//! text to the terminal's clipboard. Nothing here asks the terminal a question, knows a pane, or draws by itself.

pub mod clipboard;
pub mod encode;
pub mod guard;
pub mod hangup;
pub mod keys;
pub mod modes;
pub mod parse;
pub mod screen;

pub use guard::{Class, Guard, Limits, Reason, Verdict};
pub use keys::{Keys, Typed};
pub use screen::{Options, Screen};
