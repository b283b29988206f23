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
    /// `RETRAIN_FINISHED`; other values are unknown `[G]`.
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
    /// Old products only: `es`, or blank `[XR45]`.
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
        let fields = node.fields().ok_or_else(|| unexpected(at, "an object", node))?;
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

/// Lists the jobs the key belongs to: `GET /api/v1/jobs/` `[XN]`. None is normal.
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
        items.map(|(index, node)| Job::read(node, &format!("[{index}]"))).collect()
    }
}

/// One job by its id: `GET /api/v1/jobs/{id}` `[INP, G]`.
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

/// One job by its name: `POST /api/v1/jobs/get_by_name` `[FS2, G, INP]`, which changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobByName {
    /// Its title, exactly.
    pub name: String,
}

impl Operation for JobByName {
    type Output = Job;

    fn call(&self) -> Result<Call, BadInput> {
        said("job name", &self.name)?;
        Ok(call("job by name", Method::Post, Path::fixed("/api/v1/jobs/get_by_name"))
            .json(json!({ "job_name": self.name }).to_string())
            .kind(Kind::Read))
    }

    fn decode(&self, answer: &Answer) -> Result<Job, Cause> {
        Job::read_one(answer)
    }
}

/// The labels of a job, in its order: `GET /api/v1/jobs/{id}/labels` `[XN]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionSet {
    /// Which job.
    pub job: JobId,
}

impl Operation for DecisionSet {
    type Output = Vec<String>;

    fn call(&self) -> Result<Call, BadInput> {
        Ok(call("decision set", Method::Get, job_path(&self.job)?.then("labels")))
    }

    /// A bare array `[XTEST, G]`; objects around it (`decision_set`, `labels`) are looked through.
    fn decode(&self, answer: &Answer) -> Result<Vec<String>, Cause> {
        let body = Body::read(answer)?;
        let mut node = body.node();
        // two layers are known; more than a few would be no decision set
        for _ in 0..4 {
            let inner = node.fields().and_then(|fields| fields.first(&["decision_set", "labels"]));
            node = inner.unwrap_or(node);
        }
        Ok(array(node)?.into_iter().filter_map(Node::word).collect())
    }
}

/// Trains a job on the feedback given: `POST /api/v1/jobs/{id}/train?username=…`, no body `[XN]`. Never repeated on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Train {
    /// Which job.
    pub job: JobId,
    /// Who asks, for Arcanna's audit.
    pub username: String,
}

/// Lets a job take events again: `POST /api/v1/jobs/{id}/start?username=…` `[FS2]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartJob {
    /// Which job.
    pub job: JobId,
    /// Who asks, for Arcanna's audit.
    pub username: String,
}

/// Makes a job stop taking events: `POST /api/v1/jobs/{id}/stop?username=…` `[FS2]`.
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

#[cfg(test)]
mod tests {
    use super::super::super::value::testing::*;
    use super::*;

    fn job(id: &str) -> JobId {
        JobId::from(id)
    }

    #[test]
    fn calls_are_exact() {
        assert_eq!(wire(&Jobs), "Read GET /api/v1/jobs/");
        assert_eq!(wire(&JobById { job: 1201.into() }), "Read GET /api/v1/jobs/1201");
        let name = "SIEM \"α\"".to_owned();
        assert_eq!(
            wire(&JobByName { name }),
            r#"Read POST /api/v1/jobs/get_by_name json {"job_name":"SIEM \"α\""}"#
        );
        assert_eq!(wire(&DecisionSet { job: job(" 1201 ") }), "Read GET /api/v1/jobs/1201/labels");
        // other clients lose all from the & on
        let (job, username) = (job("1201"), "a b&c#d+e".to_owned());
        let coded = "username=a%20b%26c%23d%2Be";
        let train = Train { job: job.clone(), username: username.clone() };
        assert_eq!(wire(&train), format!("Once POST /api/v1/jobs/1201/train?{coded}"));
        let start = StartJob { job: job.clone(), username: username.clone() };
        assert_eq!(wire(&start), format!("Once POST /api/v1/jobs/1201/start?{coded}"));
        assert_eq!(
            wire(&StopJob { job, username }),
            format!("Once POST /api/v1/jobs/1201/stop?{coded}")
        );
    }

