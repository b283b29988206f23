//! The sheet that trains a job: what the training would learn from, as far as it is known, and what stands in its way.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{figures, key as scopes};
use crate::api::arcanna::JobId;
use crate::api::arcanna::jobs::{Job, Train};
use crate::command::{Cx, Tone};
use crate::outbox::{Act, State};
use crate::panes::paint;
use crate::panes::sheet::{Confirm, Sheet};
use crate::store::{Agreements, Remote, Store, key};
use crate::ui::text;
use crate::ui::time::{Clock, Mode};

/// Who asks for it.
const USER: &str = "username";

/// The labels of a job that this console knows of.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Given {
    /// Sent since the last training, by label.
    pub(super) sent: BTreeMap<String, usize>,
    /// Neither sent nor taken back.
    pub(super) unsent: usize,
    /// How often the AI had said the same of those sent.
    pub(super) agreements: Agreements,
}

/// Points between shown and blind agreement from which on a person is told.
pub(super) const APART: f64 = 10.0;

impl Given {
    pub(super) fn of(job: &JobId, since: Option<Timestamp>, store: &Store) -> Self {
        let mut given = Self::default();
        let mut judged = Vec::new();
        for row in store.writes.newest() {
            let Some((_, event, label)) = row.draft.act.labels().filter(|(of, ..)| *of == job)
            else {
                continue;
            };
            match row.state {
                State::Sent(_) if since.is_none_or(|since| row.changed > since) => {
                    *given.sent.entry(label.to_owned()).or_default() += 1;
                    judged.push((key(job, event), label, row.draft.seen.as_ref()));
                }
                State::Sent(_) | State::Undone => {}
                _ => given.unsent += 1,
            }
        }
        given.agreements = Agreements::of(judged.into_iter().rev());
        given
    }

    /// `Drop 3  Escalate 1`; empty when nothing was sent.
    pub(super) fn words(&self) -> String {
        let parts: Vec<String> =
            self.sent.iter().map(|(label, count)| format!("{label} {count}")).collect();
        parts.join("  ")
    }
}

/// When the last training ended, as far as the server tells.
pub(super) fn trained(job: &Job) -> Option<Timestamp> {
    job.last_train_finished.as_ref().and_then(|time| time.at())
}

/// Whether a training began after the last one ended.
pub(super) fn under_way(job: &Job) -> Option<Timestamp> {
    let started = job.last_train_started.as_ref()?.at()?;
    trained(job).is_none_or(|finished| finished < started).then_some(started)
}

/// The sheet for a job.
pub(super) fn sheet(job: &Job, cx: &Cx<'_>) -> Sheet {
    let title = format!("TRAIN JOB {} {}", job.id, job.title.as_deref().unwrap_or(""));
    let confirm = Confirm::Type("the job id".to_owned(), job.id.to_string());
    let analyst = cx.prefs.analyst.as_deref().unwrap_or_default();
    let sheet = Sheet::new(title.trim_end(), confirm, cx.prefs.read_only).line(
        USER,
        "username",
        analyst,
        "whose name Arcanna keeps with it",
    );
    if analyst.is_empty() { sheet } else { sheet.filled() }
}

/// What a person should know before.
pub(super) fn notes(job: &Job, cx: &Cx<'_>) -> Vec<(Tone, String)> {
    let clock = Clock { mode: Mode::Utc, now: cx.now.wall, zone: jiff::tz::TimeZone::UTC };
    let tell = |at: Timestamp| paint::tell(&clock, at);
    let mut notes = vec![(
        Tone::Mind,
        "This retrains the production model for everyone. It cannot be undone from here."
            .to_owned(),
    )];
    let count =
        |n: Option<u64>| n.map_or_else(|| "an unknown number of".to_owned(), text::thousands);
    let last = trained(job).map_or_else(
        || "the job was never trained, as far as the server tells".to_owned(),
        |at| format!("last training {}", tell(at)),
    );
    notes.push((Tone::Fine, format!("{} events have feedback; {last}.", count(job.with_feedback))));
    let feedback = job.last_feedback.as_ref().and_then(|time| time.at());
    if let (Some(feedback), Some(trained)) = (feedback, trained(job)) {
        notes.push(if feedback > trained {
            (Tone::Fine, format!("Newest feedback {}: not in the model yet.", tell(feedback)))
        } else {
            (
                Tone::Mind,
                format!("Newest feedback {}: there is nothing new to learn from.", tell(feedback)),
            )
        });
    }
    if let Some(started) = under_way(job) {
        notes.push((Tone::Mind, format!("A training began {} and has not ended.", tell(started))));
    }
    let given = Given::of(&job.id, trained(job), cx.store);
    if !given.sent.is_empty() {
        let words = format!("Sent from this console since then: {}.", given.words());
        notes.push((Tone::Fine, words));
        if given.sent.len() == 1 && given.sent.values().sum::<usize>() > 4 {
            let words = "All of them are the same label: is the other side known as well?";
            notes.push((Tone::Mind, words.to_owned()));
        }
    }
    if given.unsent > 0 {
        let labels = if given.unsent == 1 { "label waits" } else { "labels wait" };
        let words = format!("{} {labels} in the outbox: they go first.", given.unsent);
        notes.push((Tone::Mind, words));
    }
    notes.extend(swayed(&given.agreements));
    let changed = figures::metrics(cx.store, &job.id).and_then(Remote::value);
    if let Some(total) = changed.and_then(|read| read.changed.total).filter(|total| *total > 0) {
        let words = format!(
            "{} events changed consensus since the last training: that would be learnt.",
            text::thousands(total)
        );
        notes.push((Tone::Fine, words));
    }
    if job.invalid == Some(true) {
        let words = "The product marks this job as invalid: its settings no longer fit.";
        notes.push((Tone::Bad, words.to_owned()));
    }
    let scopes = cx.store.scopes.value();
    if scopes.is_some_and(|granted| !granted.allows(scopes::TRAIN)) {
        let words = format!("The key's scopes do not name {}: Arcanna may refuse.", scopes::TRAIN);
        notes.push((Tone::Mind, words));
    }
    notes
}

/// Whether people agree more with an answer they can see than with one they cannot.
fn swayed(agreements: &Agreements) -> Option<(Tone, String)> {
    let (shown, blind) = (agreements.shown, agreements.blind);
    let (shown_percent, blind_percent) = (shown.percent()?, blind.percent()?);
    let gap = agreements.gap().unwrap_or_default();
    let words = format!("Blind agreement {blind_percent:.0}% (n {})", blind.n);
    let shown = format!("shown agreement {shown_percent:.0}% (n {})", shown.n);
    Some(if gap >= APART {
        (
            Tone::Mind,
            format!("{words} is {gap:.0} below {shown}: the answer may have swayed the labels."),
        )
    } else {
        (Tone::Fine, format!("{words}, {shown}."))
    })
}

pub(super) fn complain(sheet: &mut Sheet) {
    let nobody = sheet.value(USER).trim().is_empty();
    sheet.complain(USER, nobody.then(|| "Arcanna wants a name".to_owned()));
}

/// The write, or why it must wait.
pub(super) fn act(job: &JobId, sheet: &Sheet, store: &Store) -> Result<Act, String> {
    let unsent = Given::of(job, None, store).unsent;
    if unsent > 0 {
        let labels = if unsent == 1 { "label" } else { "labels" };
        return Err(format!(
            "{unsent} {labels} of this job are not sent yet: they go first. g a shows them."
        ));
    }
    Ok(Act::Train(Train { job: job.clone(), username: sheet.value(USER).trim().to_owned() }))
}
