//! The budgets about time: each prints its figure; where a budget is a ratio, its baseline runs beside it.
//!
//! Budgets about bytes, wake-ups and counts are tests of the program. `cargo bench -p benches` runs these; a name after `--`
//! runs only those that hold it.

mod decode;
mod durable;
mod screen;

use criterion::{criterion_group, criterion_main};

criterion_group!(
    budgets,
    screen::cursor,
    screen::million,
    durable::label,
    decode::small,
    decode::big
);
criterion_main!(budgets);
