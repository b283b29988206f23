//! The queue in paused time: every interleaving ends with one terminal report per action.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use super::{Command, Limits, start};
use crate::api::{
    Answer, ApiError, Call, Cause, Decode, Kind, Method, Path, Product, Sending, Transport,
};
use crate::job::{Action, Admission, Jobs, Phase, Policy, Report, Slot, Ticket};

/// What the scripted server does with a call.
#[derive(Debug, Clone)]
enum Do {
    Answer,
    Fail(Cause),
    Panic,
    Hang,
}

/// A server that takes `pause` per call, then follows the script of the call's name; the last step repeats.
#[derive(Default)]
struct Script {
    steps: Mutex<HashMap<String, Vec<Do>>>,
    pause: Duration,
    sent: Mutex<Vec<(String, Instant)>>,
    busy: Mutex<(usize, usize)>,
}

struct Shared(Arc<Script>);

impl Transport for Shared {
    fn send(&self, call: &Call) -> Sending {
        let script = Arc::clone(&self.0);
        let call = call.clone();
        Box::pin(async move {
            script.sent.lock().unwrap().push((call.name.to_string(), Instant::now()));
            let step = {
                let mut steps = script.steps.lock().unwrap();
                let line = steps.entry(call.name.to_string()).or_insert_with(|| vec![Do::Answer]);
                if line.len() > 1 { line.remove(0) } else { line[0].clone() }
            };
            {
                let mut busy = script.busy.lock().unwrap();
                busy.0 += 1;
                busy.1 = busy.1.max(busy.0);
            }
            sleep(script.pause).await;
            script.busy.lock().unwrap().0 -= 1;
            match step {
                Do::Answer => Ok(Answer::from_json("1")),
                Do::Fail(cause) => Err(ApiError::of(&call, cause)),
                Do::Panic => panic!("the decoder broke"),
                Do::Hang => std::future::pending().await,
            }
        })
    }
}

#[derive(Debug)]
struct Number;

impl Decode for Number {
    fn decode(&self, answer: &Answer) -> Result<Box<dyn std::any::Any + Send>, Cause> {
        Ok(Box::new(answer.json::<i64>()?))
    }
}

fn call(name: &str, method: Method) -> Call {
    let mut call = Call::new(Product::Arcanna, "x", method, Path::fixed("/x"));
    call.name = name.to_owned().into();
    call
}

struct Bench {
    jobs: Jobs,
    queue: super::Queue,
    reports: mpsc::Receiver<Report>,
    script: Arc<Script>,
}

fn bench(script: Script) -> Bench {
    let script = Arc::new(script);
    let (tell, reports) = mpsc::channel(4);
    let queue = start(Arc::new(Shared(Arc::clone(&script))), Limits::default(), tell);
    Bench { jobs: Jobs::default(), queue, reports, script }
}

impl Bench {
    async fn ask(&mut self, slot: &str, policy: Policy) -> Option<Ticket> {
        let call = call(slot, if policy == Policy::Serial { Method::Put } else { Method::Get });
        match self.jobs.admit(Slot::new(slot), policy, &call, "", jiff::Timestamp::UNIX_EPOCH) {
            Admission::Joined(_) => None,
            Admission::Start { ticket, cancel } => {
                if let Some(old) = cancel {
                    self.queue.commands.send(Command::Cancel(old)).await.unwrap();
                }
                let action = Action { ticket, policy, call, decode: Arc::new(Number) };
                self.queue.commands.send(Command::Run(action)).await.unwrap();
                Some(ticket)
            }
        }
    }

    /// The terminal report of everything live, in the order they came.
    async fn drain(&mut self) -> Vec<(Ticket, Result<(), Cause>)> {
        let mut ended = Vec::new();
        while !self.jobs.is_idle() {
            let report = timeout(Duration::from_secs(3_600), self.reports.recv())
                .await
                .expect("nothing hangs")
                .expect("the queue lives");
            self.jobs.note(&report);
            if let Phase::Ended(result) = report.phase {
                ended.push((report.ticket, result.map(|_| ()).map_err(|error| *error.cause)));
            }
        }
        ended
    }
}

