//! The form in which acts are stored: ours alone, so that a row outlives changes of the operations it was made of.
//!
//! Old forms stay readable for ever; a form this version does not know is an error, and its row is left alone.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Act, Seen};
use crate::api::Call;
use crate::api::arcanna::events::SendEvent;
use crate::api::arcanna::feedback::Feedback;
use crate::api::arcanna::jobs::Train;
use crate::api::arcanna::{EventId, JobId};
use crate::api::darktrace::breaches::{Acknowledge, AddComment};
use crate::api::darktrace::tags::{TagDevice, UntagDevice};
use crate::api::darktrace::watchlist::{WatchAdd, WatchRemove};

/// See the module. Names and fields never change once released.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Form<'a> {
    Label {
        job: Cow<'a, str>,
        event: Cow<'a, str>,
        label: Cow<'a, str>,
        username: Cow<'a, str>,
        digit: char,
    },
    Tag {
        did: i64,
        tag: Cow<'a, str>,
        duration_s: Option<u64>,
    },
    Untag {
        did: i64,
        tag: Cow<'a, str>,
    },
    Watch {
        entries: Cow<'a, [String]>,
        description: Option<Cow<'a, str>>,
        source: Option<Cow<'a, str>>,
        expiry: Option<Timestamp>,
        hostname: bool,
    },
    Unwatch {
        entry: Cow<'a, str>,
        source: Option<Cow<'a, str>>,
    },
    Acknowledge {
        pbid: i64,
        on: bool,
    },
    Comment {
        pbid: i64,
        message: Cow<'a, str>,
    },
    Train {
        job: Cow<'a, str>,
        username: Cow<'a, str>,
    },
    Send {
        job: Cow<'a, str>,
        id: Option<Cow<'a, str>>,
        title: Option<Cow<'a, str>>,
        severity: Option<i64>,
        raw_body: Cow<'a, str>,
    },
    Named {
        name: Cow<'a, str>,
        call: Cow<'a, Call>,
    },
}

fn text(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}

fn maybe(text: Option<&String>) -> Option<Cow<'_, str>> {
    text.map(|text| Cow::Borrowed(text.as_str()))
}

/// The act as text.
pub(super) fn write_act(act: &Act) -> serde_json::Result<String> {
    let form = match act {
        Act::Label { feedback, digit } => Form::Label {
            job: text(feedback.job.as_str()),
            event: text(feedback.event.as_str()),
            label: text(&feedback.label),
            username: text(&feedback.username),
            digit: *digit,
        },
        Act::Tag(TagDevice { did, tag, duration_s }) => {
            Form::Tag { did: *did, tag: text(tag), duration_s: *duration_s }
        }
        Act::Untag(UntagDevice { did, tag }) => Form::Untag { did: *did, tag: text(tag) },
        Act::Watch(watch) => Form::Watch {
            entries: Cow::Borrowed(&watch.entries),
            description: maybe(watch.description.as_ref()),
            source: maybe(watch.source.as_ref()),
            expiry: watch.expiry,
            hostname: watch.hostname,
        },
        Act::Unwatch(WatchRemove { entry, source }) => {
            Form::Unwatch { entry: text(entry), source: maybe(source.as_ref()) }
        }
        Act::Acknowledge(Acknowledge { pbid, on }) => Form::Acknowledge { pbid: *pbid, on: *on },
        Act::Comment(AddComment { pbid, message }) => {
            Form::Comment { pbid: *pbid, message: text(message) }
        }
        Act::Train(Train { job, username }) => {
            Form::Train { job: text(job.as_str()), username: text(username) }
        }
        Act::Send(send) => Form::Send {
            job: text(send.job.as_str()),
            id: send.id.as_ref().map(|id| text(id.as_str())),
            title: maybe(send.title.as_ref()),
            severity: send.severity,
            raw_body: text(send.raw_body.get()),
        },
        Act::Named { name, call } => Form::Named { name: text(name), call: Cow::Borrowed(call) },
    };
    serde_json::to_string(&form)
}

