//! `arcanna-get-event-status`: one look at an event's decision, or looks until there is one.
//!
//! The server has no long poll, so the looking again is ours: the first look at once, `OK` and `ERROR` end it, so does
//! every refusal; trouble on the way is borne within the limit, and running out of it is a failure of its own.

use std::time::Duration;

use super::arcanna::{EVENT, JOB_TO_READ, context};
use super::args::{Arg, Kind, Need};
use super::run::{Asked, Failure, Outcome, Plan, Reply, Step, Waiting, once, out_of_turn};
use super::table::{Cell, Table};
use super::{Entry, Json};
use crate::api::arcanna::events::EventStatus;
use crate::api::arcanna::{Decision, EventId, EventState, JobId};
use crate::api::{Answer, ApiError, Cause, Product};

/// The last look is taken this long before the limit, so that it can still be answered within it.
const LAST_LOOK: Duration = Duration::from_secs(1);

/// A look sooner than this after the last one could not tell anything new.
const SHORTEST: Duration = Duration::from_millis(500);

/// `arcanna-get-event-status`
pub(super) static GET_EVENT_STATUS: Entry = Entry {
    name: "arcanna-get-event-status",
    title: "Show what Arcanna decided about an event",
    product: Product::Arcanna,
    write: false,
    args: &[
        JOB_TO_READ,
        EVENT,
        Arg {
            name: "polling",
            aliases: &[],
            need: Need::Default("false"),
            kind: Kind::Flag,
            help: "look again until there is a decision",
        },
        Arg {
            name: "interval",
            aliases: &["interval_in_seconds"],
            need: Need::OrPollInterval,
            kind: Kind::Whole(1),
            help: "seconds between two looks, 15 by default",
        },
        Arg {
            name: "timeout",
            aliases: &["timeout_in_seconds"],
            need: Need::OrPollTimeout,
            kind: Kind::Whole(1),
            help: "seconds for all looks together, 120 by default",
        },
    ],
    plan: |args| {
        let operation = EventStatus {
            job: JobId::new(args.text("job_id")),
            event: EventId::new(args.text("event_id")),
        };
        if args.flag("polling") != Some(true) {
            return Ok(once(operation, |_, reply| shown(reply)));
        }
        let seconds = |name| Duration::from_secs(args.whole(name).unwrap_or(1).unsigned_abs());
        Ok(Box::new(Polling {
            asked: Asked::new(operation),
            interval: seconds("interval"),
            limit: seconds("timeout"),
            last: None,
            trouble: None,
        }))
    },
};

fn shown(reply: Reply<Decision>) -> Outcome {
    let details = reply.json;
    let cell = |names: &[&str]| {
        let value =
            names.iter().filter_map(|name| details.get(name)).find(|value| !value.is_blank());
        value.map_or_else(|| Cell::new("n/a"), |value| Cell::of(Some(value)))
    };
    let mut pairs: Vec<(&str, Cell)> = [
        "event_id",
        "ingest_timestamp",
        "status",
        "error_message",
        "bucket_state",
        "confidence_score",
        "outlier",
        "result_label",
    ]
    .into_iter()
    .map(|name| {
        let cell = match name {
            // jobs without buckets and old products say it under another name
            "bucket_state" => cell(&["bucket_state", "knowledge_base_state"]),
            "confidence_score" => cell(&["confidence_score", "confidence_level"]),
            "result_label" => cell(&["result_label", "result"]),
            name => cell(&[name]),
        };
        (name, cell)
    })
    .collect();
    if details.get("is_duplicated").is_some_and(|value| *value == Json::Bool(true)) {
        pairs.push(("is_duplicated", Cell::new("true")));
    }
    let refusal = match &reply.output.state {
        EventState::Error => Some(format!(
            "the event ended in ERROR: {}",
            reply.output.error_message.as_deref().unwrap_or("the server gave no reason")
        )),
        _ => None,
    };
    Outcome {
        table: Table::pairs("Arcanna Get Event Status", pairs),
        rows: vec![details.clone()],
        context: context("GetEventDetails", details),
        refusal,
        ..Outcome::empty(GET_EVENT_STATUS.name, reply.raw)
    }
}

/// Looks until there is a decision.
#[derive(Debug)]
struct Polling {
    asked: Asked<EventStatus>,
    interval: Duration,
    limit: Duration,
    last: Option<Box<Outcome>>,
    trouble: Option<Box<ApiError>>,
}

impl Polling {
    /// Waits for the next look, or gives up when there is no room for one.
    fn again(&mut self, elapsed: Duration, pause: Duration, why: Waiting) -> Step {
        let next = (elapsed + pause).min(self.limit.saturating_sub(LAST_LOOK));
        match next.checked_sub(elapsed) {
            Some(pause) if pause >= SHORTEST => Step::Wait(pause, why),
            _ => self.expired(),
        }
    }
}

impl Plan for Polling {
    fn start(&mut self) -> Step {
        self.asked.ask()
    }