fn script(steps: &[(&str, Vec<Do>)], pause_ms: u64) -> Script {
    let steps = steps.iter().map(|(name, line)| ((*name).to_owned(), line.clone())).collect();
    Script { steps: Mutex::new(steps), pause: Duration::from_millis(pause_ms), ..Script::default() }
}

#[tokio::test(start_paused = true)]
async fn a_read_is_repeated_twice_and_then_refused() {
    let down = Do::Fail(Cause::Server("busy".into(), None));
    let mut bench =
        bench(script(&[("flaky", vec![down.clone(), Do::Answer]), ("down", vec![down])], 1));
    bench.ask("flaky", Policy::Latest).await;
    bench.ask("down", Policy::Join).await;
    let ended = bench.drain().await;
    assert_eq!(ended.iter().filter(|(_, result)| result.is_ok()).count(), 1);
    let sent = bench.script.sent.lock().unwrap();
    assert_eq!(sent.iter().filter(|(name, _)| name == "down").count(), 3);
    assert_eq!(sent.iter().filter(|(name, _)| name == "flaky").count(), 2);
}

#[tokio::test(start_paused = true)]
async fn writes_go_one_at_a_time_in_order_and_are_never_repeated() {
    let mut bench = bench(script(&[("w2", vec![Do::Fail(Cause::Server("no".into(), None))])], 50));
    for name in ["w1", "w2", "w3"] {
        bench.ask(name, Policy::Serial).await;
    }
    let ended = bench.drain().await;
    let names: Vec<String> =
        bench.script.sent.lock().unwrap().iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(names, ["w1", "w2", "w3"]);
    assert_eq!(
        ended.iter().map(|(_, result)| result.is_ok()).collect::<Vec<_>>(),
        [true, false, true]
    );
    assert_eq!(bench.script.busy.lock().unwrap().1, 1, "one writer");
}

#[tokio::test(start_paused = true)]
async fn retry_after_pauses_the_whole_product() {
    let limited = Do::Fail(Cause::Limited(Some(Duration::from_secs(8))));
    let mut bench = bench(script(&[("limited", vec![limited, Do::Answer])], 1));
    let begin = Instant::now();
    bench.ask("limited", Policy::Latest).await;
    let first = bench.reports.recv().await.unwrap();
    assert!(matches!(first.phase, Phase::Started(1)));
    bench.jobs.note(&first);
    let waiting = bench.reports.recv().await.unwrap();
    assert!(matches!(waiting.phase, Phase::Waiting(pause, _) if pause == Duration::from_secs(8)));
    bench.ask("write", Policy::Serial).await;
    bench.drain().await;
    for (name, at) in bench.script.sent.lock().unwrap().iter().skip(1) {
        assert!(*at - begin >= Duration::from_secs(8), "{name} waited for the pause");
    }
}

#[tokio::test(start_paused = true)]
async fn a_persons_read_goes_before_polls_and_lanes_are_bounded() {
    let mut bench = bench(script(&[], 100));
    for index in 0..12 {
        bench.ask(&format!("poll {index}"), Policy::Join).await;
    }
    bench.ask("person", Policy::Latest).await;
    bench.drain().await;
    let names: Vec<String> =
        bench.script.sent.lock().unwrap().iter().map(|(name, _)| name.clone()).collect();
    let place = names.iter().position(|name| name == "person").unwrap();
    assert!(place <= 4, "the person waited for {place} polls");
    assert_eq!(bench.script.busy.lock().unwrap().1, Limits::default().reads);
}

#[tokio::test(start_paused = true)]
async fn a_crash_and_a_cancellation_are_each_reported_once() {
    let mut bench = bench(script(&[("crash", vec![Do::Panic]), ("hang", vec![Do::Hang])], 1));
    let crash = bench.ask("crash", Policy::Latest).await.unwrap();
    let hang = bench.ask("hang", Policy::Latest).await.unwrap();
    sleep(Duration::from_millis(10)).await;
    bench.queue.commands.send(Command::Cancel(hang)).await.unwrap();
    bench.queue.commands.send(Command::Cancel(hang)).await.unwrap();
    let ended: HashMap<Ticket, Result<(), Cause>> = bench.drain().await.into_iter().collect();
    assert!(
        matches!(&ended[&crash], Err(Cause::Crashed(words)) if words.contains("decoder broke"))
    );
    assert_eq!(ended[&hang], Err(Cause::Cancelled));
}