/// The act of a text.
pub(super) fn read_act(stored: &str) -> serde_json::Result<Act> {
    Ok(match serde_json::from_str::<Form<'_>>(stored)? {
        Form::Label { job, event, label, username, digit } => Act::Label {
            feedback: Feedback {
                job: JobId::from(&*job),
                event: EventId::from(&*event),
                label: label.into_owned(),
                username: username.into_owned(),
            },
            digit,
        },
        Form::Tag { did, tag, duration_s } => {
            Act::Tag(TagDevice { did, tag: tag.into_owned(), duration_s })
        }
        Form::Untag { did, tag } => Act::Untag(UntagDevice { did, tag: tag.into_owned() }),
        Form::Watch { entries, description, source, expiry, hostname } => Act::Watch(WatchAdd {
            entries: entries.into_owned(),
            description: description.map(Cow::into_owned),
            source: source.map(Cow::into_owned),
            expiry,
            hostname,
        }),
        Form::Unwatch { entry, source } => Act::Unwatch(WatchRemove {
            entry: entry.into_owned(),
            source: source.map(Cow::into_owned),
        }),
        Form::Acknowledge { pbid, on } => Act::Acknowledge(Acknowledge { pbid, on }),
        Form::Comment { pbid, message } => {
            Act::Comment(AddComment { pbid, message: message.into_owned() })
        }
        Form::Train { job, username } => {
            Act::Train(Train { job: JobId::from(&*job), username: username.into_owned() })
        }
        Form::Send { job, id, title, severity, raw_body } => Act::Send(SendEvent {
            job: JobId::from(&*job),
            id: id.map(|id| EventId::from(&*id)),
            title: title.map(Cow::into_owned),
            severity,
            raw_body: RawValue::from_string(raw_body.into_owned())?,
        }),
        Form::Named { name, call } => {
            Act::Named { name: name.into_owned(), call: call.into_owned() }
        }
    })
}

/// What was seen, as text.
pub(super) fn write_seen(seen: &Seen) -> serde_json::Result<String> {
    serde_json::to_string(seen)
}

/// What was seen, of a text.
pub(super) fn read_seen(stored: &str) -> serde_json::Result<Seen> {
    serde_json::from_str(stored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Operation;

    fn all() -> Vec<Act> {
        let feedback = Feedback {
            job: 1202.into(),
            event: " 61/5 \u{fc}".into(),
            label: "Low \"priority\" & more".into(),
            username: "ana.pop".into(),
        };
        let call = feedback.call().unwrap();
        vec![
            Act::Label { feedback, digit: '7' },
            Act::Tag(TagDevice { did: 823, tag: "Active Threat".into(), duration_s: Some(3600) }),
            Act::Untag(UntagDevice { did: 12, tag: "x".into() }),
            Act::Watch(WatchAdd {
                entries: vec!["a.example".into(), "b.example".into()],
                description: Some("why".into()),
                source: None,
                expiry: Some(Timestamp::UNIX_EPOCH),
                hostname: true,
            }),
            Act::Unwatch(WatchRemove { entry: "a.example".into(), source: Some("socdeck".into()) }),
            Act::Acknowledge(Acknowledge { pbid: 95, on: true }),
            Act::Acknowledge(Acknowledge { pbid: 95, on: false }),
            Act::Comment(AddComment { pbid: 95, message: "two\nlines \"ü\"".into() }),
            Act::Train(Train { job: 1202.into(), username: "ana.pop".into() }),
            Act::Send(SendEvent {
                job: 1202.into(),
                id: Some("x-1".into()),
                title: Some("t".into()),
                severity: Some(3),
                raw_body: RawValue::from_string(r#"{"n":12345678901234567890123,"a":1.10}"#.into())
                    .unwrap(),
            }),
            Act::Named { name: "darktrace-post-tag-to-device".into(), call },
        ]
    }

    #[test]
    fn every_act_comes_back_with_the_same_request() {
        for act in all() {
            let stored = write_act(&act).unwrap();
            let back = read_act(&stored).unwrap();
            assert_eq!(back.call().unwrap(), act.call().unwrap(), "{stored}");
            assert_eq!(back.summary(), act.summary());
            assert_eq!(format!("{back:?}"), format!("{act:?}"));
        }
    }

    /// Rows written by a released version must stay readable: these texts never change.
    #[test]
    fn stored_forms_are_frozen() {
        let stored = write_act(&all()[0]).unwrap();
        assert_eq!(
            stored,
            r#"{"label":{"job":"1202","event":" 61/5 ü","label":"Low \"priority\" & more","username":"ana.pop","digit":"7"}}"#
        );
        let breach = |act: Act| write_act(&act).unwrap();
        assert_eq!(
            breach(Act::Acknowledge(Acknowledge { pbid: 95, on: false })),
            r#"{"acknowledge":{"pbid":95,"on":false}}"#
        );
        assert_eq!(
            breach(Act::Comment(AddComment { pbid: 95, message: "seen".into() })),
            r#"{"comment":{"pbid":95,"message":"seen"}}"#
        );
        assert!(read_act(r#"{"teleport":{}}"#).is_err());
        let seen = read_seen(r#"{"label":"Drop","confidence":47.0,"outlier":false}"#).unwrap();
        assert_eq!((seen.blind, seen.dwell_ms), (false, None));
    }
}
