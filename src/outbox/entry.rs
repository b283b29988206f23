//! What the ledger is told of a row.

use jiff::Timestamp;

use super::table::name;
use super::{Act, Answered, Row, Session, State};
use crate::api::{Body, Call};
use crate::ledger::{Ended, Record, Seen, digest};

/// The record of a row as it is now. `id` and the chain are added by whoever writes it.
pub(super) fn record(row: &Row, origin: &str, session: &Session, answered: Answered) -> Record {
    let act = &row.draft.act;
    let mut record = Record {
        t: instant(row.staged),
        host: session.host.clone(),
        uid: session.uid,
        analyst: session.analyst.clone(),
        env: session.environment.clone(),
        origin: origin.to_owned(),
        row: row.id.0,
        request: row.draft.call.to_string(),
        body: body(&row.draft.call),
        note: row.draft.note.as_ref().map(|note| kept_note(note, session)),
        batch: row.draft.batch,
        seen: row.draft.seen.as_ref().map(|seen| Seen {
            ai: seen.label.clone(),
            conf: seen.confidence,
            outlier: seen.outlier,
            blind: seen.blind,
            others_revealed: seen.others_revealed,
            fast_run: seen.fast_run,
            dwell_ms: seen.dwell_ms,
        }),
        result: ended(row, answered),
        ..Record::default()
    };
    match act {
        Act::Label { feedback, digit } => {
            "label".clone_into(&mut record.act);
            record.analyst = Some(feedback.username.clone());
            record.job = Some(feedback.job.to_string());
            record.event = Some(feedback.event.to_string());
            record.label = Some(feedback.label.clone());
            record.digit = Some(*digit);
        }
        Act::Tag(tag) => {
            "tag".clone_into(&mut record.act);
            record.device = Some(tag.did);
            record.what = Some(tag.tag.clone());
        }
        Act::Untag(untag) => {
            "untag".clone_into(&mut record.act);
            record.device = Some(untag.did);
            record.what = Some(untag.tag.clone());
        }
        Act::Watch(watch) => {
            "watch".clone_into(&mut record.act);
            record.what = Some(watch.entries.join(" "));
            let reason = watch.description.as_ref();
            record.note = reason.map(|reason| kept_note(reason, session));
        }
        Act::Unwatch(unwatch) => {
            "unwatch".clone_into(&mut record.act);
            record.what = Some(unwatch.entry.clone());
        }
        Act::Acknowledge(acknowledge) => {
            let word = if acknowledge.on { "acknowledge" } else { "unacknowledge" };
            word.clone_into(&mut record.act);
            record.what = Some(format!("breach {}", acknowledge.pbid));
        }
        Act::Comment(comment) => {
            "comment".clone_into(&mut record.act);
            record.what = Some(format!("breach {}", comment.pbid));
            record.note = Some(kept_note(&comment.message, session));
        }
        Act::Train(train) => {
            "train".clone_into(&mut record.act);
            record.analyst = Some(train.username.clone());
            record.job = Some(train.job.to_string());
        }
        Act::Send(send) => {
            "send".clone_into(&mut record.act);
            record.job = Some(send.job.to_string());
            record.event = send.id.as_ref().map(ToString::to_string);
            record.what.clone_from(&send.title);
        }
        Act::Named { name, .. } => record.act.clone_from(name),
    }
    record
}

/// A note as it is kept: its words, or a digest that shows only whether it is the same.
fn kept_note(note: &str, session: &Session) -> String {
    if session.hash_notes { format!("sha256:{}", digest(note.as_bytes())) } else { note.to_owned() }
}

fn ended(row: &Row, answered: Answered) -> Ended {
    let (state, words) = match &row.state {
        State::Grace => ("staged", None),
        State::Sent(words) | State::Parked(words) | State::Unknown(words) => {
            (name(&row.state), Some(words.clone()))
        }
        other => (name(other), row.trouble.clone()),
    };
    Ended {
        state: state.to_owned(),
        http: answered.status,
        words,
        attempts: row.attempts,
        at: instant(row.changed),
        ms: answered.took.map(|took| took.as_millis() as u64),
    }
}

fn body(call: &Call) -> String {
    match &call.body {
        Body::Empty => String::new(),
        Body::Json(text) => digest(text.as_bytes()),
        Body::Form(fields) => {
            serde_json::to_vec(fields).map_or_else(|_| String::new(), |json| digest(&json))
        }
    }
}

/// `2026-01-02T03:04:05.678Z`.
fn instant(at: Timestamp) -> String {
    format!("{at:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::arcanna::feedback::Feedback;
    use crate::outbox::{Draft, Keeper, Moment, Notice, Request, Seen};

    #[test]
    fn what_was_seen_is_kept_as_it_was() {
        let feedback = Feedback {
            job: "1202".into(),
            event: "7".into(),
            label: "Drop".into(),
            username: "ana.pop".into(),
        };
        let act = Act::Label { feedback, digit: '1' };
        let seen = Seen {
            label: Some("Escalate".into()),
            confidence: Some(47.0),
            outlier: Some(false),
            blind: true,
            others_revealed: true,
            fast_run: Some(12),
            dwell_ms: Some(800),
        };
        let call = act.call().unwrap();
        let grace = std::time::Duration::from_secs(5);
        let draft = Draft { act, call, grace, seen: Some(seen), note: None, batch: None };
        let now = Moment::now();
        let mut keeper = Keeper::open(None, Session::nowhere(), now).unwrap().0;
        let told = keeper.handle(Request::Stage { draft, tag: 1 }, now);
        let row = told.into_iter().find_map(|notice| match notice {
            Notice::Staged { row, .. } => Some(row),
            _ => None,
        });
        let row = row.unwrap();
        let record = record(&row, "memory", &Session::nowhere(), Answered::default());
        let json = serde_json::to_value(&record).unwrap();
        assert_eq!(
            json["seen"],
            serde_json::json!({
                "ai": "Escalate", "conf": 47.0, "outlier": false, "blind": true, "others_revealed": true,
                "fast_run": 12, "dwell_ms": 800,
            })
        );
    }
}
