//! One event from wherever it is known: the list, its status, its export, the label given from here.
//!
//! What must not be seen before the vote is taken out here, so that whoever draws, filters, copies or exports cannot show it
//! by mistake: the AI's label and confidence, the pipeline's words, and the `arcanna` part of the raw event.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::api::arcanna::events::Export;
use crate::api::arcanna::query::FoundEvent;
use crate::api::arcanna::{ArcannaBlock, Confidence, Decision, EventState, Scale};
use crate::api::darktrace::endpoints::Endpoint;
use crate::api::value::Node;
use crate::export::{self, Indicator};
use crate::panes::paint::Look;
use crate::store::{EventKey, LabelState, Remote, Store, is_undecided};

/// Words in the name of a decision point that say its value is an address or a host.
const PLACES: [&str; 12] = [
    "ip",
    "address",
    "host",
    "domain",
    "src",
    "dst",
    "source",
    "destination",
    "url",
    "query",
    "sender",
    "recipient",
];

/// The longest text of an event that is searched for an address while the list is drawn, in bytes.
const RAW_MAX: usize = 16 * 1024;

/// See the module.
pub(super) struct Known<'a> {
    pub key: &'a EventKey,
    pub found: Option<&'a FoundEvent>,
    pub export: Option<&'a Export>,
    /// Without label and confidence while they are hidden.
    pub decision: Option<Cow<'a, Decision>>,
    /// The AI's answer is hidden until there is a vote.
    pub hidden: bool,
    store: &'a Store,
}

/// An address or host that an event names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// As it is looked up.
    pub text: String,
    /// Inside a private range.
    pub internal: bool,
}

impl<'a> Known<'a> {
    pub(super) fn of(store: &'a Store, key: &'a EventKey) -> Self {
        let found = store.queues.get(&key.job).and_then(|queue| queue.found(&key.event));
        let decision = store.decision(key);
        // Where there is no answer there is nothing to hide.
        let answered = decision.is_some_and(|one| one.label.is_some() || one.confidence.is_some());
        let hidden = answered && store.is_hidden(key);
        Self {
            key,
            found,
            export: store.exports.get(key).and_then(Remote::value),
            decision: decision
                .map(|one| if hidden { Cow::Owned(masked(one)) } else { Cow::Borrowed(one) }),
            hidden,
            store,
        }
    }

    /// What Arcanna says of the event: as it was exported, else as it was listed.
    pub(super) fn block(&self) -> Option<Cow<'a, ArcannaBlock>> {
        let exported = self.export.and_then(Export::arcanna).map(Cow::Owned);
        let block = exported.or_else(|| self.found?.arcanna.as_ref().map(Cow::Borrowed))?;
        if !self.hidden {
            return Some(block);
        }
        let block = block.into_owned();
        Some(Cow::Owned(ArcannaBlock {
            decision: masked(&block.decision),
            inference_result: None,
            previous_result: None,
            log_messages: Vec::new(),
            ..block
        }))
    }

    /// The word for the AI's answer: its label, or why there is none to see.
    pub(super) fn says(&self) -> String {
        match &self.decision {
            None => "-".to_owned(),
            Some(_) if self.hidden => HIDDEN.to_owned(),
            Some(decision) => word(decision),
        }
    }

    /// How sure the AI is, in words; `-` while it is hidden.
    pub(super) fn sure(&self) -> String {
        confidence(self.decision.as_ref().and_then(|decision| decision.confidence))
    }

    /// Whether the AI is less sure than the settings want; not told while it is hidden.
    pub(super) fn is_low(&self, look: &Look<'_>) -> bool {
        let limit = look.prefs.low_confidence;
        self.decision.as_ref().is_some_and(|decision| below(decision.confidence, limit))
    }

    /// Whether people decided otherwise since the model learnt it, as far as the job's figures name such events.
    pub(super) fn is_changed(&self) -> bool {
        let metrics = self.store.metrics.get(&self.key.job).and_then(Remote::value);
        metrics.is_some_and(|metrics| metrics.changed.events.contains(&self.key.event))
    }

    /// Whether the analysts' votes are split.
    pub(super) fn is_undecided(&self) -> bool {
        self.found.and_then(|found| found.arcanna.as_ref()).is_some_and(is_undecided)
    }

    /// What the model sees: as it was listed, else the job's names looked up in the exported event.
    pub(super) fn points(&self) -> Cow<'a, [(String, String)]> {
        if let Some(found) = self.found {
            return Cow::Borrowed(&found.decision_points);
        }
        let names = self
            .store
            .job(&self.key.job)
            .and_then(|job| job.decision_points.as_deref())
            .unwrap_or_default();
        Cow::Owned(self.export.map(|export| export.points(names)).unwrap_or_default())
    }

    /// What it is about.
    pub(super) fn title(&self) -> Cow<'a, str> {
        if let Some(title) = self.found.and_then(|found| found.title.as_deref()) {
            return Cow::Borrowed(title);
        }
        match self.export.and_then(Export::title) {
            Some(title) => Cow::Owned(title),
            None => Cow::Owned(self.key.event.to_string()),
        }
    }

    /// The event's own text as the server gave it, whatever is hidden: only its size may be told.
    fn whole(&self) -> Option<&'a RawValue> {
        let exported = self.export.and_then(|export| export.event.as_deref());
        exported.or_else(|| self.found?.raw_event.as_deref())
    }

    /// The length of the event's own text, in bytes.
    pub(super) fn size(&self) -> usize {
        self.whole().map_or(0, |raw| raw.get().len())
    }

    /// The event's own text: as it was exported, else as it was listed; without the AI's part while that is hidden.
    pub(super) fn raw(&self) -> Option<Cow<'a, str>> {
        let whole = self.whole()?;
        if !self.hidden {
            return Some(Cow::Borrowed(whole.get()));
        }
        let Some(fields) = Node::of(whole).fields() else {
            return Some(Cow::Borrowed(whole.get()));
        };
        let kept = fields
            .iter()
            .filter(|(name, _)| !is_answer(name))
            .map(|(name, node)| format!("{}:{}", serde_json::Value::from(name), node.as_str()));
        Some(Cow::Owned(format!("{{{}}}", kept.collect::<Vec<_>>().join(","))))
    }

    /// The label given from here.
    pub(super) fn yours(&self) -> Option<&'a str> {
        match self.store.writes.label(self.key) {
            LabelState::Kept(_, label) => Some(label),
            LabelState::None | LabelState::Staging => None,
        }
    }

    /// When the label from here was given.
    pub(super) fn labelled(&self) -> Option<jiff::Timestamp> {
        match self.store.writes.label(self.key) {
            LabelState::Kept(row, _) => Some(row.staged),
            LabelState::None | LabelState::Staging => None,
        }
    }

    /// Where it came from: the first address of its decision points, else of the event itself.
    pub(super) fn source(&self) -> Option<String> {
        if let Some(first) = self.addresses().into_iter().next() {
            return Some(first.text);
        }
        let raw = self.raw().filter(|raw| raw.len() <= RAW_MAX)?;
        first_address(&serde_json::from_str(&raw).ok()?)
    }

    /// The addresses and hosts among its decision points, in their order.
    pub(super) fn addresses(&self) -> Vec<Address> {
        let mut out: Vec<Address> = Vec::new();
        for (name, value) in self.points().iter() {
            if is_place(name)
                && let Some(address) = address(value)
                && !out.contains(&address)
            {
                out.push(address);
            }
        }
        out
    }
}

