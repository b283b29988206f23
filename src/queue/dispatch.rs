//! The one task that owns all lanes. It alone starts attempts, so no lock is needed.

use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use backon::BackoffBuilder;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::{Command, Limits};
use crate::api::{Answer, ApiError, Cause, Decode, Kind, Product, Transport};
use crate::job::{Action, Arrived, Phase, Policy, Report, Ticket};

/// A body above this is read on a blocking thread, so that decoding never holds up the runtime. Bytes.
const BIG: usize = 256 * 1024;

/// An action on its way, with what its repetitions need.
struct Errand {
    action: Action,
    attempt: u32,
    backoff: backon::ExponentialBackoff,
}

/// One product's queue of work.
#[derive(Default)]
struct Lane {
    person: VecDeque<Errand>,
    poll: VecDeque<Errand>,
    writes: VecDeque<Errand>,
    reading: usize,
    writing: bool,
    paused_until: Option<Instant>,
}

/// A started attempt.
struct Running {
    errand: Errand,
    abort: AbortHandle,
}

pub(super) struct Dispatch {
    transport: Arc<dyn Transport>,
    limits: Limits,
    reports: mpsc::Sender<Report>,
    lanes: HashMap<Product, Lane>,
    running: HashMap<Id, Running>,
    delayed: Vec<(Instant, Errand)>,
    attempts: JoinSet<Result<Arrived, ApiError>>,
    /// Set once the loop has gone: nothing is repeated any more.
    closing: bool,
}

impl Dispatch {
    pub(super) fn new(
        transport: Arc<dyn Transport>,
        limits: Limits,
        reports: mpsc::Sender<Report>,
    ) -> Self {
        Self {
            transport,
            limits,
            reports,
            lanes: Product::ALL.into_iter().map(|product| (product, Lane::default())).collect(),
            running: HashMap::new(),
            delayed: Vec::new(),
            attempts: JoinSet::new(),
            closing: false,
        }
    }

    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Command>) {
        loop {
            let wake = self.next_wake();
            tokio::select! {
                biased;
                Some(ended) = self.attempts.join_next_with_id() => self.ended(ended).await,
                command = inbox.recv() => match command {
                    Some(Command::Run(action)) => self.accept(action),
                    Some(Command::Cancel(ticket)) => self.cancel(ticket).await,
                    None => break,
                },
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
            }
            self.release();
            self.start_ready().await;
        }
        self.close().await;
    }

    fn accept(&mut self, action: Action) {
        let backoff = backon::ExponentialBuilder::default()
            .with_min_delay(self.limits.backoff)
            .with_factor(3.0)
            .with_jitter()
            .with_max_times(self.limits.retries as usize)
            .build();
        self.line_up(Errand { action, attempt: 0, backoff });
    }

    fn line_up(&mut self, errand: Errand) {
        let lane = self.lanes.entry(errand.action.call.product).or_default();
        match errand.action.policy {
            Policy::Latest => lane.person.push_back(errand),
            Policy::Join => lane.poll.push_back(errand),
            Policy::Serial => lane.writes.push_back(errand),
        }
    }

    /// The next moment at which something may become startable without any message.
    fn next_wake(&self) -> Option<Instant> {
        let retries = self.delayed.iter().map(|(at, _)| *at);
        let pauses =
            self.lanes.values().filter(|lane| lane.waits()).filter_map(|lane| lane.paused_until);
        retries.chain(pauses).min()
    }

    /// Moves repetitions whose pause is over back into their lane.
    fn release(&mut self) {
        let now = Instant::now();
        let (ready, later) =
            std::mem::take(&mut self.delayed).into_iter().partition(|(at, _)| *at <= now);
        self.delayed = later;
        let ready: Vec<(Instant, Errand)> = ready;
        for (_, errand) in ready {
            self.line_up(errand);
        }
    }

    async fn start_ready(&mut self) {
        let now = Instant::now();
        for product in Product::ALL {
            while let Some(errand) =
                self.lanes.entry(product).or_default().next(self.limits.reads, now)
            {
                self.start(errand).await;
            }
        }
    }

    async fn start(&mut self, mut errand: Errand) {
        errand.attempt += 1;
        self.report(errand.action.ticket, Phase::Started(errand.attempt)).await;
        let sending = self.transport.send(&errand.action.call);
        let call = errand.action.call.clone();
        let decode = Arc::clone(&errand.action.decode);
        let abort = self.attempts.spawn(async move {
            let answer = sending.await?;
            let (answer, output) = read(decode, answer).await;
            match output {
                Ok(output) => Ok(Arrived {
                    output,
                    status: answer.status,
                    skew_s: answer.skew_s,
                    took: answer.took,
                    size: answer.body.len(),
                }),
                Err(cause) => Err(ApiError::answered(&call, &answer, cause)),
            }
        });
        self.running.insert(abort.id(), Running { errand, abort });
    }

    async fn ended(&mut self, ended: Result<(Id, Result<Arrived, ApiError>), JoinError>) {
        let (id, result) = match ended {
            Ok((id, result)) => (id, result.map_err(Failure::Told)),
            Err(error) => (error.id(), Err(Failure::Stopped(error))),
        };
        let Some(Running { errand, .. }) = self.running.remove(&id) else {
            return;
        };
        let lane = self.lanes.entry(errand.action.call.product).or_default();
        match errand.action.policy {
            Policy::Serial => lane.writing = false,
            Policy::Latest | Policy::Join => lane.reading = lane.reading.saturating_sub(1),
        }
        let error = match result {
            Ok(arrived) => {
                return self.report(errand.action.ticket, Phase::Ended(Ok(arrived))).await;
            }
            Err(Failure::Told(error)) => error,
            Err(Failure::Stopped(error)) => ApiError::of(&errand.action.call, stopped(error)),
        };
        self.failed(errand, error).await;
    }

    /// Repeats a read if that may help, pauses the product if it asks for it, else reports the failure.
    async fn failed(&mut self, mut errand: Errand, error: ApiError) {
        let asked = error.retry_after().map(|pause| pause.min(self.limits.longest_pause));
        let limited = matches!(*error.cause, Cause::Limited(_));
        if limited || asked.is_some() {
            let until = Instant::now() + asked.unwrap_or(self.limits.pause);
            let lane = self.lanes.entry(errand.action.call.product).or_default();
            lane.paused_until = Some(lane.paused_until.map_or(until, |old| old.max(until)));
        }
        let may = !self.closing
            && errand.action.policy != Policy::Serial
            && errand.action.call.kind == Kind::Read
            && error.repeatable();
        let Some(delay) = may.then(|| errand.backoff.next()).flatten() else {
            return self.report(errand.action.ticket, Phase::Ended(Err(error))).await;
        };
        let delay = asked.unwrap_or(if limited { self.limits.pause } else { delay });
        self.report(errand.action.ticket, Phase::Waiting(delay, error)).await;
        self.delayed.push((Instant::now() + delay, errand));
    }

    async fn cancel(&mut self, ticket: Ticket) {
        let waiting = self.lanes.values_mut().find_map(|lane| lane.take(ticket));
        let waiting = waiting.or_else(|| {
            let index =
                self.delayed.iter().position(|(_, errand)| errand.action.ticket == ticket)?;
            Some(self.delayed.swap_remove(index).1)
        });
        if let Some(errand) = waiting {
            self.report(
                ticket,
                Phase::Ended(Err(ApiError::of(&errand.action.call, Cause::Cancelled))),
            )
            .await;
        } else if let Some(running) =
            self.running.values().find(|running| running.errand.action.ticket == ticket)
        {
            // A write that may already have reached the server is not abandoned: its outcome must be known.
            if running.errand.action.policy != Policy::Serial {
                running.abort.abort();
            }
        }
    }

    /// The loop has gone: nothing new starts, reads are abandoned, a write under way is waited for.
    async fn close(mut self) {
        let mut waiting: Vec<Errand> = self.delayed.drain(..).map(|(_, errand)| errand).collect();
        for lane in self.lanes.values_mut() {
            waiting.extend(
                lane.person.drain(..).chain(lane.poll.drain(..)).chain(lane.writes.drain(..)),
            );
        }
        for errand in waiting {
            self.report(
                errand.action.ticket,
                Phase::Ended(Err(ApiError::of(&errand.action.call, Cause::Cancelled))),
            )
            .await;
        }
        for running in self.running.values() {
            if running.errand.action.policy != Policy::Serial {
                running.abort.abort();
            }
        }
        self.closing = true;
        while let Some(ended) = self.attempts.join_next_with_id().await {
            self.ended(ended).await;
        }
    }

    async fn report(&self, ticket: Ticket, phase: Phase) {
        // The receiver is gone only when the program is ending: then nobody is left to tell.
        let _ = self.reports.send(Report { ticket, phase }).await;
    }
}

