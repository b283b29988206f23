//! A label until it is on the disk. Budget: p99 50 ms, of which the input guard holds a digit for 35.

use std::time::Duration;

use criterion::Criterion;
use socdeck::api::arcanna::feedback::Feedback;
use socdeck::api::{Operation, Product};
use socdeck::outbox::{Act, Draft, Keeper, Moment, Request, Session};

pub fn label(c: &mut Criterion) {
    // Beside the sources: on the disk the program is worked on, not in memory.
    let Ok(folder) = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")) else { return };
    let session = Session {
        profile: "bench".into(),
        origins: vec![(Product::Arcanna, "https://arcanna.example".into())],
        ..Session::nowhere()
    };
    let now = Moment::now();
    let Ok((mut keeper, _)) = Keeper::open(Some(folder.path()), session, now) else { return };
    let mut event = 0_u64;
    c.bench_function("a label until it is durable", |b| {
        b.iter(|| {
            event += 1;
            let feedback = Feedback {
                job: 1202.into(),
                event: event.into(),
                label: "Drop".into(),
                username: "ana.pop".into(),
            };
            let draft = Draft {
                call: feedback.call().expect("a good label"),
                act: Act::Label { feedback, digit: '1' },
                grace: Duration::from_secs(3_600),
                seen: None,
                note: None,
                batch: None,
            };
            keeper.handle(Request::Stage { draft, tag: event }, now)
        });
    });
}
