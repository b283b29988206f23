//! Where each operation's answer is kept. One short block per operation; a new one is added here and nowhere else.

use super::{Lands, Remote, Store, key};
use crate::api::Call;
use crate::api::arcanna::Decision;
use crate::api::arcanna::count::CountOpen;
use crate::api::arcanna::events::{EventStatus, Export, ExportEvent};
use crate::api::arcanna::health::{Granted, Health, HealthReport, Scopes};
use crate::api::arcanna::jobs::{DecisionSet, Job, Jobs};
use crate::api::arcanna::metrics::{JobMetrics, Metrics};
use crate::api::arcanna::query::{EventPage, QueryEvents};
use crate::api::darktrace::breaches::{
    Breach, BreachById, BreachDetails, BreachLog, Breaches, Comment, Comments,
};
use crate::api::darktrace::connections::{ConnectionInfo, DeviceInfo};
use crate::api::darktrace::device_breaches::DeviceBreaches;
use crate::api::darktrace::devices::{
    Device, DeviceById, DevicePage, DeviceSearch, SimilarDevices,
};
use crate::api::darktrace::endpoints::{EndpointDetails, EndpointReport};
use crate::api::darktrace::search::{Analysed, Analyze};
use crate::api::darktrace::tags::{DeviceTags, Holders, Tag, TaggedDevices, Tags};
use crate::api::darktrace::watchlist::{WatchList, Watched};
use crate::job::Slot;
use crate::outbox::Moment;

impl Lands for Jobs {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<Vec<Job>> {
        &mut store.job_list
    }

    fn landed(&self, store: &mut Store, _now: Moment) {
        store.pin_new();
    }
}

impl Lands for Health {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<HealthReport> {
        &mut store.health
    }
}

impl Lands for Scopes {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<Granted> {
        &mut store.scopes
    }
}

impl Lands for DecisionSet {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<Vec<String>> {
        store.decision_sets.entry(self.job.clone()).or_default()
    }

    fn landed(&self, store: &mut Store, _now: Moment) {
        store.pin_new();
    }
}

impl Lands for QueryEvents {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<EventPage> {
        // Only the triage queue asks this, always for one job; a question about all jobs is kept under no job's name.
        let job = self.job.clone().unwrap_or_else(|| crate::api::arcanna::JobId::new(""));
        let queue = store.queues.entry(job).or_default();
        if self.event_ids.is_empty() { &mut queue.page } else { &mut queue.named }
    }

    fn landed(&self, store: &mut Store, _now: Moment) {
        let queue = self.job.as_ref().and_then(|job| store.queues.get_mut(job));
        match queue {
            Some(queue) if self.event_ids.is_empty() => queue.take_in(),
            Some(queue) => queue.take_named(),
            None => {}
        }
    }
}

impl Lands for CountOpen {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<u64> {
        store.counts.entry(self.clone()).or_default()
    }
}

impl Lands for JobMetrics {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<Metrics> {
        store.metrics.entry(self.job.clone()).or_default()
    }
}

impl Lands for EventStatus {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<Decision> {
        store.decisions.entry(key(&self.job, &self.event)).or_default()
    }
}

impl Lands for ExportEvent {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<Export> {
        store.exports.entry(key(&self.job, &self.event)).or_default()
    }
}

impl Lands for DeviceSearch {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<DevicePage> {
        let lists =
            if self.offset == 0 { &mut store.device_lists } else { &mut store.more_devices };
        lists.entry(self.query.clone()).or_default()
    }

    /// A first page begins the list anew; a further one is added behind it, unless the list changed meanwhile.
    fn landed(&self, store: &mut Store, _now: Moment) {
        if self.offset == 0 {
            store.more_devices.remove(&self.query);
            return;
        }
        let more = store.more_devices.get(&self.query).and_then(Remote::value).cloned();
        let list = store.device_lists.get_mut(&self.query).and_then(Remote::value_mut);
        if let (Some(more), Some(list)) = (more, list)
            && list.devices.len() as u64 == self.offset
        {
            list.total = more.total.or(list.total);
            list.devices.extend(more.devices);
        }
    }
}

impl Lands for Tags {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<Vec<Tag>> {
        &mut store.all_tags
    }
}

impl Lands for ConnectionInfo {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<DeviceInfo> {
        store.connections.entry(self.clone()).or_default()
    }
}

impl Lands for DeviceById {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<Option<Device>> {
        store.devices.entry(self.did).or_default()
    }
}

impl Lands for SimilarDevices {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<Vec<Device>> {
        store.similar.entry(self.did).or_default()
    }
}

impl Lands for DeviceTags {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<Vec<Tag>> {
        store.device_tags.entry(self.did).or_default()
    }

    fn landed(&self, store: &mut Store, _now: Moment) {
        store.tags_read(self.did);
    }
}

impl Lands for TaggedDevices {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<Holders> {
        store.tagged.entry(self.tag.clone()).or_default()
    }
}

impl Lands for EndpointDetails {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<EndpointReport> {
        store.endpoints.entry(self.endpoint.clone()).or_default()
    }
}

impl Lands for Analyze {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<Analysed> {
        store.analyses.entry(self.clone()).or_default()
    }
}

impl Lands for WatchList {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<Vec<Watched>> {
        store.watch_lists.entry(self.source.clone()).or_default()
    }
}

impl Lands for Breaches {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<Vec<Breach>> {
        &mut store.breaches.list_mut(self.include_acknowledged).page
    }

    /// Its window ends now: another one is the same list, asked later.
    fn slot(&self, _call: &Call) -> Slot {
        Slot::new(if self.include_acknowledged { "all breaches" } else { "open breaches" })
    }

    fn landed(&self, store: &mut Store, now: Moment) {
        store.breaches.take_in(self.include_acknowledged, now.wall);
    }
}

impl Lands for BreachById {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<Option<Breach>> {
        store.breaches.single.entry(self.pbid).or_default()
    }

    fn landed(&self, store: &mut Store, now: Moment) {
        store.breach_read(self.pbid, now);
    }
}

impl Lands for BreachDetails {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<BreachLog> {
        store.breaches.logs.entry(self.pbid).or_default()
    }

    fn landed(&self, store: &mut Store, now: Moment) {
        store.breach_log_read(self.pbid, now);
    }
}

impl Lands for Comments {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<Vec<Comment>> {
        store.breaches.comments.entry(self.pbid).or_default()
    }
}

impl Lands for DeviceBreaches {
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<Vec<Breach>> {
        store.breaches.of_device.entry((self.did, self.acknowledged)).or_default()
    }

    /// As for lists: its window ends now.
    fn slot(&self, call: &Call) -> Slot {
        let which = if self.acknowledged { "all" } else { "open" };
        Slot::new(format!("{} {which} breaches of device {}", call.product, self.did))
    }
}