/// Why an attempt brought nothing.
enum Failure {
    Told(ApiError),
    Stopped(JoinError),
}

fn stopped(error: JoinError) -> Cause {
    if error.is_cancelled() {
        return Cause::Cancelled;
    }
    let panic = error.into_panic();
    let words = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned());
    Cause::Crashed(words.unwrap_or_else(|| "no message".to_owned()))
}

async fn read(
    decode: Arc<dyn Decode>,
    answer: Answer,
) -> (Answer, Result<Box<dyn Any + Send>, Cause>) {
    if answer.body.len() <= BIG {
        let output = decode.decode(&answer);
        return (answer, output);
    }
    let work = tokio::task::spawn_blocking(move || {
        let output = decode.decode(&answer);
        (answer, output)
    });
    match work.await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => (Answer::default(), Err(Cause::Cancelled)),
        },
    }
}

impl Lane {
    fn waits(&self) -> bool {
        !(self.person.is_empty() && self.poll.is_empty() && self.writes.is_empty())
    }

    /// The next errand that may start now: a write if none is under way, else a person's read before a poll.
    fn next(&mut self, reads: usize, now: Instant) -> Option<Errand> {
        if self.paused_until.is_some_and(|until| until > now) {
            return None;
        }
        self.paused_until = None;
        if !self.writing
            && let Some(errand) = self.writes.pop_front()
        {
            self.writing = true;
            return Some(errand);
        }
        if self.reading < reads
            && let Some(errand) = self.person.pop_front().or_else(|| self.poll.pop_front())
        {
            self.reading += 1;
            return Some(errand);
        }
        None
    }

    fn take(&mut self, ticket: Ticket) -> Option<Errand> {
        for line in [&mut self.person, &mut self.poll, &mut self.writes] {
            if let Some(index) = line.iter().position(|errand| errand.action.ticket == ticket) {
                return line.remove(index);
            }
        }
        None
    }
}
