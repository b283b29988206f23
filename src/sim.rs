//! The simulator: a real HTTP server on loopback that speaks both contracts, for `demo`, for tests and for trying things out.
//!
//! Arcanna answers under `/api/v1` and `/api/v2`, Darktrace everywhere else, a control desk for tests under `/__sim/`.
//! It enforces what the contracts say (API key, signature, date window, form or JSON, redirects) and is stateful. What the
//! contracts leave unknown is marked by a comment that starts with `Assumption:`. Everything it serves follows from a seed,
//! with dates relative to [`Options::start`].
//!
//! It is the other side of the wire and must not import anything of ours: client and simulator check each other. It must not
//! tick either: whatever happens by itself (an inference done, a tag expired) is computed from the clock when somebody asks,
//! so that an idle console with a simulator inside sleeps.
//!
//! The control desk, for loopback peers only: `GET /__sim/state` (requests seen, feedback in order, tags, watched entries,
//! trainings), `POST /__sim/faults` with a JSON array of specs or one spec as text, `GET` and `DELETE /__sim/faults`,
//! `PUT /__sim/scopes` with a JSON array (what the API key may do). Fault specs: see [`FAULT_GRAMMAR`].

mod arcanna;
mod control;
mod darktrace;
mod fault;
mod glob;
mod link;
mod rng;
mod serve;
mod time;
mod wire;

use std::collections::VecDeque;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub use fault::{Fault, GRAMMAR as FAULT_GRAMMAR, parse_fault};

/// How to run the simulator.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What the world is made from: the same seed and start give the same world.
    pub seed: u64,
    /// Added to every answer.
    pub latency: Duration,
    /// Faults in force from the start.
    pub faults: Vec<Fault>,
    /// Allows an address that others can reach.
    pub i_know: bool,
    /// The moment all dates are relative to.
    pub start: Timestamp,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            seed: 1,
            latency: Duration::ZERO,
            faults: Vec::new(),
            i_know: false,
            start: Timestamp::now(),
        }
    }
}

/// What a client needs to be let in. They follow from the seed and protect nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Value of `x-arcanna-api-key`.
    pub arcanna_api_key: String,
    /// Value of `DTAPI-Token`.
    pub darktrace_public_token: String,
    /// Key of the signature.
    pub darktrace_private_token: String,
}

impl Credentials {
    fn of(seed: u64) -> Self {
        let mut rng = rng::Rng::new(seed, "credentials");
        Self {
            arcanna_api_key: format!("sim-{}", rng.hex(32)),
            darktrace_public_token: rng.hex(40),
            darktrace_private_token: rng.hex(40),
        }
    }
}

/// Why the simulator does not run.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// Others could reach it.
    #[error(
        "the simulator refuses to listen on {0}: others on the network could reach it, and it protects nothing; \
         listen on 127.0.0.1, or pass --i-know if that is what you want"
    )]
    NotLoopback(SocketAddr),
    /// The address cannot be had.
    #[error(
        "the simulator cannot listen on {address}: {source}; choose another port, or port 0 for a free one"
    )]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The server stopped by itself.
    #[error("the simulator stopped: {0}; start it again")]
    Serve(#[source] std::io::Error),
}

type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A request as `/__sim/state` shows it.
#[derive(Debug, Clone)]
struct Seen {
    at: time::Ms,
    method: String,
    path: String,
    query: Option<String>,
    body: String,
    /// None while unanswered, for a reset and for a hang.
    status: Option<u16>,
    number: u64,
}

