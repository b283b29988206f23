//! What a row of the registry is: one command with its id, title, keys, hint, readiness and deed.
//!
//! From the rows come the keymap, help, palette, status hints, the README's key table and log names. A pane adds a key by
//! adding a row. Panes speak to the program through [`Cx`] and its [`Ask`]s alone.

use std::borrow::Cow;
use std::time::Duration;

use crate::api::arcanna::{EventId, JobId};
use crate::outbox::Moment;
use crate::store::Store;

pub use crate::store::Sampling;

/// One command of `P`.
pub struct Row<P: 'static> {
    /// Name in settings, palette and logs: `triage.label`. Never changes once released.
    pub id: &'static str,
    /// What it does, for help and palette. `…` at its end: opens a sheet, sends nothing yet.
    pub title: &'static str,
    /// Default chords, in the keymap's notation: `j`, `^d`, `g g`, `enter`.
    pub keys: &'static [&'static str],
    /// Word for the hint line; empty when it is not shown there.
    pub hint: &'static str,
    /// Whether it can be done now; the reason when not.
    pub ready: fn(&P, &Store) -> Ready,
    /// Does it.
    pub run: fn(&mut P, &mut Cx<'_>),
}

/// Whether a command can be done now; otherwise why not, in words for the result line.
pub type Ready = Result<(), Cow<'static, str>>;

/// For rows that can always be done.
pub fn always<P>(_: &P, _: &Store) -> Ready {
    Ok(())
}

/// A row without its deed: what help, palette and keymap need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// As [`Row::id`].
    pub id: &'static str,
    /// As [`Row::title`].
    pub title: &'static str,
    /// As [`Row::keys`].
    pub keys: &'static [&'static str],
    /// As [`Row::hint`].
    pub hint: &'static str,
}

impl<P> Row<P> {
    /// The row without its deed.
    pub const fn spec(&self) -> Spec {
        Spec { id: self.id, title: self.title, keys: self.keys, hint: self.hint }
    }
}

/// The panes, in the order they are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum PaneId {
    /// Arcanna's jobs.
    Jobs,
    /// The events of a job and their labels.
    Triage,
    /// Darktrace devices.
    Devices,
    /// Look-up of an external endpoint.
    Endpoint,
    /// Darktrace's advanced search.
    Search,
    /// Darktrace's watched list.
    Watched,
    /// Darktrace's model breaches.
    Breaches,
    /// Writes and calls.
    Activity,
    /// What was pinned.
    Evidence,
}

impl PaneId {
    /// Name in lower case: `triage`.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// What a pane is opened on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A job's events.
    Job(JobId),
    /// One event.
    Event(JobId, EventId),
    /// A view of the triage queue, by its name.
    View(String),
    /// These events of a job, as a view of that name.
    Events(JobId, &'static str, Vec<EventId>),
    /// A device by its id.
    Device(i64),
    /// Devices matching a text.
    Find(String),
    /// Devices carrying a tag.
    Tag(String),
    /// An endpoint, in any form a person writes it; several, one a line.
    Endpoint(String),
    /// A query for advanced search, to be looked at before it is run; a time window may stand before it in brackets:
    /// `[+-15m of 2026-11-20T08:00Z] @fields.dest_ip:"8.8.8.8"`; behind a semicolon in them, what is worked out:
    /// `[last 1h; terms @fields.dest_ip] …`.
    Search(String),
    /// A model breach by its number.
    Breach(i64),
    /// Something to put on the watched list, in any form a person writes it; several, one a line.
    Watch(String),
}

/// What a command asks of the program beyond the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Show this pane, on this target.
    Go(PaneId, Option<Target>),
    /// Say this on the result line.
    Say(Tone, String),
    /// Run this line as if typed after `:`.
    Line(String),
    /// Run the shell's row of this id.
    Row(&'static str),
    /// Give this text to the person's own editor; it comes back to the pane.
    Edit(String),
    /// Read this file; its text comes back to the pane in the same way.
    Load(String),
    /// Hand this text to the clipboard of the person's terminal.
    Copy(String),
    /// Give this text to the person's own pager, to be read.
    Page(String),
    /// Put this text on the terminal's main screen, where its own mouse selects; any key comes back.
    Plain(String),
    /// Write this text to a new file whose name ends like this (`md`).
    Export {
        /// How the name begins: what is in it.
        stem: String,
        /// How it ends.
        ending: &'static str,
        /// What is written.
        text: String,
        /// The file or folder a person named; `None`: the folder of the settings.
        to: Option<String>,
    },
    /// Look at or change settings.
    Tune(Tune),
    /// Mouse reports on or off.
    Mouse(bool),
    /// Draw everything anew.
    Redraw,
    /// Stop the process until it is resumed.
    Suspend,
    /// End the program.
    Quit,
}

/// What a person wants of the settings while the program runs. Names are as they were typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tune {
    /// Read the configuration again.
    Reload,
    /// Set this one for the session.
    Set(String, String),
    /// Forget what the session set.
    Unset(String),
    /// Tell this one, or all that the session set.
    Show(Option<String>),
}

