//! The rows of Breaches in the registry, and when each can be done.

use super::{BreachesPane, Part, VIEWS};
use crate::command::{PaneId, Ready, Row, always};
use crate::panes::Rows;
use crate::store::Store;

impl Rows for BreachesPane {
    const ID: PaneId = PaneId::Breaches;
    const ROWS: &'static [Row<Self>] = &[
        Row {
            id: "breaches.open",
            title: "look closer: the detail alone; on a connection, its endpoint or device",
            keys: &["enter"],
            hint: "closer",
            ready: has_breach,
            run: Self::look_closer,
        },
        Row {
            id: "breaches.next-part",
            title: "next part: info, comments, connections",
            keys: &["tab"],
            hint: "parts",
            ready: always,
            run: |pane, _| pane.turn_part(1),
        },
        Row {
            id: "breaches.previous-part",
            title: "previous part",
            keys: &["s-tab"],
            hint: "",
            ready: always,
            run: |pane, _| pane.turn_part(Part::ALL.len() - 1),
        },
        Row {
            id: "breaches.acknowledge",
            title: "acknowledge the breach, for everybody…",
            keys: &["A"],
            hint: "acknowledge",
            ready: can_acknowledge,
            run: |pane, cx| pane.acknowledge(true, cx),
        },
        Row {
            id: "breaches.unacknowledge",
            title: "take the breach's acknowledgement back…",
            keys: &["X"],
            hint: "",
            ready: can_unacknowledge,
            run: |pane, cx| pane.acknowledge(false, cx),
        },
        Row {
            id: "breaches.comment",
            title: "comment on the breach, for everybody…",
            keys: &["c"],
            hint: "comment",
            ready: has_breach,
            run: |pane, cx| pane.comment(false, cx),
        },
        Row {
            id: "breaches.edit-comment",
            title: "comment on the breach, written in your own editor…",
            keys: &["C"],
            hint: "",
            ready: has_breach,
            run: |pane, cx| pane.comment(true, cx),
        },
        Row {
            id: "breaches.device",
            title: "open the breach's device",
            keys: &["d"],
            hint: "device",
            ready: has_device,
            run: Self::open_device,
        },
        Row {
            id: "breaches.endpoint",
            title: "look the external end of the connection up in Endpoint",
            keys: &["e"],
            hint: "",
            ready: has_endpoint,
            run: Self::open_endpoint,
        },
        Row {
            id: "breaches.search",
            title: "search a quarter of an hour around the breach or the connection",
            keys: &["a"],
            hint: "search",
            ready: has_breach,
            run: Self::search,
        },
        Row {
            id: "breaches.find",
            title: "filter by model, device, address, category or tag",
            keys: &["/"],
            hint: "filter",
            ready: always,
            run: Self::find,
        },
        Row {
            id: "breaches.narrow",
            title: "narrow what is read: time window and least score",
            keys: &["D"],
            hint: "narrow",
            ready: always,
            run: Self::narrow,
        },
        Row {
            id: "breaches.next-view",
            title: "next view: open, all, score >= 60, critical",
            keys: &["."],
            hint: "view",
            ready: always,
            run: |pane, cx| pane.turn_view(1, cx),
        },
        Row {
            id: "breaches.previous-view",
            title: "previous view",
            keys: &[","],
            hint: "",
            ready: always,
            run: |pane, cx| pane.turn_view(VIEWS.len() - 1, cx),
        },
        Row {
            id: "breaches.order",
            title: "next order: newest, highest score, device, model",
            keys: &["o"],
            hint: "order",
            ready: always,
            run: Self::turn_order,
        },
        Row {
            id: "breaches.watch",
            title: "watch the external end of the connection…",
            keys: &["w"],
            hint: "",
            ready: has_endpoint,
            run: Self::watch,
        },
        Row {
            id: "breaches.tag",
            title: "go to the breach's device, where it can be tagged",
            keys: &["t"],
            hint: "",
            ready: has_device,
            run: Self::open_device,
        },
    ];
}

fn has_breach(pane: &BreachesPane, _: &Store) -> Ready {
    pane.chosen.map(|_| ()).ok_or("there is no breach under the cursor".into())
}

fn has_device(pane: &BreachesPane, store: &Store) -> Ready {
    has_breach(pane, store)?;
    match pane.did(store) {
        Some(did) if did > 0 => Ok(()),
        Some(did) => Err(format!("{did} is a group of devices, not a device").into()),
        None => Err("this breach names no device: it is of the system itself".into()),
    }
}

fn has_endpoint(pane: &BreachesPane, store: &Store) -> Ready {
    has_breach(pane, store)?;
    let words = "no external address or host among its connections";
    pane.external(store).map(|_| ()).ok_or(words.into())
}

fn can_acknowledge(pane: &BreachesPane, store: &Store) -> Ready {
    has_breach(pane, store)?;
    match pane.chosen.and_then(|pbid| store.breaches.acknowledged(pbid)) {
        Some(true) => Err("it is acknowledged already; X takes that back".into()),
        _ => Ok(()),
    }
}

fn can_unacknowledge(pane: &BreachesPane, store: &Store) -> Ready {
    has_breach(pane, store)?;
    match pane.chosen.and_then(|pbid| store.breaches.acknowledged(pbid)) {
        Some(false) => Err("it is not acknowledged; A acknowledges it".into()),
        _ => Ok(()),
    }
}
