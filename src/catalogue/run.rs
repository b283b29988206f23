//! A command on its way: which call comes next, and what the answers add up to.
//!
//! A [`Run`] neither sends nor waits nor reads a clock. Its driver does: `exec` in an async loop, the console through
//! its queue. Must not: know tokio, a transport or a screen.

use std::fmt;
use std::time::Duration;

use super::json::Json;
use super::table::Table;
use super::{Entry, UsageError};
use crate::api::{Answer, ApiError, BadInput, Call, Cause, Kind, Operation};

/// What the driver does next.
#[derive(Debug)]
#[must_use]
pub enum Step {
    /// Send this call and bring its outcome to [`Run::answered`].
    Ask(Call),
    /// Wait this long, then say [`Run::waited`].
    Wait(Duration, Waiting),
    /// It is done.
    Done(Outcome),
    /// It has failed.
    Failed(Failure),
}

/// Why a run waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// There is no decision yet; the status as the server gave it.
    Pending(String),
    /// The last look failed in a way that may pass.
    Trouble(ApiError),
}

/// The result of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Name of the command.
    pub entry: &'static str,
    /// The seeds' context: `{"Arcanna":{"Jobs":[…]}}`.
    pub context: Json,
    /// The seeds' human readable output.
    pub table: Table,
    /// A grid easier to read in a terminal or a spreadsheet, where the seeds' own holds whole structures in a cell.
    pub plain: Option<Table>,
    /// The rows of the result as single objects.
    pub rows: Vec<Json>,
    /// The server's body, untouched.
    pub raw: Vec<u8>,
    /// What a person should know besides.
    pub notes: Vec<String>,
    /// Set when the answer itself says that the product could not do it (an event that ended in `ERROR`).
    pub refusal: Option<String>,
}

impl Outcome {
    /// An outcome of which only the command and the body are known: the ground each command builds on.
    pub(super) fn empty(entry: &'static str, raw: Vec<u8>) -> Self {
        Self {
            entry,
            context: Json::Null,
            table: Table::pairs("", Vec::new()),
            plain: None,
            rows: Vec::new(),
            raw,
            notes: Vec::new(),
            refusal: None,
        }
    }
}

/// Why there is no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// A call failed.
    Api(ApiError),
    /// The line is fine in form, but what it names does not exist; nothing was changed.
    Usage(UsageError),
    /// The time for polling ran out.
    TimedOut {
        /// The limit.
        limit: Duration,
        /// The last state that was seen.
        last: Option<Box<Outcome>>,
        /// The last trouble, when the last look failed.
        trouble: Option<Box<ApiError>>,
    },
}

impl From<ApiError> for Step {
    fn from(error: ApiError) -> Self {
        Self::Failed(Failure::Api(error))
    }
}

/// A command that was prepared from a line.
pub struct Run {
    entry: &'static Entry,
    plan: Box<dyn Plan>,
    notes: Vec<String>,
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("entry", &self.entry.name)
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}

impl Run {
    pub(super) fn new(entry: &'static Entry, plan: Box<dyn Plan>, notes: Vec<String>) -> Self {
        Self { entry, plan, notes }
    }

    /// The command.
    pub fn entry(&self) -> &'static Entry {
        self.entry
    }

    /// What the line already gives a person to know: deprecated arguments, defaults that were filled in.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Whether the run itself repeats a look that failed; the driver then must not.
    pub fn patient(&self) -> bool {
        self.plan.limit().is_some()
    }

    /// The time, since [`Run::start`], at which the driver abandons a call in flight and says [`Run::expired`].
    pub fn deadline(&self) -> Option<Duration> {
        self.plan.limit()
    }

    /// The first step.
    pub fn start(&mut self) -> Step {
        self.plan.start()
    }

    /// The outcome of the call asked for, `elapsed` after the start.
    pub fn answered(&mut self, answer: Result<Answer, ApiError>, elapsed: Duration) -> Step {
        self.plan.answered(answer, elapsed)
    }

    /// The wait is over, `elapsed` after the start.
    pub fn waited(&mut self, elapsed: Duration) -> Step {
        self.plan.waited(elapsed)
    }

    /// The deadline has come.
    pub fn expired(&mut self) -> Step {
        self.plan.expired()
    }
}

