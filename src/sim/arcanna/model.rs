//! Arcanna's state: jobs, events, buckets with their votes, trainings. All changes go through here. Nothing happens in the
//! background: `settle` brings the world up to the clock before a request looks at it.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use super::super::rng::{hash, mix};
use super::super::time::{Ms, zulu};
use super::{alerts, data};

/// From sending to the decision. [HELM]: the server batches for up to 2 s.
pub const INFERENCE: Ms = 2_000;
/// How long a training takes here.
pub const TRAINING: Ms = 4_000;

/// A job's decision and the class it travels as.
#[derive(Debug, Clone)]
pub struct Label {
    /// What analysts read.
    pub text: String,
    /// `class_N`; N is deliberately not the label's place.
    pub class: String,
    /// The product's own colour.
    pub colour: &'static str,
}

/// One job.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: i64,
    pub title: String,
    pub status: String,
    pub category: &'static str,
    pub labels: Vec<Label>,
    pub features: Vec<String>,
    pub trained: bool,
    /// When it was stopped, if it is.
    pub stopped: Option<Ms>,
    pub last_feedback: Option<Ms>,
    pub train_started: Option<Ms>,
    pub train_finished: Option<Ms>,
    /// Votes given since the last training began.
    pub fresh_votes: u64,
    /// Which alerts it is fed with.
    pub kinds: &'static [alerts::Kind],
}

impl Job {
    /// True when events with equal decision points share one decision and one feedback.
    pub fn has_buckets(&self) -> bool {
        self.category == data::BUCKETS
    }

    /// The label of this exact text.
    pub fn label(&self, text: &str) -> Option<&Label> {
        self.labels.iter().find(|l| l.text == text)
    }
}

/// One event. What it looks like on the wire: `document`.
#[derive(Debug, Clone)]
pub struct Event {
    pub id: String,
    pub job: i64,
    pub title: String,
    pub severity: Option<i64>,
    raw: Box<str>,
    pub sent: Ms,
    /// When the inference (or the last reprocessing) began.
    pub queued: Ms,
    pub broken: Option<&'static str>,
    /// What the model thinks: place of the label, confidence 0–100, outlier. None: no decision points found.
    pub guess: Option<(usize, f64, bool)>,
    pub bucket: String,
    pub storage_tag: String,
    pub notes: Vec<Value>,
}

impl Event {
    /// What was sent. It is kept as text: as a tree it takes ten times the memory, and the demo lives in the console.
    pub fn raw(&self) -> Value {
        serde_json::from_str(&self.raw).unwrap_or_default()
    }
}

/// The people's side of a bucket.
#[derive(Debug, Clone, Default)]
pub struct Bucket {
    /// One vote per person.
    pub votes: BTreeMap<String, String>,
    /// What the model learnt: the consensus at its last training.
    pub learnt: Option<String>,
    /// The votes that training is learning now.
    pub learning: Option<String>,
}

impl Bucket {
    /// The label most voted for; `Undecided` on a tie; none without votes.
    pub fn consensus(&self) -> Option<String> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for label in self.votes.values() {
            *counts.entry(label).or_default() += 1;
        }
        let top = *counts.values().max()?;
        let mut leaders = counts.iter().filter(|(_, n)| **n == top).map(|(label, _)| *label);
        match (leaders.next(), leaders.next()) {
            (Some(only), None) => Some(only.to_owned()),
            _ => Some("Undecided".to_owned()),
        }
    }
}

/// All of it.
#[derive(Debug)]
pub struct World {
    pub jobs: Vec<Job>,
    pub events: Vec<Event>,
    /// By job and bucket id.
    pub buckets: HashMap<(i64, String), Bucket>,
    /// What the key may do on v2.
    pub scopes: Vec<String>,
    /// Every feedback, in the order it came.
    pub feedback: Vec<Value>,
    /// Trainings asked for, in order.
    pub trainings: Vec<Value>,
    next_id: u64,
}

