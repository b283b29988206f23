//! What the campaign showed, as a table.

#![expect(clippy::print_stderr, reason = "figures for whoever runs the campaign")]

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Figure, Strike};

#[derive(Default)]
struct Sum {
    runs: usize,
    pressed: usize,
    taken: usize,
    sent: usize,
    held: usize,
    repeated: usize,
    gone: Duration,
    bad: usize,
}

pub struct Figures {
    seed: u64,
    sums: BTreeMap<Strike, Sum>,
    latency: Vec<Duration>,
    faults: Vec<String>,
}

impl Figures {
    pub fn new(seed: u64) -> Self {
        Self { seed, sums: BTreeMap::new(), latency: Vec::new(), faults: Vec::new() }
    }

    pub fn add(&mut self, strike: Strike, number: u64, figure: Figure) {
        let sum = self.sums.entry(strike).or_default();
        sum.runs += 1;
        sum.pressed += figure.pressed;
        sum.taken += figure.taken;
        sum.sent += figure.sent;
        sum.held += figure.held;
        sum.repeated += figure.repeated;
        sum.gone = sum.gone.max(figure.gone.unwrap_or_default());
        sum.bad += usize::from(!figure.faults.is_empty());
        self.latency.extend(figure.latency);
        for fault in figure.faults {
            self.faults.push(format!("run {number}: {fault}"));
        }
    }

    pub fn print(&self) {
        eprintln!(
            "{:<15} {:>5} {:>8} {:>6} {:>6} {:>6} {:>9} {:>9} {:>4}",
            "strike", "runs", "pressed", "taken", "votes", "held", "repeated", "gone", "bad"
        );
        let mut total = (0, 0, 0);
        for (strike, sum) in &self.sums {
            eprintln!(
                "{:<15} {:>5} {:>8} {:>6} {:>6} {:>6} {:>9} {:>6} ms {:>4}",
                format!("{strike:?}"),
                sum.runs,
                sum.pressed,
                sum.taken,
                sum.sent,
                sum.held,
                sum.repeated,
                sum.gone.as_millis(),
                sum.bad
            );
            total = (total.0 + sum.runs, total.1 + sum.taken, total.2 + sum.bad);
        }
        let mut latency = self.latency.clone();
        latency.sort();
        let at = |share: f64| {
            latency
                .get(((latency.len() as f64 * share) as usize).min(latency.len().saturating_sub(1)))
                .copied()
                .unwrap_or_default()
        };
        eprintln!(
            "{} runs, {} labels taken, {} runs bad; key to cursor p50 {:?} p99 {:?} max {:?}; seed {}",
            total.0,
            total.1,
            total.2,
            at(0.5),
            at(0.99),
            at(1.0),
            self.seed
        );
    }

    pub fn check(&self) {
        assert!(self.faults.is_empty(), "{}", self.faults.join("\n"));
        let taken: usize = self.sums.values().map(|sum| sum.taken).sum();
        assert!(taken > self.sums.len(), "the campaign labelled nothing");
    }
}