    fn answered(&mut self, answer: Result<Answer, ApiError>, elapsed: Duration) -> Step {
        match answer.and_then(|answer| self.asked.read(&answer)) {
            Ok(reply) if reply.output.state.is_final() => Step::Done(shown(reply)),
            Ok(reply) => {
                let outcome = shown(reply);
                let status = outcome
                    .context
                    .at(&["Arcanna", "GetEventDetails", "status"])
                    .and_then(Json::as_text)
                    .map_or_else(|| "no status".to_owned(), std::borrow::Cow::into_owned);
                self.last = Some(Box::new(outcome));
                self.trouble = None;
                self.again(elapsed, self.interval, Waiting::Pending(status))
            }
            Err(error) if error.repeatable() && !matches!(*error.cause, Cause::Unresolved(_)) => {
                let pause = self.interval.max(error.retry_after().unwrap_or_default());
                self.trouble = Some(Box::new(error.clone()));
                self.again(elapsed, pause, Waiting::Trouble(error))
            }
            Err(error) => error.into(),
        }
    }

    fn waited(&mut self, elapsed: Duration) -> Step {
        if elapsed >= self.limit {
            return self.expired();
        }
        match self.asked.ask() {
            step @ Step::Ask(_) => step,
            _ => out_of_turn(), // the same call went out before
        }
    }

    fn expired(&mut self) -> Step {
        Step::Failed(Failure::TimedOut {
            limit: self.limit,
            last: self.last.take(),
            trouble: self.trouble.take(),
        })
    }

    fn limit(&self) -> Option<Duration> {
        Some(self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Defaults, Line, Run, prepare};

    const PENDING: &str = r#"{"event_id":"7","status":"Pending inference"}"#;

    fn run(line: &str) -> Run {
        let line = Line::parse(line).unwrap();
        prepare(&GET_EVENT_STATUS, &line.pairs, &Defaults::default(), &mut |_| {
            Err(std::io::ErrorKind::Unsupported.into())
        })
        .unwrap()
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn told(run: &mut Run, body: &str, elapsed: Duration) -> Step {
        run.answered(Ok(Answer::from_json(body)), elapsed)
    }

    fn fails(run: &mut Run, cause: Cause, elapsed: Duration) -> Step {
        let Step::Ask(call) = run.start() else { panic!("no call") };
        run.answered(Err(ApiError::of(&call, cause)), elapsed)
    }

    fn pause(step: Step) -> u64 {
        match step {
            Step::Wait(pause, _) => pause.as_secs(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn looks_at_once_and_until_the_limit() {
        let mut run = run("x job_id=1 event_id=7 polling=TRUE");
        assert_eq!(run.deadline(), Some(at(120)));
        let Step::Ask(call) = run.start() else { panic!("the first look is at once") };
        assert_eq!(call.to_string(), "GET /api/v1/events/1/7");
        let mut looks = vec![0];
        let mut now = 0;
        let failure = loop {
            match told(&mut run, PENDING, at(now)) {
                Step::Wait(wait, why) => {
                    assert_eq!(why, Waiting::Pending("Pending inference".into()));
                    now += wait.as_secs();
                    assert!(matches!(run.waited(at(now)), Step::Ask(_)));
                    looks.push(now);
                }
                Step::Failed(failure) => break failure,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(looks, [0, 15, 30, 45, 60, 75, 90, 105, 119]);
        let Failure::TimedOut { limit, last, trouble } = failure else { panic!("{failure:?}") };
        assert_eq!(limit, at(120));
        assert!(last.is_some(), "the last state is shown");
        assert!(trouble.is_none());
    }

    #[test]
    fn ends_on_ok_and_on_error() {
        let mut polling = run("x job_id=1 event_id=7 polling=yes interval=5 timeout=60");
        let _ = polling.start();
        assert_eq!(pause(told(&mut polling, PENDING, at(0))), 5);
        let step = told(&mut polling, r#"{"event_id":"7","status":"OK"}"#, at(6));
        assert!(matches!(step, Step::Done(Outcome { refusal: None, .. })), "{step:?}");

        let step = told(
            &mut polling,
            r#"{"event_id":"7","status":"ERROR","error_message":"no model"}"#,
            at(6),
        );
        let Step::Done(outcome) = step else { panic!("{step:?}") };
        assert_eq!(outcome.refusal.unwrap(), "the event ended in ERROR: no model");
    }

    #[test]
    fn a_refusal_ends_it_and_trouble_does_not() {
        let mut polling = run("x job_id=1 event_id=7 polling=1");
        let cause = Cause::Invalid(vec!["event_id: unknown".into()]);
        let step = fails(&mut polling, cause, at(0));
        assert!(matches!(step, Step::Failed(Failure::Api(_))), "{step:?}");

        assert_eq!(pause(fails(&mut polling, Cause::Broken("reset".into()), at(0))), 15);
        assert_eq!(pause(fails(&mut polling, Cause::Limited(Some(at(40))), at(15))), 40);
        let Step::Failed(Failure::TimedOut { last, trouble, .. }) = polling.expired() else {
            panic!()
        };
        assert!(last.is_none() && trouble.is_some());
    }

    #[test]
    fn without_polling_there_is_one_look() {
        let mut once = run("x job_id=1 event_id=7 polling=false");
        assert_eq!(once.deadline(), None);
        let _ = once.start();
        let step = told(&mut once, PENDING, at(0));
        assert!(matches!(step, Step::Done(_)), "{step:?}");
    }
}
