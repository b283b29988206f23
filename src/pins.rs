//! Which digit labels what: a digit belongs to a label's name, the same in every job and across restarts.
//!
//! Pure: where pins are kept is the loop's affair. A job whose decision set is not the one that was pinned is locked until a
//! person pins it anew, because a digit must never come to mean another label by itself.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::api::arcanna::JobId;

/// The pins of one environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pins {
    /// The digit each name was given first, wherever that was.
    names: BTreeMap<String, char>,
    /// The decision set of each job as it was pinned.
    jobs: BTreeMap<String, BTreeMap<String, char>>,
}

/// What a job's digits mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pinned {
    /// The job was never pinned: its labels get digits without asking, since nobody has learnt others.
    New,
    /// Digit and label, by digit. Labels beyond nine have none.
    Ready(Vec<(char, String)>),
    /// The decision set has changed since: labelling waits for a person.
    Changed {
        /// Labels that are new.
        added: Vec<String>,
        /// Labels that are gone.
        gone: Vec<String>,
    },
}

impl Pins {
    /// What the digits of a job mean, given its decision set as the server says it now.
    pub fn digits(&self, job: &JobId, labels: &[String]) -> Pinned {
        let Some(pinned) = self.jobs.get(job.as_str()) else {
            return Pinned::New;
        };
        let now: BTreeSet<&String> = labels.iter().collect();
        let then: BTreeSet<&String> = pinned.keys().collect();
        if now != then {
            let missing = |from: &BTreeSet<&String>, of: &BTreeSet<&String>| {
                of.difference(from).map(|label| (*label).clone()).collect()
            };
            return Pinned::Changed { added: missing(&then, &now), gone: missing(&now, &then) };
        }
        let mut digits: Vec<(char, String)> = pinned
            .iter()
            .filter(|(_, digit)| digit.is_ascii_digit())
            .map(|(label, digit)| (*digit, label.clone()))
            .collect();
        digits.sort_unstable();
        Pinned::Ready(digits)
    }

    /// Pins a job's decision set: a name keeps the digit it has elsewhere; a new name gets the lowest digit that is free
    /// in the job, if possible one that no other name has anywhere.
    pub fn pin(&mut self, job: &JobId, labels: &[String]) {
        let mut taken: BTreeMap<String, char> = BTreeMap::new();
        let free = |taken: &BTreeMap<String, char>, digit: char| {
            !taken.values().any(|other| *other == digit)
        };
        for label in labels {
            if let Some(digit) = self.names.get(label).copied().filter(|digit| free(&taken, *digit))
            {
                taken.insert(label.clone(), digit);
            }
        }
        for label in labels {
            if taken.contains_key(label) {
                continue;
            }
            let fresh = ('1'..='9').find(|digit| {
                free(&taken, *digit) && !self.names.values().any(|other| other == digit)
            });
            let digit = fresh.or_else(|| ('1'..='9').find(|digit| free(&taken, *digit)));
            // A tenth label has no digit; it can be given by its name on the command line.
            let digit = digit.unwrap_or('-');
            taken.insert(label.clone(), digit);
            if digit.is_ascii_digit() {
                self.names.entry(label.clone()).or_insert(digit);
            }
        }
        self.jobs.insert(job.as_str().to_owned(), taken);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    fn ready(pins: &Pins, job: &str, names: &[&str]) -> Vec<(char, String)> {
        match pins.digits(&job.into(), &labels(names)) {
            Pinned::Ready(digits) => digits,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_same_name_has_the_same_digit_in_every_job_and_order() {
        let mut pins = Pins::default();
        assert_eq!(pins.digits(&"1".into(), &labels(&["Drop"])), Pinned::New);
        pins.pin(&"1".into(), &labels(&["Drop", "Escalate"]));
        pins.pin(&"2".into(), &labels(&["Escalate", "Drop", "Investigate"]));
        let two = ready(&pins, "2", &["Investigate", "Escalate", "Drop"]);
        assert_eq!(
            two,
            [('1', "Drop".into()), ('2', "Escalate".into()), ('3', "Investigate".into())]
        );
    }

    #[test]
    fn a_changed_decision_set_locks_until_it_is_pinned_anew() {
        let mut pins = Pins::default();
        pins.pin(&"1".into(), &labels(&["Drop", "Escalate"]));
        let changed = pins.digits(&"1".into(), &labels(&["Drop", "Monitor"]));
        assert_eq!(
            changed,
            Pinned::Changed { added: labels(&["Monitor"]), gone: labels(&["Escalate"]) }
        );
        pins.pin(&"1".into(), &labels(&["Drop", "Monitor"]));
        let digits = ready(&pins, "1", &["Drop", "Monitor"]);
        assert_eq!(digits, [('1', "Drop".into()), ('3', "Monitor".into())], "2 stays Escalate's");
    }

    #[test]
    fn pins_survive_being_written_down() {
        let mut pins = Pins::default();
        pins.pin(&"1".into(), &labels(&["Drop", "Ünder review"]));
        let text = serde_json::to_string(&pins).unwrap();
        assert_eq!(serde_json::from_str::<Pins>(&text).unwrap(), pins);
    }

    proptest! {
        #[test]
        fn no_digit_means_two_labels_in_one_job(sets in prop::collection::vec(prop::collection::btree_set("[a-o]", 0..12), 1..6)) {
            let mut pins = Pins::default();
            for (job, set) in sets.iter().enumerate() {
                let job = JobId::new(job.to_string());
                let names: Vec<String> = set.iter().cloned().collect();
                pins.pin(&job, &names);
                let Pinned::Ready(digits) = pins.digits(&job, &names) else { panic!("just pinned") };
                let different: BTreeSet<char> = digits.iter().map(|(digit, _)| *digit).collect();
                prop_assert_eq!(different.len(), digits.len());
                prop_assert_eq!(digits.len(), names.len().min(9));
            }
        }
    }
}
