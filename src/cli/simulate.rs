//! `socdeck simulate`: both products on this machine, until a signal ends it.

use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::sim::{self, SimError};

use super::args::SimulateArgs;
use super::{Exit, Failure, output};

pub(super) fn run(args: &SimulateArgs) -> Result<ExitCode, Failure> {
    let faults = args.faults.iter().map(|spec| sim::parse_fault(spec));
    let options = sim::Options {
        listen: args.listen,
        seed: args.seed,
        latency: Duration::from_millis(args.latency),
        faults: faults.collect::<Result<_, _>>().map_err(|why| Failure::said(Exit::Usage, why))?,
        i_know: args.i_know,
        start: Timestamp::now(),
    };
    let bound =
        sim::bind(options).map_err(|error| Failure::said(exit(&error), error.to_string()))?;
    super::runtime()?.block_on(async {
        // listened to before a word is said: whoever reads the address may send a signal at once
        let signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let signals = signals.map(signal).into_iter().collect::<Result<Vec<_>, _>>();
        let signals =
            signals.map_err(|error| Failure::said(Exit::Refused, format!("signals: {error}")))?;
        output::data(&sim::exports(&bound.base_url(), &bound.credentials()))?;
        bound
            .serve(any(signals))
            .await
            .map_err(|error| Failure::said(exit(&error), error.to_string()))?;
        Ok(Exit::Done.into())
    })
}

/// Done when the first of the signals arrives.
async fn any(signals: Vec<Signal>) {
    let waiting =
        signals.into_iter().map(|mut signal| Box::pin(async move { signal.recv().await }));
    futures_util::future::select_all(waiting).await;
}

fn exit(error: &SimError) -> Exit {
    match error {
        SimError::NotLoopback(_) => Exit::Usage,
        SimError::Bind { .. } | SimError::Serve(_) => Exit::Network,
    }
}
