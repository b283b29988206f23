//! How an answer finds its place: the operation that asked names it.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::{Entry, Link, Outcome, Remote, Store};
use crate::api::arcanna::health::Scopes;
use crate::api::error::Class;
use crate::api::{ApiError, Body, Call, Cause, Operation};
use crate::job::{Arrived, Phase, Report, Slot};
use crate::outbox::Moment;

/// An operation with a place in the store.
pub trait Lands: Operation {
    /// Where its answer is kept.
    fn remote<'a>(&self, store: &'a mut Store) -> &'a mut Remote<Self::Output>;

    /// What it displaces: of two reads of one slot the newer counts. By itself that is the same request, and what is asked
    /// in a body is part of it: two jobs' events are two reads.
    fn slot(&self, call: &Call) -> Slot {
        Slot::new(match &call.body {
            Body::Json(text) => format!("{} {call} {text}", call.product),
            _ => format!("{} {call}", call.product),
        })
    }

    /// What follows from a new value, after it is kept.
    fn landed(&self, store: &mut Store, now: Moment) {
        let _ = (store, now);
    }
}

/// A landing whose operation's type is forgotten.
pub trait Landing: fmt::Debug + Send {
    /// Lands the answer, or the failure.
    fn land(&self, store: &mut Store, result: Result<Box<dyn Any + Send>, ApiError>, now: Moment);

    /// Clears the pending mark of an answer that no longer counts or was abandoned.
    fn abandon(&self, store: &mut Store);
}

impl<O: Lands> Landing for Arc<O> {
    fn land(&self, store: &mut Store, result: Result<Box<dyn Any + Send>, ApiError>, now: Moment) {
        match result.map(|output| output.downcast::<O::Output>()) {
            Ok(Ok(output)) => {
                self.remote(store).arrived(*output, now.wall);
                self.landed(store, now);
            }
            // Only a decoder of another operation could do this; it must not pass for an answer.
            Ok(Err(_)) => {
                tracing::error!(operation = ?self, "an answer of another type was dropped")
            }
            Err(error) => self.remote(store).failed(error, now.wall),
        }
    }

    fn abandon(&self, store: &mut Store) {
        self.remote(store).pending = false;
    }
}

impl Store {
    /// Books a report and lands a terminal one. Returns whether anything visible may have changed.
    pub fn report(&mut self, report: Report, now: Moment) -> bool {
        let Some((live, counts)) = self.jobs.note(&report) else {
            return true;
        };
        let Phase::Ended(result) = report.phase else {
            return true;
        };
        let landing = self.landings.remove(&report.ticket);
        // Only some keys may ask for their scopes: a refusal there says nothing about the link.
        let refused = result.as_ref().is_err_and(|error| error.class() == Class::Credentials);
        if !(refused && live.call.name == Scopes::NAME) {
            self.links.entry(live.call.product).or_default().note(&result, now.wall);
        }
        self.activity.push(Entry::new(report.ticket, &live, Outcome::of(&result), now.wall));
        let Some(landing) = landing else { return true };
        let abandoned = matches!(&result, Err(error) if *error.cause == Cause::Cancelled);
        if counts && abandoned {
            landing.abandon(self);
        } else if counts {
            landing.land(self, result.map(|Arrived { output, .. }| output), now);
        }
        true
    }

    /// The link of a product; a quiet one if it was never used.
    pub fn link(&self, product: crate::api::Product) -> Link {
        self.links.get(&product).cloned().unwrap_or_default()
    }
}