#[tokio::test(start_paused = true)]
async fn closing_lets_a_write_end_and_abandons_reads() {
    let mut bench = bench(script(&[("hang", vec![Do::Hang])], 500));
    bench.ask("hang", Policy::Latest).await;
    let write = bench.ask("write", Policy::Serial).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    let (gone, _) = mpsc::channel(1);
    bench.queue.commands = gone;
    let ended: HashMap<Ticket, Result<(), Cause>> = bench.drain().await.into_iter().collect();
    assert_eq!(ended[&write], Ok(()));
    bench.queue.done.await.unwrap();
}

/// One step of a random story.
#[derive(Debug, Clone)]
enum Turn {
    Ask(u8, Policy),
    Cancel(u8),
    Pass(u16),
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        (0..6u8, prop_oneof![Just(Policy::Latest), Just(Policy::Join), Just(Policy::Serial)])
            .prop_map(|(slot, policy)| Turn::Ask(slot, policy)),
        any::<u8>().prop_map(Turn::Cancel),
        (0..3_000u16).prop_map(Turn::Pass),
    ]
}

fn step() -> impl Strategy<Value = Do> {
    prop_oneof![
        3 => Just(Do::Answer),
        1 => Just(Do::Panic),
        1 => Just(Do::Fail(Cause::Server("x".into(), None))),
        1 => Just(Do::Fail(Cause::Limited(Some(Duration::from_secs(1))))),
        1 => Just(Do::Fail(Cause::NotFound("x".into()))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_any_interleaving_nothing_is_live_and_every_action_ended_once(
        turns in prop::collection::vec(turn(), 0..40),
        steps in prop::collection::vec(step(), 6),
        pause in 0..400u64,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let names: Vec<String> = (0..6).map(|slot| format!("s{slot}")).collect();
            let lines: Vec<(&str, Vec<Do>)> = names.iter().map(String::as_str).zip(steps.into_iter().map(|step| vec![step])).collect();
            let mut bench = bench(script(&lines, pause));
            let mut asked: Vec<Ticket> = Vec::new();
            let mut ended: Vec<Ticket> = Vec::new();
            for turn in turns {
                match turn {
                    Turn::Ask(slot, policy) => asked.extend(bench.ask(&format!("s{slot}"), policy).await),
                    Turn::Cancel(which) if !asked.is_empty() => {
                        let ticket = asked[which as usize % asked.len()];
                        bench.queue.commands.send(Command::Cancel(ticket)).await.unwrap();
                    }
                    Turn::Cancel(_) => {}
                    Turn::Pass(ms) => sleep(Duration::from_millis(u64::from(ms))).await,
                }
                while let Ok(report) = bench.reports.try_recv() {
                    let terminal = matches!(report.phase, Phase::Ended(_));
                    bench.jobs.note(&report);
                    if terminal { ended.push(report.ticket); }
                }
            }
            ended.extend(bench.drain().await.into_iter().map(|(ticket, _)| ticket));
            ended.sort_unstable();
            prop_assert_eq!(ended, asked);
            prop_assert!(bench.jobs.is_idle());
            Ok(())
        })?;
    }
}

/// The kinds a policy may repeat are the queue's business, not the transport's: writes by GET would still be writes.
#[tokio::test(start_paused = true)]
async fn only_reads_are_repeated_whatever_the_policy() {
    let mut bench = bench(script(&[("odd", vec![Do::Fail(Cause::Server("x".into(), None))])], 1));
    let call = call("odd", Method::Post).kind(Kind::Once);
    let Admission::Start { ticket, .. } =
        bench.jobs.admit(Slot::new("odd"), Policy::Latest, &call, "", jiff::Timestamp::UNIX_EPOCH)
    else {
        panic!("the slot is free");
    };
    bench
        .queue
        .commands
        .send(Command::Run(Action {
            ticket,
            policy: Policy::Latest,
            call,
            decode: Arc::new(Number),
        }))
        .await
        .unwrap();
    bench.drain().await;
    assert_eq!(bench.script.sent.lock().unwrap().len(), 1);
}
