//! Jobs: listing, finding, their decision sets, and starting, stopping and training them.

use std::fmt;

use serde_json::json;

use super::super::value::{Body, Node, Time};
use super::super::{Answer, BadInput, Call, Cause, Kind, Method, Operation, Path};
use super::{JobId, Said, array, call, job_path, missing, object, refusal, said, unexpected};

/// A job as the server describes it. Everything but the id may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Its name.
    pub title: Option<String>,
    /// Its status.
    pub status: Option<JobStatus>,
    /// `Decision intelligence`, `Event centric decision intelligence`, …
    pub category: Option<String>,
    /// `RETRAIN_FINISHED`; other values are unknown [G].
    pub retrain_state: Option<String>,
    /// What the last training said.
    pub retrain_message: Option<String>,
    /// The decision set, in the job's order.
    pub labels: Option<Vec<String>>,
    /// The decision points: names of the fields a decision looks at.
    pub decision_points: Option<Vec<String>>,
    /// Events processed.
    pub processed: Option<u64>,
    /// Events with feedback.
    pub with_feedback: Option<u64>,
    /// When an event was last processed.
    pub last_processed: Option<Time>,
    /// When feedback was last given.
    pub last_feedback: Option<Time>,
    /// When the last training started.
    pub last_train_started: Option<Time>,
    /// When the last training finished.
    pub last_train_finished: Option<Time>,
    /// The job's settings no longer fit.
    pub invalid: Option<bool>,
    /// Old products only: `es`, or blank [XR45].
    pub data_type: Option<String>,
}

/// The status text of a job; an open set, so the text is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JobStatus(String);

impl JobStatus {
    /// The text as the server wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the job takes events: `ENABLED` or `STARTED` do, `DISABLED` and `IDLE` do not, of others nobody knows.
    pub fn runs(&self) -> Option<bool> {
        match self.0.trim().to_ascii_uppercase().as_str() {
            "ENABLED" | "STARTED" => Some(true),
            "DISABLED" | "IDLE" => Some(false),
            _ => None,
        }
    }
}

impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Job {
    fn read(node: Node<'_>, at: &str) -> Result<Self, Cause> {
        let fields = node
            .fields()
            .ok_or_else(|| unexpected(at, "an object", node))?;
        let id = fields
            .get("job_id")
            .and_then(JobId::read)
            .ok_or_else(|| missing(format!("{at}.job_id").trim_start_matches('.')))?;
        Ok(Self {
            id,
            title: fields.word("title"),
            status: fields.word("status").map(JobStatus),
            category: fields.word("category"),
            retrain_state: fields.word("retrain_state"),
            retrain_message: fields.word("retrain_msg"),
            labels: fields.words("labels"),
            decision_points: fields.words("features"),
            processed: fields.count("processed_documents_count"),
            with_feedback: fields.count("feedback_documents_count"),
            last_processed: fields.time("last_processed_timestamp"),
            last_feedback: fields.time("last_feedback_timestamp"),
            last_train_started: fields.time("last_train_start_timestamp"),
            last_train_finished: fields.time("last_train_finished_timestamp"),
            invalid: fields.flag("invalid"),
            data_type: fields.word("data_type"),
        })
    }

    /// One job object; an error object in its place is a refusal.
    fn read_one(answer: &Answer) -> Result<Self, Cause> {
        let body = Body::read(answer)?;
        let fields = object(body.node())?;
        if fields.get("job_id").is_none()
            && let Some(words) = refusal(&fields)
        {
            return Err(Cause::Refused(words));
        }
        Self::read(body.node(), "")
    }
}

/// Lists the jobs the key belongs to: `GET /api/v1/jobs/` [XN]. None is normal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Jobs;

impl Operation for Jobs {
    type Output = Vec<Job>;

    fn call(&self) -> Result<Call, BadInput> {
        Ok(call("jobs", Method::Get, Path::fixed("/api/v1/jobs/")))
    }

    fn decode(&self, answer: &Answer) -> Result<Vec<Job>, Cause> {
        let body = Body::read(answer)?;
        let items = array(body.node())?.into_iter().enumerate();
        items
            .map(|(index, node)| Job::read(node, &format!("[{index}]")))
            .collect()
    }
}

