//! The pane's behaviour and looks.
