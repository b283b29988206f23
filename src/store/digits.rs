//! What the digits mean in a job: the pins, held against the decision set as the server says it now.

use super::Store;
use crate::api::arcanna::JobId;
use crate::pins::{Pinned, Pins};

/// What a job's digits mean now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Digits {
    /// The decision set is not known yet, or empty.
    Unknown,
    /// Digit and label, by digit.
    Ready(Vec<(char, String)>),
    /// The decision set is not the one that was pinned: nothing is labelled until a person pins it anew.
    Changed {
        /// Labels that are new.
        added: Vec<String>,
        /// Labels that are gone.
        gone: Vec<String>,
    },
}

impl Store {
    /// What the digits of a job mean.
    pub fn digits(&self, job: &JobId) -> Digits {
        let Some(labels) = self.labels(job).filter(|labels| !labels.is_empty()) else {
            return Digits::Unknown;
        };
        match self.pins.digits(job, labels) {
            Pinned::Ready(digits) => Digits::Ready(digits),
            Pinned::Changed { added, gone } => Digits::Changed { added, gone },
            Pinned::New => Digits::Unknown,
        }
    }

    /// Starts with the pins of earlier sessions.
    pub fn set_pins(&mut self, pins: Pins) {
        self.pins = pins;
    }

    /// Pins the jobs that never were: nobody has learnt other digits for them.
    pub fn pin_new(&mut self) {
        let listed = self.job_list.value().into_iter().flatten().map(|job| job.id.clone());
        let jobs: Vec<JobId> = listed.chain(self.decision_sets.keys().cloned()).collect();
        for job in jobs {
            let labels = self.labels(&job).filter(|labels| !labels.is_empty());
            let new = labels.is_some_and(|labels| self.pins.digits(&job, labels) == Pinned::New);
            if new {
                self.repin(&job);
            }
        }
    }

    /// Pins a job's decision set as it is now: a person saw that it changed.
    pub fn repin(&mut self, job: &JobId) {
        if let Some(labels) = self.labels(job).map(<[String]>::to_vec) {
            self.pins.pin(job, &labels);
            self.pins_changed = true;
        }
    }

    /// The pins, if they changed since they were last taken: to be kept.
    pub fn take_pins(&mut self) -> Option<Pins> {
        std::mem::take(&mut self.pins_changed).then(|| self.pins.clone())
    }
}
