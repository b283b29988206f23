//! What every kind of complaint says, and what is accepted.

use super::*;
use crate::catalogue::{find, line::Line};

fn bound(line: &str, defaults: &Defaults) -> Result<Args, String> {
    let line = Line::parse(line).unwrap();
    let mut fetch = |source: Source| match source {
        Source::File("e.json") => Ok("\u{feff}{\"a\": 18446744073709551617}\n".to_owned()),
        Source::File(_) => Err(io::Error::from(io::ErrorKind::NotFound)),
        Source::Stdin => Ok("{\n \"a\": tru}".to_owned()),
    };
    bind(find(&line.name).unwrap(), &line.pairs, defaults, &mut fetch)
        .map_err(|error| error.to_string())
}

fn fails(line: &str) -> String {
    bound(line, &Defaults::default()).unwrap_err()
}

#[test]
fn unknown_and_missing_names_are_told_with_the_usage() {
    let said = fails("darktrace-get-similar-devices dod=1 max_results=2");
    assert!(said.contains("no argument `dod`; did you mean `did`?"), "{said}");
    assert!(said.ends_with("usage: darktrace-get-similar-devices did=… max_results=…"), "{said}");
    let said = fails("darktrace-get-similar-devices did=1");
    assert!(said.contains("needs `max_results`"), "{said}");
    let said = fails("darktrace-get-similar-devices did=1 deviceId=2 max_results=1");
    assert!(said.contains("`did` is given twice"), "{said}");
    let said = fails("darktrace-get-similar-devices did= max_results=1");
    assert!(said.contains("`did` is empty"), "{said}");
}

#[test]
fn aliases_of_every_version_are_taken() {
    let args = bound(
        "darktrace-get-device-connection-info deviceId=7 dataType=SIZEOUT externalDomain=a.com \
         destinationDeviceId=-3 showAllGraphData=Yes numberOfSimilarDevices=2 fullDeviceDetails=0",
        &Defaults::default(),
    )
    .unwrap();
    assert_eq!(args.whole("did"), Some(7));
    assert_eq!(args.text("data_type"), "sizeout");
    assert_eq!(args.whole("destination_did"), Some(-3));
    assert_eq!(args.flag("show_all_graph_data"), Some(true));
    assert_eq!(args.flag("full_device_details"), Some(false));
    assert_eq!(args.whole("num_similar_devices"), Some(2));
}

#[test]
fn malformed_values_say_what_is_allowed() {
    for (line, said) in [
        ("darktrace-get-similar-devices did=one max_results=2", "`did` must be a whole number"),
        ("darktrace-get-similar-devices did=1 max_results=0", "of at least 1"),
        ("darktrace-get-device-connection-info did=1 data_type=c", "one of co, sizeout, sizein"),
        (
            "darktrace-get-external-endpoint-details endpoint_type=ip endpoint_value=1.1.1.1 score=maybe",
            "`score` must be true or false, not `maybe`",
        ),
        (
            "darktrace-run-advanced-search-analysis initialDate=2026-02-30 initialTime=00:00:00 \
             endDate=2026-03-01 endTime=00:00:00 query=x operation=score metric=y",
            "`initialDate` must be a day as YYYY-MM-DD",
        ),
        ("arcanna-send-event job_id=1 title=t event_json=[1]", "must be a JSON object, not a list"),
        (
            "arcanna-send-event job_id=1 title=t event_json=\"{\\\"a\\\":1,}\"",
            "`event_json` is no JSON: line 1, column 8",
        ),
        ("arcanna-send-event job_id=1 title=t event_json=@no.json", "cannot read no.json"),
        (
            "arcanna-send-event job_id=1 title=t event_json=-",
            "no JSON from standard input: line 2, column 10",
        ),
    ] {
        let error = fails(line);
        assert!(error.contains(said), "{line}\n{error}");
    }
}

#[test]
fn json_from_a_file_keeps_its_text() {
    let args = bound(
        "arcanna-send-event job_id=1 title=t event_json=@e.json severity=3.9",
        &Defaults::default(),
    )
    .unwrap();
    assert_eq!(args.text("event_json"), "{\"a\": 18446744073709551617}");
    assert_eq!(args.whole("severity"), Some(3));
}

#[test]
fn defaults_of_the_settings_are_for_reading_only() {
    let defaults =
        Defaults { job_id: Some(1201), username: Some("ann".into()), ..Defaults::default() };
    let args = bound("arcanna-get-decision-set", &defaults).unwrap();
    assert_eq!(args.text("job_id"), "1201");
    assert_eq!(args.notes, ["job_id=1201: the default job of the settings"]);
    let args = bound("arcanna-trigger-train job_id=5", &defaults).unwrap();
    assert_eq!(args.text("username"), "ann");
    for write in [
        "arcanna-trigger-train",
        "arcanna-send-event title=t event_json={}",
        "arcanna-send-event-feedback event_id=1 feedback=Drop",
    ] {
        let said = bound(write, &defaults).unwrap_err();
        assert!(said.contains("a default job is never used"), "{said}");
    }
}

#[test]
fn deprecated_arguments_are_noted_and_dropped() {
    let args = bound(
        "arcanna-send-event-feedback job_id=1 event_id=2 feedback=Drop username=a closing_notes=x \
         label=y indicators=[]",
        &Defaults::default(),
    )
    .unwrap();
    assert_eq!(args.notes.len(), 3, "{:?}", args.notes);
    assert!(args.get("label").is_none());
    let said = fails("arcanna-send-event-feedback job_id=1 event_id=2 label=Drop username=a");
    assert!(said.contains("needs `feedback`"), "{said}");
}

#[test]
fn the_nearest_name_is_near() {
    assert_eq!(
        nearest("arcanna-get-job", &["arcanna-get-jobs", "x"]).as_deref(),
        Some("arcanna-get-jobs")
    );
    assert_eq!(nearest("zzz", &["did", "count"]), None);
    assert_eq!(nearest("DATATYPE", &["data_type", "dataType"]).as_deref(), Some("dataType"));
}