/// Everything the server knows.
struct State {
    credentials: Credentials,
    seed: u64,
    start: time::Ms,
    latency: Duration,
    clock: Clock,
    faults: Mutex<fault::Faults>,
    seen: Mutex<VecDeque<Seen>>,
    arcanna: OnceLock<Mutex<arcanna::World>>,
    darktrace: OnceLock<Mutex<darktrace::World>>,
    stop: CancellationToken,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // a handler that panicked has answered 500 already; the others go on with what it left
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn arcanna(&self) -> MutexGuard<'_, arcanna::World> {
        lock(self.arcanna.get_or_init(|| Mutex::new(arcanna::World::new(self.seed, self.start))))
    }

    fn darktrace(&self) -> MutexGuard<'_, darktrace::World> {
        lock(
            self.darktrace.get_or_init(|| Mutex::new(darktrace::World::new(self.seed, self.start))),
        )
    }

    fn now(&self) -> time::Ms {
        (self.clock)().as_millisecond()
    }
}

/// A simulator that owns its port and does not answer yet: connections wait until [`Bound::serve`].
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    state: State,
}

/// Takes the port. Quick: nothing is generated before the first request.
pub fn bind(options: Options) -> Result<Bound, SimError> {
    let address = options.listen;
    if !address.ip().is_loopback() && !options.i_know {
        return Err(SimError::NotLoopback(address));
    }
    let failed = |source| SimError::Bind { address, source };
    let listener = TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let state = State {
        credentials: Credentials::of(options.seed),
        seed: options.seed,
        start: options.start.as_millisecond(),
        latency: options.latency,
        clock: Arc::new(Timestamp::now),
        faults: Mutex::new(fault::Faults::new(options.faults, options.seed)),
        seen: Mutex::default(),
        arcanna: OnceLock::new(),
        darktrace: OnceLock::new(),
        stop: CancellationToken::new(),
    };
    Ok(Bound { listener, address, state })
}

impl Bound {
    /// `http://127.0.0.1:PORT`
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What a client needs to be let in.
    pub fn credentials(&self) -> Credentials {
        self.state.credentials.clone()
    }

    /// Takes the time from here instead of the system, so that a test can pass hours without waiting.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.state.clock = Arc::new(clock);
        self
    }

    /// Answers until `shutdown` is done; requests under way are finished first, hanging ones are dropped.
    pub async fn serve(
        self,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), SimError> {
        let listener = tokio::net::TcpListener::from_std(self.listener).map_err(SimError::Serve)?;
        serve::run(link::Links(listener), Arc::new(self.state), shutdown)
            .await
            .map_err(SimError::Serve)
    }
}

/// Binds and answers for ever: for a caller that wants no more.
pub async fn run(options: Options) -> Result<(), SimError> {
    bind(options)?.serve(std::future::pending()).await
}

/// What `socdeck simulate` prints: where it listens, and the credentials as lines for a shell.
pub fn exports(base_url: &str, credentials: &Credentials) -> String {
    format!(
        "listening on {base_url}\n\
         export SOCDECK_ARCANNA_URL={base_url}\n\
         export SOCDECK_ARCANNA_API_KEY={}\n\
         export SOCDECK_DARKTRACE_URL={base_url}\n\
         export SOCDECK_DARKTRACE_PUBLIC_TOKEN={}\n\
         export SOCDECK_DARKTRACE_PRIVATE_TOKEN={}\n\
         export SOCDECK_USERNAME=analyst\n",
        credentials.arcanna_api_key,
        credentials.darktrace_public_token,
        credentials.darktrace_private_token
    )
}

/// Whole numbers come as JSON integers or as text, as the contract allows for ids.
fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_an_address_others_can_reach() {
        let open = SocketAddr::from(([0, 0, 0, 0], 0));
        let refused =
            bind(Options { listen: open, ..Options::default() }).err().map(|e| e.to_string());
        assert!(refused.unwrap().contains("--i-know"));
        assert!(bind(Options { listen: open, i_know: true, ..Options::default() }).is_ok());
    }

    #[test]
    fn prints_where_it_listens_first() {
        let bound = bind(Options::default()).unwrap();
        let text = exports(&bound.base_url(), &bound.credentials());
        assert_eq!(
            text.lines().next(),
            Some(format!("listening on {}", bound.base_url()).as_str())
        );
        assert_eq!(text.lines().filter(|l| l.starts_with("export SOCDECK_")).count(), 6);
    }
}