    #[test]
    fn what_no_path_can_carry_is_refused() {
        for bad in ["", "  ", ".", "..", "1\n2"] {
            let why = refused(&DecisionSet { job: job(bad) });
            assert!(why.starts_with("job id"), "{why}");
        }
        for bad in ["", " ", "a\u{1b}"] {
            let train = Train { job: job("1"), username: bad.into() };
            assert!(refused(&train).starts_with("username"));
        }
        assert!(refused(&JobByName { name: " ".into() }).starts_with("job name"));
    }

    #[test]
    fn the_seeds_example_is_read() {
        let jobs = decode(
            &Jobs,
            r#"[{"job_id": 1201, "status": "ENABLED", "title": "dev1",
                 "last_processed_timestamp": "2025-07-24T15:51:01.731058+00:00"},
                {"job_id": 1202, "status": "ENABLED", "title": "marian-demo",
                 "last_processed_timestamp": "2025-07-23T13:50:01.351058+00:00"}]"#,
        )
        .unwrap();
        assert_eq!(jobs.len(), 2);
        assert_eq!(jobs[0].id, job("1201"));
        assert_eq!(jobs[1].title.as_deref(), Some("marian-demo"));
        let status = jobs[0].status.as_ref().unwrap();
        assert_eq!((status.as_str(), status.runs()), ("ENABLED", Some(true)));
        assert_eq!(
            jobs[0].last_processed.as_ref().unwrap().to_string(),
            "2025-07-24T15:51:01.731058Z"
        );
        assert_eq!(jobs[0].labels, None);
    }

    #[test]
    fn everything_but_the_id_may_be_missing_null_or_of_another_type() {
        let whole = decode(
            &JobById { job: 3207.into() },
            r#"{"job_id": "3207", "title": "t", "status": "READY_TO_SELECT_FEATURES", "category": "Automation",
                "retrain_state": "RETRAIN_FINISHED", "retrain_msg": "done", "labels": ["Low", "Drop it "],
                "features": ["rule.name"], "processed_documents_count": 12.0, "feedback_documents_count": "3",
                "last_processed_timestamp": null, "last_feedback_timestamp": "2021-09-02T09:46:22.363642",
                "last_train_start_timestamp": "2021-09-02T09:46:22.363642Z",
                "last_train_finished_timestamp": "soon", "invalid": false, "data_type": "", "new": {"x": [1]}}"#,
        )
        .unwrap();
        assert_eq!(whole.id.as_str(), "3207");
        assert_eq!(whole.status.unwrap().runs(), None);
        assert_eq!(whole.retrain_state.as_deref(), Some("RETRAIN_FINISHED"));
        assert_eq!(whole.retrain_message.as_deref(), Some("done"));
        assert_eq!(whole.labels.unwrap(), ["Low", "Drop it "]);
        assert_eq!(whole.decision_points.unwrap(), ["rule.name"]);
        assert_eq!((whole.processed, whole.with_feedback), (Some(12), Some(3)));
        assert_eq!(whole.last_processed, None);
        assert_eq!(whole.last_feedback, whole.last_train_started);
        assert_eq!(whole.last_train_finished, Some(Time::Unread("soon".into())));
        assert_eq!((whole.invalid, whole.data_type), (Some(false), None));

        let odd = decode(
            &JobById { job: 1.into() },
            r#"{"job_id": 1, "title": {"a": 1}, "status": null, "labels": "Drop", "features": {},
                "processed_documents_count": -1, "invalid": "maybe", "last_processed_timestamp": []}"#,
        )
        .unwrap();
        assert_eq!((odd.title, odd.status), (None, None));
        assert_eq!(odd.labels.unwrap(), ["Drop"]);
        assert_eq!((odd.processed, odd.invalid), (None, None));
        assert_eq!(odd.last_processed, None);

        let old = decode(&Jobs, r#"[{"job_id": 1, "data_type": "es", "status": "IDLE"}]"#).unwrap();
        assert_eq!(old[0].status.as_ref().unwrap().runs(), Some(false));
        assert_eq!(old[0].data_type.as_deref(), Some("es"));
        assert_eq!(decode(&Jobs, "[]").unwrap(), []);
    }

    #[test]
    fn another_shape_is_named_by_its_place() {
        assert_eq!(place(&Jobs, r#"[{"job_id": 1}, {"title": "x"}]"#), "[1].job_id");
        assert_eq!(place(&Jobs, r#"[{"job_id": {}}]"#), "[0].job_id");
        assert_eq!(place(&Jobs, "[7]"), "[0]");
        assert_eq!(place(&Jobs, r#"{"jobs": []}"#), ".");
        assert_eq!(place(&Jobs, "null"), ".");
        assert_eq!(place(&JobById { job: 1.into() }, "{}"), "job_id");
        assert_eq!(place(&JobById { job: 1.into() }, "[]"), ".");
    }

    #[test]
    fn an_error_body_is_a_refusal_in_the_servers_words() {
        let validation = r#"{"detail": [{"loc": ["path", 0, "job_id"], "msg": "value is not an integer",
            "type": "type_error", "url": "x"}, {"msg": "second"}, "third"]}"#;
        let words = Cause::Refused("path.0.job_id: value is not an integer; second; third".into());
        assert_eq!(cause(&Jobs, validation), words);
        assert_eq!(cause(&JobById { job: 1.into() }, validation), words);
        assert_eq!(cause(&DecisionSet { job: 1.into() }, validation), words);
        let name = "x".to_owned();
        assert_eq!(
            cause(&JobByName { name }, r#"{"error": "Job not found", "details": "no job x"}"#),
            Cause::Refused("Job not found: no job x".into())
        );
    }

    #[test]
    fn a_decision_set_is_read_from_every_form() {
        let set = DecisionSet { job: 1201.into() };
        for form in [
            r#"["Drop", "Escalate"]"#,
            r#"{"decision_set": ["Drop", "Escalate"]}"#,
            r#"{"decision_set": {"decision_set": ["Drop", "Escalate"]}}"#,
            r#"{"labels": ["Drop", "Escalate"]}"#,
        ] {
            assert_eq!(decode(&set, form).unwrap(), ["Drop", "Escalate"], "{form}");
        }
        assert_eq!(decode(&set, "[]").unwrap(), [""; 0]);
        assert_eq!(place(&set, r#"{"decision_set": 1}"#), ".");
    }

    #[test]
    fn training_succeeds_only_when_no_error_is_said() {
        let train = Train { job: 1201.into(), username: "admin".into() };
        let said = decode(&train, r#"{"status": "OK", "error_message": ""}"#).unwrap();
        assert_eq!(said.status.as_deref(), Some("OK"));
        let said = decode(&train, r#"{"status": "QUEUED", "error_message": null}"#).unwrap();
        assert_eq!(said.status.as_deref(), Some("QUEUED"));
        let said = decode(&train, r#"{"request": {"status": "OK", "reason": ""}}"#).unwrap();
        assert_eq!(said.status.as_deref(), Some("OK"));
        for (body, words) in [
            (r#"{"status": "OK", "error_message": "busy"}"#, "busy"),
            (r#"{"status": "ERROR", "error_message": ""}"#, "status ERROR"),
            (r#"{"status": "error", "reason": "no feedback"}"#, "no feedback"),
            (r#"{"status": false}"#, "status false"),
            (r#"{"detail": "Not Found"}"#, "Not Found"),
            (r#"{"request": {"status": "ERROR", "reason": "r", "reason_details": []}}"#, "r"),
            (r#"{"request": {"status": "NOK", "reason": "r", "reason_details": ["s"]}}"#, "r: s"),
            (r#""ERROR: busy""#, "ERROR: busy"),
        ] {
            assert_eq!(cause(&train, body), Cause::Refused(words.into()), "{body}");
        }
        assert_eq!(place(&train, "[]"), ".");
    }

    #[test]
    fn no_answer_breaks_the_reader() {
        let (job, username) = (job("1"), "u".to_owned());
        survives(&Jobs);
        survives(&JobById { job: job.clone() });
        survives(&JobByName { name: "x".into() });
        survives(&DecisionSet { job: job.clone() });
        survives(&StartJob { job: job.clone(), username: username.clone() });
        survives(&StopJob { job: job.clone(), username: username.clone() });
        survives(&Train { job, username });
    }
}