/// What is copied of what is under the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// Its id.
    Id,
    /// One line about it.
    Line,
    /// Ticket text.
    Markdown,
    /// Its data.
    Json,
    /// Its indicator, defanged.
    Indicator,
    /// Its indicator as it is.
    Raw,
    /// The address of its page in the product.
    Link,
}

/// How a sentence on the result line is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It went well, or is plain information.
    Fine,
    /// Something was swallowed, refused or deserves a look.
    Mind,
    /// Something failed.
    Bad,
}

/// What panes may know of the settings.
#[derive(Debug, Clone)]
pub struct Prefs {
    /// Whose votes are sent; without it nothing can be labelled.
    pub analyst: Option<String>,
    /// Environment and tenant, first cell of every screen: `PROD acme`.
    pub environment: String,
    /// Nothing may be written.
    pub read_only: bool,
    /// How long a label can be undone before it is sent.
    pub label_grace: Duration,
    /// The same for what reaches others.
    pub outward_grace: Duration,
    /// The same for a tag on or off a device, which a second act takes back.
    pub tag_grace: Duration,
    /// The longest time writes that reach others can be let through at once.
    pub max_arm: Duration,
    /// Below this confidence (0–100) a decision is marked low.
    pub low_confidence: f64,
    /// After a label the rest of its bucket goes to the end of the queue.
    pub skip_bucket: bool,
    /// First pause between looks at a pending event, and the limit of looking.
    pub poll: (Duration, Duration),
    /// Products without settings: their panes say so.
    pub absent: Vec<crate::api::Product>,
    /// Products whose certificates are not verified: the screen says so for ever.
    pub unverified: Vec<crate::api::Product>,
    /// Job for commands that read and name none.
    pub default_job: Option<JobId>,
    /// Mouse reports from the start.
    pub mouse: bool,
    /// The line of keys at the bottom.
    pub hints: bool,
    /// Domains that are ours, in lower case: nothing of theirs may be watched.
    pub own_domains: Vec<String>,
    /// Settings that can be set for the session, each with the words it accepts (none: anything its kind allows).
    pub settable: Vec<(&'static str, &'static [&'static str])>,
    /// How many of the AI's answers are hidden until the analyst has voted.
    pub blind: Sampling,
    /// Whether the person's own editor and pager may be started.
    pub allow_editor: bool,
    /// Darktrace's address, for links to its pages.
    pub darktrace_url: Option<String>,
}

/// What a command works with.
pub struct Cx<'a> {
    /// All data; operations are asked here.
    pub store: &'a mut Store,
    /// This moment.
    pub now: Moment,
    /// Settings.
    pub prefs: &'a Prefs,
    /// What the program should do afterwards.
    pub asks: &'a mut Vec<Ask>,
    /// The last key of the chord that ran the command, for rows with several keys.
    pub key: Option<char>,
}

impl Cx<'_> {
    /// Says something on the result line.
    pub fn say(&mut self, tone: Tone, words: impl Into<String>) {
        self.asks.push(Ask::Say(tone, words.into()));
    }

    /// Shows another pane.
    pub fn go(&mut self, pane: PaneId, target: Option<Target>) {
        self.asks.push(Ask::Go(pane, target));
    }
}