/// How a command goes: the part of [`Run`] each command fills in.
pub(super) trait Plan: fmt::Debug + Send {
    fn start(&mut self) -> Step;
    fn answered(&mut self, answer: Result<Answer, ApiError>, elapsed: Duration) -> Step;
    /// Only a plan that waits is told so.
    fn waited(&mut self, _elapsed: Duration) -> Step {
        out_of_turn()
    }
    /// Only a plan with a limit is told so.
    fn expired(&mut self) -> Step {
        out_of_turn()
    }
    fn limit(&self) -> Option<Duration> {
        None
    }
}

/// The driver said something that was not asked for.
pub(super) fn out_of_turn() -> Step {
    ApiError {
        product: None,
        name: String::new(),
        target: String::new(),
        status: None,
        cause: Box::new(Cause::Crashed("the command's driver answered out of turn".into())),
        skew_s: None,
        kind: Kind::Read,
    }
    .into()
}

/// One operation being asked: its call, and how its answer is read.
#[derive(Debug)]
pub(super) struct Asked<O: Operation> {
    pub operation: O,
    call: Option<Call>,
}

impl<O: Operation> Asked<O> {
    pub fn new(operation: O) -> Self {
        Self { operation, call: None }
    }

    /// The step that asks it.
    pub fn ask(&mut self) -> Step {
        match self.operation.call() {
            Ok(call) => {
                self.call = Some(call.clone());
                Step::Ask(call)
            }
            Err(bad) => refused(bad),
        }
    }

    /// Reads the answer, by the operation's own rules and once more as exact text.
    pub fn read(&self, answer: &Answer) -> Result<Reply<O::Output>, ApiError> {
        let wrong = |cause| match &self.call {
            Some(call) => ApiError::answered(call, answer, cause),
            None => ApiError {
                cause: Box::new(cause),
                ..ApiError::from(BadInput::new("call", "", "it was never made"))
            },
        };
        let output = self.operation.decode(answer).map_err(wrong)?;
        let text = std::str::from_utf8(&answer.body)
            .map_err(|error| wrong(Cause::Unexpected { at: ".".into(), why: error.to_string() }))?;
        if text.trim().is_empty() {
            // the operation has taken an empty body as a good answer (204)
            return Ok(Reply { output, json: Json::Null, raw: Vec::new() });
        }
        let json = Json::parse(text)
            .map_err(|fault| wrong(Cause::Unexpected { at: ".".into(), why: fault.to_string() }))?;
        Ok(Reply { output, json, raw: answer.body.clone() })
    }
}

fn refused(bad: BadInput) -> Step {
    ApiError::from(bad).into()
}

/// A good answer: read, as exact JSON, and as it came.
#[derive(Debug)]
pub(super) struct Reply<T> {
    pub output: T,
    pub json: Json,
    pub raw: Vec<u8>,
}

/// Makes a result of an operation and its reply.
type Compose<O> = Box<dyn Fn(&O, Reply<<O as Operation>::Output>) -> Outcome + Send>;

/// The plan of most commands: one operation, asked once.
pub(super) struct Once<O: Operation> {
    asked: Asked<O>,
    compose: Compose<O>,
}

impl<O: Operation> fmt::Debug for Once<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Once").field(&self.asked).finish()
    }
}

/// A plan that asks one operation and composes its answer.
pub(super) fn once<O: Operation>(
    operation: O,
    compose: impl Fn(&O, Reply<O::Output>) -> Outcome + Send + 'static,
) -> Box<dyn Plan> {
    Box::new(Once { asked: Asked::new(operation), compose: Box::new(compose) })
}

impl<O: Operation> Plan for Once<O> {
    fn start(&mut self) -> Step {
        self.asked.ask()
    }

    fn answered(&mut self, answer: Result<Answer, ApiError>, _elapsed: Duration) -> Step {
        match answer.and_then(|answer| self.asked.read(&answer)) {
            Ok(reply) => Step::Done((self.compose)(&self.asked.operation, reply)),
            Err(error) => error.into(),
        }
    }
}
