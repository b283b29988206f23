//! Breaches: what is read, chosen, written and drawn.