/// One job by its id: `GET /api/v1/jobs/{id}` [INP, G].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobById {
    /// Which job.
    pub job: JobId,
}

impl Operation for JobById {
    type Output = Job;

    fn call(&self) -> Result<Call, BadInput> {
        Ok(call("job", Method::Get, job_path(&self.job)?))
    }

    fn decode(&self, answer: &Answer) -> Result<Job, Cause> {
        Job::read_one(answer)
    }
}

/// One job by its name: `POST /api/v1/jobs/get_by_name` [FS2, G, INP], which changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobByName {
    /// Its title, exactly.
    pub name: String,
}

impl Operation for JobByName {
    type Output = Job;

    fn call(&self) -> Result<Call, BadInput> {
        said("job name", &self.name)?;
        Ok(call(
            "job by name",
            Method::Post,
            Path::fixed("/api/v1/jobs/get_by_name"),
        )
        .json(json!({ "job_name": self.name }).to_string())
        .kind(Kind::Read))
    }

    fn decode(&self, answer: &Answer) -> Result<Job, Cause> {
        Job::read_one(answer)
    }
}

/// The labels of a job, in its order: `GET /api/v1/jobs/{id}/labels` [XN].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionSet {
    /// Which job.
    pub job: JobId,
}

impl Operation for DecisionSet {
    type Output = Vec<String>;

    fn call(&self) -> Result<Call, BadInput> {
        Ok(call(
            "decision set",
            Method::Get,
            job_path(&self.job)?.then("labels"),
        ))
    }

    /// A bare array [XTEST, G]; objects around it (`decision_set`, `labels`) are looked through.
    fn decode(&self, answer: &Answer) -> Result<Vec<String>, Cause> {
        let body = Body::read(answer)?;
        let mut node = body.node();
        // two layers are known; more than a few would be no decision set
        for _ in 0..4 {
            let inner = node
                .fields()
                .and_then(|fields| fields.first(&["decision_set", "labels"]));
            node = inner.unwrap_or(node);
        }
        Ok(array(node)?.into_iter().filter_map(Node::word).collect())
    }
}

/// Trains a job on the feedback given: `POST /api/v1/jobs/{id}/train?username=…`, no body [XN]. Never repeated on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Train {
    /// Which job.
    pub job: JobId,
    /// Who asks, for Arcanna's audit.
    pub username: String,
}

/// Lets a job take events again: `POST /api/v1/jobs/{id}/start?username=…` [FS2].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartJob {
    /// Which job.
    pub job: JobId,
    /// Who asks, for Arcanna's audit.
    pub username: String,
}

/// Makes a job stop taking events: `POST /api/v1/jobs/{id}/stop?username=…` [FS2].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopJob {
    /// Which job.
    pub job: JobId,
    /// Who asks, for Arcanna's audit.
    pub username: String,
}

fn order(
    name: &'static str,
    verb: &'static str,
    job: &JobId,
    username: &str,
) -> Result<Call, BadInput> {
    said("username", username)?;
    let path = job_path(job)?.then(verb);
    Ok(call(name, Method::Post, path).query("username", username))
}

impl Operation for Train {
    type Output = Said;

    fn call(&self) -> Result<Call, BadInput> {
        order("train", "train", &self.job, &self.username)
    }

    fn decode(&self, answer: &Answer) -> Result<Said, Cause> {
        Said::read(answer)
    }
}

impl Operation for StartJob {
    type Output = Said;

    fn call(&self) -> Result<Call, BadInput> {
        order("start job", "start", &self.job, &self.username)
    }

    fn decode(&self, answer: &Answer) -> Result<Said, Cause> {
        Said::read(answer)
    }
}

impl Operation for StopJob {
    type Output = Said;

    fn call(&self) -> Result<Call, BadInput> {
        order("stop job", "stop", &self.job, &self.username)
    }

    fn decode(&self, answer: &Answer) -> Result<Said, Cause> {
        Said::read(answer)
    }
}