impl World {
    /// The world of this seed.
    pub fn new(seed: u64, start: Ms) -> Self {
        let mut world = Self {
            jobs: data::jobs(start),
            events: Vec::new(),
            buckets: HashMap::new(),
            scopes: data::SCOPES.iter().map(|s| (*s).to_owned()).collect(),
            feedback: Vec::new(),
            trainings: Vec::new(),
            next_id: mix(seed) % 1_000_000,
        };
        data::fill(&mut world, seed, start);
        world
    }

    /// Finishes the trainings that are over.
    pub fn settle(&mut self, now: Ms) {
        for job in &mut self.jobs {
            let Some(started) = job.train_started else {
                continue;
            };
            if job.train_finished.is_some_and(|f| f >= started) || now < started + TRAINING {
                continue;
            }
            job.train_finished = Some(started + TRAINING);
            job.trained = true;
            for ((id, _), bucket) in &mut self.buckets {
                if *id == job.id && bucket.learning.is_some() {
                    bucket.learnt = bucket.learning.take();
                }
            }
        }
    }

    /// The job of this number.
    pub fn job(&self, id: i64) -> Option<&Job> {
        self.jobs.iter().find(|j| j.id == id)
    }

    /// The job of this number, to change.
    pub fn job_mut(&mut self, id: i64) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|j| j.id == id)
    }

    /// The event of this id in this job; the newest, should an id be there twice [MCP].
    pub fn event(&self, job: i64, id: &str) -> Option<&Event> {
        self.events.iter().rev().find(|e| e.job == job && e.id == id)
    }

    /// The same, to change.
    pub fn event_mut(&mut self, job: i64, id: &str) -> Option<&mut Event> {
        self.events.iter_mut().rev().find(|e| e.job == job && e.id == id)
    }

    /// The bucket an event is in.
    pub fn bucket(&self, event: &Event) -> Option<&Bucket> {
        self.buckets.get(&(event.job, event.bucket.clone()))
    }

    /// Takes an event in and decides what the model will think of it. Returns its id.
    ///
    /// Assumption: an id that exists gives a second event, and the newest answers; the contract only says that ids are not
    /// unique per job.
    pub fn ingest(
        &mut self,
        job: &Job,
        id: Option<&str>,
        raw: &Value,
        title: &str,
        severity: Option<i64>,
        now: Ms,
    ) -> String {
        let id = id.map_or_else(|| self.new_id(job.id), str::to_owned);
        let points = decision_points(job, raw);
        let bucket = bucket_id(job, &points, &id);
        let guess = (!points.is_empty()).then(|| guess(job, &points, raw));
        self.events.push(Event {
            id: id.clone(),
            job: job.id,
            title: title.to_owned(),
            severity,
            raw: raw.to_string().into(),
            sent: now,
            queued: now,
            broken: None,
            guess,
            bucket,
            storage_tag: "rest_api_input".to_owned(),
            notes: Vec::new(),
        });
        id
    }

    // observed only: job id, then digits [contract §1.3]
    fn new_id(&mut self, job: i64) -> String {
        self.next_id += 1;
        format!("{job}{:010}", mix(self.next_id) % 10_000_000_000)
    }

    /// Stores one person's vote on an event's bucket.
    pub fn vote(&mut self, job: i64, event: &str, user: &str, label: &str, now: Ms) {
        let Some(bucket) = self.event(job, event).map(|e| e.bucket.clone()) else {
            return;
        };
        let changed = self
            .buckets
            .entry((job, bucket))
            .or_default()
            .votes
            .insert(user.to_owned(), label.to_owned());
        if let Some(job) = self.job_mut(job) {
            job.last_feedback = Some(now);
            job.fresh_votes += 1;
        }
        self.feedback.push(json!({
            "at": zulu(now), "job_id": job, "event_id": event, "username": user, "label": label, "replaced": changed,
        }));
    }

    /// Begins a training. The text says why it cannot.
    pub fn train(&mut self, id: i64, user: &str, now: Ms) -> Result<(), &'static str> {
        let buckets =
            self.buckets.iter_mut().filter(|((job, _), b)| *job == id && !b.votes.is_empty());
        let mut learnt = 0;
        for (_, bucket) in buckets {
            bucket.learning = bucket.consensus();
            learnt += 1;
        }
        if learnt == 0 {
            // Assumption: the wording; the contract knows in-band `error_message` but no text.
            return Err("No feedback available for training");
        }
        if let Some(job) = self.job_mut(id) {
            job.train_started = Some(now);
            job.fresh_votes = 0;
        }
        self.trainings
            .push(json!({"at": zulu(now), "job_id": id, "username": user, "buckets": learnt}));
        Ok(())
    }

    /// For `/__sim/state`.
    pub fn dump(&mut self, now: Ms) -> Value {
        self.settle(now);
        let jobs: Value = self
            .jobs
            .iter()
            .map(|j| {
                let events = self.events.iter().filter(|e| e.job == j.id);
                json!({
                    "job_id": j.id, "title": j.title, "status": j.status, "trained": j.trained,
                    "events": events.clone().count(), "pending": events.filter(|e| Self::is_pending(j, e, now)).count(),
                    "feedback_since_training": j.fresh_votes,
                })
            })
            .collect();
        let votes: Value = self
            .buckets
            .iter()
            .filter(|(_, b)| !b.votes.is_empty())
            .map(|((job, id), b)| {
                json!({"job_id": job, "bucket_id": id, "votes": b.votes, "consensus": b.consensus(), "learnt": b.learnt})
            })
            .collect();
        json!({
            "jobs": jobs, "feedback": self.feedback, "trainings": self.trainings, "votes": votes, "scopes": self.scopes,
        })
    }

    /// True while no decision can be asked for.
    pub fn is_pending(job: &Job, event: &Event, now: Ms) -> bool {
        // Assumption: a stopped job takes events in and decides when it is started again.
        now < event.queued + INFERENCE
            || job.stopped.is_some_and(|stopped| event.queued + INFERENCE > stopped)
    }
}

