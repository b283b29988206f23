//! `socdeck doctor`: each fault in its place, in a sentence, with the exit code of the worst.

use super::server::{Answer, Server, json};
use super::{Home, Ran};

const DATE: &str = "Date";

fn now(shift_s: i64) -> String {
    let moment = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(shift_s);
    moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// An Arcanna that is content; the management API does not know the key.
fn arcanna(target: &str) -> Answer {
    let answer = match target {
        "/api/v1/health/" => json(200, r#"{"status":true}"#),
        "/api/v1/jobs/" => json(200, r#"[{"job_id":1,"title":"a"},{"job_id":2,"title":"b"}]"#),
        "/api/v2/token/scopes" => json(403, r#"{"detail":"Forbidden"}"#),
        _ => json(404, r#"{"detail":"Not Found"}"#),
    };
    answer.header(DATE, now(0))
}

fn darktrace(target: &str) -> Answer {
    let answer = match target.split('?').next().unwrap() {
        "/status" => json(200, r#"{"version":"7.1.0 (4ff13d8c)"}"#),
        "/tags" => json(200, r#"[{"tid":1,"name":"Admin"}]"#),
        _ => json(404, "{}"),
    };
    answer.header(DATE, now(0))
}

fn doctor(arcanna: Option<&str>, darktrace: Option<&str>) -> Ran {
    let mut environment = vec![("TERM", "xterm"), ("LANG", "C.UTF-8")];
    if let Some(url) = arcanna {
        environment
            .extend([("SOCDECK_ARCANNA_URL", url), ("SOCDECK_ARCANNA_API_KEY", "hunter2hunter2")]);
    }
    if let Some(url) = darktrace {
        environment.extend([
            ("SOCDECK_DARKTRACE_URL", url),
            ("SOCDECK_DARKTRACE_PUBLIC_TOKEN", "hunter2hunter3"),
            ("SOCDECK_DARKTRACE_PRIVATE_TOKEN", "hunter2hunter4"),
        ]);
    }
    let ran = Home::new().run_with(&["doctor"], &environment);
    for text in [&ran.out, &ran.err] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    ran
}

/// State and words of a topic: `fault the key was not accepted`.
fn told<'a>(ran: &'a Ran, chapter: &str, topic: &str) -> &'a str {
    let from =
        ran.out.find(&format!("\n{chapter}")).unwrap_or_else(|| panic!("no {chapter}: {ran:?}"));
    let mut lines = ran.out[from + 1..].lines().skip(1).take_while(|line| !line.is_empty());
    let rest = lines.find_map(|line| line.trim_start().strip_prefix(topic));
    rest.unwrap_or_else(|| panic!("no {topic}: {}", ran.out)).trim_start()
}

#[test]
fn all_is_well() {
    let (a, d) = (Server::start(arcanna), Server::start(darktrace));
    let ran = doctor(Some(&a.url), Some(&d.url));
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    assert!(told(&ran, "Arcanna", "reach").starts_with("ok        answered in "));
    assert!(told(&ran, "Arcanna", "certificate").starts_with("ok        none needed"));
    assert!(told(&ran, "Arcanna", "clock").starts_with("ok "));
    assert!(told(&ran, "Arcanna", "credentials").starts_with("ok "));
    assert_eq!(told(&ran, "Arcanna", "permission"), "ok        2 jobs");
    assert!(told(&ran, "Arcanna", "v2 scopes").starts_with("note "), "an input key is no fault");
    assert_eq!(
        told(&ran, "Darktrace", "permission"),
        "ok        status: Darktrace 7.1.0 (4ff13d8c)"
    );
    assert_eq!(d.seen().len(), 1, "no more is asked than needed");
}

#[test]
fn an_absent_product_is_a_note_and_two_are_a_fault() {
    let a = Server::start(arcanna);
    let ran = doctor(Some(&a.url), None);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(told(&ran, "Darktrace", "address").starts_with("note "));
    let ran = doctor(None, None);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.out.contains("socdeck init"), "{}", ran.out);
}

#[test]
fn a_key_that_is_not_accepted_is_exit_4() {
    for refusal in [(200, r#"{"status":false}"#), (401, r#"{"detail":"Unauthorized"}"#)] {
        let a = Server::start(move |_| json(refusal.0, refusal.1).header(DATE, now(0)));
        let ran = doctor(Some(&a.url), None);
        assert_eq!(ran.code, 4, "{ran:?}");
        assert!(told(&ran, "Arcanna", "reach").starts_with("ok "));
        assert!(told(&ran, "Arcanna", "credentials").starts_with("fault "), "{}", ran.out);
        assert!(ran.out.contains("next: "), "{}", ran.out);
    }
}

#[test]
fn a_status_that_is_not_open_does_not_condemn_the_token() {
    for location in ["/login", "/403"] {
        let d = Server::start(move |target| match target.split('?').next() {
            Some("/status") => json(302, "Found").header("Location", location).header(DATE, now(0)),
            _ => darktrace(target),
        });
        let ran = doctor(None, Some(&d.url));
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(told(&ran, "Darktrace", "credentials").starts_with("ok "));
        assert!(
            told(&ran, "Darktrace", "permission")
                .starts_with("note      1 tag can be read, but not the status"),
            "{}",
            ran.out
        );
    }
    let d = Server::start(|_| json(302, "Found").header("Location", "/403").header(DATE, now(0)));
    let ran = doctor(None, Some(&d.url));
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(told(&ran, "Darktrace", "permission").starts_with("fault "), "{}", ran.out);
}

#[test]
fn a_wrong_signature_and_a_wrong_clock_are_told_apart() {
    let d =
        Server::start(|_| json(400, r#"{"response":"API SIGNATURE ERROR"}"#).header(DATE, now(0)));
    let ran = doctor(None, Some(&d.url));
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(told(&ran, "Darktrace", "clock").starts_with("ok "));
    assert!(told(&ran, "Darktrace", "credentials").starts_with("fault "));

    let d =
        Server::start(|_| json(400, r#"{"response":"API DATE ERROR"}"#).header(DATE, now(2000)));
    let ran = doctor(None, Some(&d.url));
    assert_eq!(ran.code, 4, "{ran:?}");
    let clock = told(&ran, "Darktrace", "clock");
    assert!(
        clock.starts_with("fault ")
            && (clock.contains("1999") || clock.contains("2000") || clock.contains("2001")),
        "{clock}"
    );
    assert!(told(&ran, "Darktrace", "credentials").starts_with("untested"));
}

#[test]
fn a_clock_that_is_off_deserves_a_word_before_it_is_refused() {
    let d = Server::start(|target| {
        Answer::header(json(200, if target == "/tags" { "[]" } else { "{}" }), DATE, now(-95))
    });
    let ran = doctor(None, Some(&d.url));
    assert_eq!(ran.code, 0, "{ran:?}");
    let clock = told(&ran, "Darktrace", "clock");
    assert!(
        clock.starts_with("note      your clock is 9") && clock.contains("ahead of Darktrace"),
        "{clock}"
    );
}

#[test]
fn what_cannot_be_reached_is_exit_5_and_worse_than_a_key() {
    // a port that was free a moment ago and that nobody listens on
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{closed}");
    let a = Server::start(|_| json(200, r#"{"status":false}"#));
    let ran = doctor(Some(&a.url), Some(&url));
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(told(&ran, "Darktrace", "reach").starts_with("fault "));
    assert!(told(&ran, "Darktrace", "credentials").starts_with("untested"));
    // HTTPS to a server that speaks HTTP
    let ran = doctor(Some(&a.url.replace("http://", "https://")), None);
    assert_eq!(ran.code, 5, "{ran:?}");
}

#[test]
fn a_page_of_something_else_is_not_the_product() {
    let a =
        Server::start(|_| json(200, "<html><title>Captive</title></html>").header(DATE, now(0)));
    let ran = doctor(Some(&a.url), None);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(told(&ran, "Arcanna", "reach").starts_with("fault "), "{}", ran.out);
}

#[test]
fn a_faulty_file_is_told_beside_what_can_be_tested_without_it() {
    let home = Home::with("[ui]\ntheme = 'x'\n", 0o600);
    let ran = home.run(&["doctor"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.out.contains(":2:9: ui.theme"), "{}", ran.out);
    assert!(ran.out.contains("state folder"), "{}", ran.out);
    assert!(ran.out.contains("TERM is not set"), "{}", ran.out);
}