/// Whether a name says that its value is an address or a host.
fn is_place(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    PLACES.iter().any(|word| name.contains(word))
}

/// The first address in an event's own text that stands under a name which says so.
fn first_address(value: &serde_json::Value) -> Option<String> {
    use serde_json::Value;
    match value {
        Value::Object(fields) => fields.iter().find_map(|(name, value)| match value {
            Value::String(text) if is_place(name) => {
                address(text).filter(Address::is_ip).map(|address| address.text)
            }
            // `source: { ip: … }`: the inner name says it.
            inner => first_address(inner),
        }),
        Value::Array(items) => items.iter().find_map(first_address),
        _ => None,
    }
}

/// What stands where the AI's answer is hidden.
pub(super) const HIDDEN: &str = "hidden";

/// A decision without what it says and how sure it is.
fn masked(decision: &Decision) -> Decision {
    Decision { result: None, label: None, confidence: None, ..decision.clone() }
}

/// Whether a key of an event's own text is where the server writes its decision.
fn is_answer(name: &str) -> bool {
    name.strip_prefix("arcanna").is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// A value as an address or a host, if it is one.
pub(super) fn address(value: &str) -> Option<Address> {
    let indicator = export::classify(value);
    match indicator {
        Indicator::Ip { .. } | Indicator::Host { .. } | Indicator::Url { .. } => {
            Some(Address { text: indicator.target()?, internal: indicator.is_internal() })
        }
        _ => None,
    }
}

impl Address {
    /// As Darktrace is asked about it.
    pub(super) fn endpoint(&self) -> Endpoint {
        if self.is_ip() {
            Endpoint::Ip(self.text.clone())
        } else {
            Endpoint::Hostname(self.text.clone())
        }
    }

    pub(super) fn is_ip(&self) -> bool {
        self.text.parse::<std::net::IpAddr>().is_ok()
    }
}

/// The word for a decision: its label, or why there is none.
pub(super) fn word(decision: &Decision) -> String {
    match (&decision.state, &decision.label) {
        (EventState::Pending, _) => "pending".to_owned(),
        (EventState::Error, _) => "ERROR".to_owned(),
        (_, Some(label)) => label.clone(),
        (EventState::Ok, None) => "none".to_owned(),
        (EventState::Other(word), None) => word.clone(),
    }
}

/// The confidence as it may be shown: in percent where the scale is known, else the raw number.
pub(super) fn confidence(confidence: Option<Confidence>) -> String {
    match confidence {
        None => "-".to_owned(),
        Some(Confidence { raw, scale: Scale::Unclear }) => format!("{raw}"),
        Some(known) => format!("{:.0}%", known.percent().unwrap_or(known.raw)),
    }
}

pub(super) fn below(confidence: Option<Confidence>, limit: f64) -> bool {
    confidence.and_then(Confidence::percent).is_some_and(|percent| percent < limit)
}