/// The value at a dotted path, whether the document nests it or spells it with dots.
pub fn at<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    if let Some(found) = document.get(path) {
        return Some(found);
    }
    path.char_indices()
        .filter(|(_, c)| *c == '.')
        .find_map(|(dot, _)| at(document.get(&path[..dot])?, &path[dot + 1..]))
}

/// The decision points of a job as found in a document.
pub fn decision_points(job: &Job, raw: &Value) -> Map<String, Value> {
    job.features.iter().filter_map(|f| at(raw, f).map(|v| (f.clone(), v.clone()))).collect()
}

fn bucket_id(job: &Job, points: &Map<String, Value>, id: &str) -> String {
    let key =
        if job.has_buckets() { Value::Object(points.clone()).to_string() } else { id.to_owned() };
    format!("{:016x}", hash(&format!("{}/{key}", job.id)))
}

/// What the model thinks of a document: the same decision points always give the same decision.
fn guess(job: &Job, points: &Map<String, Value>, raw: &Value) -> (usize, f64, bool) {
    let number = hash(&format!("{}{}", job.id, Value::Object(points.clone())));
    let severe = alerts::severity(raw);
    // the more severe, the further from the harmless labels, which come first in some jobs and last in others
    let harmless = job.labels.iter().position(|l| l.text == "Drop").unwrap_or(0);
    let others: Vec<usize> = (0..job.labels.len()).filter(|i| *i != harmless).collect();
    let place = match severe {
        1 => harmless,
        2 if number.is_multiple_of(3) => harmless,
        _ => others[(number >> 8) as usize % others.len()],
    };
    let base = 55.0 + (number >> 16).rem_euclid(4_480) as f64 / 100.0;
    let low = (number >> 32).is_multiple_of(9);
    let confidence = if low { base - 45.0 } else { base };
    (place, (confidence * 100.0).round() / 100.0, (number >> 40).is_multiple_of(14))
}
