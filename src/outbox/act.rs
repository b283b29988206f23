//! What a write does, in the products' words, and how its answer is read.

use std::any::Any;

use crate::api::arcanna::feedback::Feedback;
use crate::api::arcanna::{EventId, JobId};
use crate::api::{Answer, Call, Cause, Decode, Operation};

/// A write a person can ask for.
#[derive(Debug, Clone)]
pub enum Act {
    /// Feedback for one event.
    Label {
        /// The operation as it is sent.
        feedback: Feedback,
        /// The digit that was pressed.
        digit: char,
    },
    /// A command of the catalogue, typed in full: its name and the request.
    Named {
        /// `darktrace-post-tag-to-device`.
        name: &'static str,
        /// The request it made.
        call: Call,
    },
}

/// What was on the screen when a label key was pressed: the record of what the person could know.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The AI's label, if one was shown.
    pub label: Option<String>,
    /// Its confidence as shown.
    pub confidence: Option<f64>,
    /// Whether it was shown as an outlier.
    pub outlier: Option<bool>,
}

impl Act {
    /// Writes with the same subject keep their order: one event, or one product's named commands.
    pub fn subject(&self) -> String {
        match self {
            Self::Label { feedback, .. } => format!("event {}/{}", feedback.job, feedback.event),
            Self::Named { name, call } => format!("{name} {}", call.product),
        }
    }

    /// One line for a list: `label 1202/615471 Drop`.
    pub fn summary(&self) -> String {
        match self {
            Self::Label { feedback, .. } => format!(
                "label {}/{} {}",
                feedback.job, feedback.event, feedback.label
            ),
            Self::Named { name, .. } => (*name).to_owned(),
        }
    }

    /// The event this labels, if it is a label.
    pub fn labels(&self) -> Option<(&JobId, &EventId, &str)> {
        match self {
            Self::Label { feedback, .. } => Some((&feedback.job, &feedback.event, &feedback.label)),
            Self::Named { .. } => None,
        }
    }
}

/// What a write's answer becomes: the words that confirm it, and the answer itself for whoever asked by name.
#[derive(Debug, Clone)]
pub struct Confirmed {
    /// The server's words (`updated`), never empty.
    pub words: String,
    /// The whole answer.
    pub answer: Answer,
}

impl Decode for Act {
    fn decode(&self, answer: &Answer) -> Result<Box<dyn Any + Send>, Cause> {
        let words = match self {
            Self::Label { feedback, .. } => Operation::decode(feedback, answer)?
                .status
                .unwrap_or_else(|| "accepted".to_owned()),
            // The catalogue reads the body itself: it knows the command's own words for yes and no.
            Self::Named { .. } => format!("answered {}", answer.status),
        };
        Ok(Box::new(Confirmed {
            words,
            answer: answer.clone(),
        }))
    }
}
