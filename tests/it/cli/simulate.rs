//! `socdeck simulate`: what it prints, that its words let a client in, and how it ends.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use super::Home;

/// A running simulator that does not outlive its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // both fail only when it has ended by itself
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn simulate_prints_what_a_shell_needs_and_ends_on_a_signal() {
    let home = Home::new();
    let child = home.command(&["simulate", "--seed", "7"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut running = Running(child);
    let mut lines = BufReader::new(running.0.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let url = first.strip_prefix("listening on ").unwrap().to_owned();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    let exports: Vec<(String, String)> = lines
        .by_ref()
        .take(6)
        .map(|line| {
            let line = line.unwrap();
            let (name, value) = line.strip_prefix("export ").unwrap().split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        })
        .collect();
    let exports: Vec<(&str, &str)> =
        exports.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let ran = home.run_with(&["exec", "arcanna-get-jobs", "--format", "json"], &exports);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("\"Jobs\""), "{}", ran.out);
    let ran = home.run_with(&["doctor"], &exports);
    assert_eq!(ran.code, 0, "{ran:?}");
    let pid = rustix::process::Pid::from_child(&running.0);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(running.0.wait().unwrap().code(), Some(0));
}

#[test]
fn simulate_refuses_what_could_hurt() {
    for (args, code, told) in [
        (&["simulate", "--listen", "0.0.0.0:0"][..], 2, "--i-know"),
        (&["simulate", "--fault", "nonsense"], 2, "nonsense"),
        (&["simulate", "--listen", "here"], 2, "here"),
    ] {
        let ran = Home::new().run(args);
        assert_eq!((ran.code, ran.out.as_str()), (code, ""), "{ran:?}");
        assert!(ran.err.contains(told), "{}", ran.err);
    }
}
