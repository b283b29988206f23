//! Arcanna's side: who may call, both slash forms, refusals, and the life of an event from sending to training.

use serde_json::{Value, json};

use super::harness::start;

#[test]
fn a_wrong_key_is_told_by_health_and_refused_elsewhere() {
    let sim = start();
    let with = |key: &str, target: &str| {
        sim.raw("GET", target, &[("X-Arcanna-Api-Key", key)], b"").unwrap()
    };
    assert_eq!(with("wrong", "/api/v1/health/").json(), json!({"status": false}));
    assert_eq!(
        sim.raw("GET", "/api/v1/health", &[], b"").unwrap().json(),
        json!({"status": false})
    );
    assert_eq!(with("wrong", "/api/v1/jobs/").status, 401);
    assert_eq!(with("wrong", "/api/v2/token/scopes").status, 401);
    assert_eq!(sim.arcanna("GET", "/api/v1/health/", "").json(), json!({"status": true}));
    assert_eq!(sim.arcanna("GET", "/api/v2/health/", "").json()["status"], "OK");
    assert!(sim.arcanna("GET", "/api/v2/token/scopes", "").json().as_array().unwrap().len() > 10);
}

#[test]
fn collections_answer_with_and_without_slash_and_items_redirect() {
    let sim = start();
    let plain = sim.arcanna("GET", "/api/v1/jobs", "").json();
    assert_eq!(sim.arcanna("GET", "/api/v1/jobs/", "").json(), plain);
    // a body with GET is ignored, as connectors send one
    assert_eq!(sim.arcanna("GET", "/api/v1/jobs/", "{}").json(), plain);
    let away = sim.arcanna("GET", "/api/v1/jobs/1201/", "");
    assert_eq!((away.status, away.header("location")), (307, Some("/api/v1/jobs/1201")));
    assert_eq!(sim.arcanna("GET", "/api/v1/events/", "").status, 405);
    assert_eq!(sim.arcanna("GET", "/api/v1/nothing", "").json(), json!({"detail": "Not Found"}));
}

#[test]
fn an_event_is_pending_then_decided_then_labelled_then_learnt() {
    let sim = start();
    let raw = json!({"rule": {"name": "ET MALWARE Win32/AgentTesla Exfil via FTP", "category": "trojan"},
        "event": {"severity": 4}, "source": {"ip": "10.20.1.15"}, "destination": {"port": 21}});
    let body = json!({"job_id": 1208, "title": null, "raw_body": raw}).to_string();
    let sent = sim.arcanna("POST", "/api/v1/events/", &body);
    assert_eq!(sent.status, 201);
    let sent = sent.json();
    assert_eq!((&sent["status"], &sent["job_id"]), (&json!("pending_inference"), &json!(1208)));
    let path = format!("/api/v1/events/1208/{}", sent["event_id"].as_str().unwrap());
    let status = || sim.arcanna("GET", &path, "").json();
    assert_eq!(
        (&status()["status"], &status()["result_label"]),
        (&json!("pending_inference"), &Value::Null)
    );
    sim.pass(1);
    assert_eq!(status()["status"], "pending_inference");
    sim.pass(1);
    let decided = status();
    assert_eq!((&decided["status"], &decided["bucket_state"]), (&json!("OK"), &json!("new")));
    let guessed = decided["result_label"].as_str().unwrap().to_owned();
    assert!(decided["confidence_score"].as_f64().unwrap() <= 100.0);

    let label = if guessed == "Drop" { "Escalate" } else { "Drop" };
    let feedback = |label: &str| {
        let body =
            json!({"cortex_user": "ana", "feedback": label, "closing_notes": ""}).to_string();
        sim.arcanna("PUT", &format!("{path}/feedback"), &body)
    };
    let refused = feedback("drop it");
    assert_eq!(refused.status, 422);
    assert_eq!(refused.json()["detail"][0]["loc"], json!(["body", "feedback"]));
    let before = sim.arcanna("GET", "/api/v1/jobs/1208", "").json()["feedback_documents_count"]
        .as_u64()
        .unwrap();
    assert_eq!(feedback(label).json(), json!({"status": "updated"}));
    assert_eq!(status()["bucket_state"], "in_knowledge_base");
    // the vote counts in the model only after training
    assert_eq!(status()["result_label"], guessed.as_str());
    let job = || sim.arcanna("GET", "/api/v1/jobs/1208", "").json();
    assert_eq!(job()["feedback_documents_count"], before + 1);

    let trained = sim.arcanna("POST", "/api/v1/jobs/1208/train?username=ana%20b%26c", "");
    assert_eq!(trained.json(), json!({"status": "OK", "error_message": ""}));
    assert_eq!(
        (&job()["feedback_documents_count"], &job()["retrain_state"]),
        (&json!(0), &json!("RETRAIN_STARTED"))
    );
    assert_eq!(status()["result_label"], guessed.as_str());
    sim.pass(5);
    assert_eq!(job()["retrain_state"], "RETRAIN_FINISHED");
    assert_eq!(
        job()["last_train_finished_timestamp"].as_str().unwrap()[..19],
        *"2026-01-02T03:04:11"
    );
    assert_eq!(status()["result_label"], label);

    let state = sim.desk("GET", "state", "");
    assert_eq!(state["arcanna"]["trainings"][0]["username"], "ana b&c");
    let heard = &state["arcanna"]["feedback"];
    assert_eq!(
        (heard.as_array().unwrap().len(), &heard[0]["username"], &heard[0]["label"]),
        (1, &json!("ana"), &json!(label))
    );
    // a second vote of the same person takes the first one's place
    feedback(&guessed);
    assert_eq!(sim.desk("GET", "state", "")["arcanna"]["feedback"][1]["replaced"], label);
}

#[test]
fn ids_in_the_path_are_decoded_and_the_manuals_event_is_there() {
    let sim = start();
    let seed = sim.arcanna("GET", "/api/v1/events/1208/615471", "").json();
    for (key, value) in [
        ("event_id", json!("615471")),
        ("status", json!("OK")),
        ("result", json!("class_0")),
        ("result_label", json!("Escalate")),
        ("confidence_score", json!(98.3)),
        ("outlier", json!(false)),
        ("bucket_state", json!("in_knowledge_base")),
        ("error_message", Value::Null),
    ] {
        assert_eq!(seed[key], value, "{key}");
    }
    assert_eq!(
        sim.arcanna("GET", "/api/v1/jobs/1201/labels", "").json(),
        json!(["Drop", "Escalate"])
    );
    let odd = "/api/v1/events/1208/INC%2042%2F7%3Fx%3D1%23%C3%BC";
    assert_eq!(sim.arcanna("GET", odd, "").json()["event_id"], "INC 42/7?x=1#ü");
    let own =
        json!({"job_id": "1202", "raw_body": {"rule": {"name": "x"}}, "severity": "3"}).to_string();
    assert_eq!(sim.arcanna("POST", "/api/v1/events/my%2Fown", &own).json()["event_id"], "my/own");
    // not found: in-band for export, 404 for the status
    assert_eq!(sim.arcanna("GET", "/api/v1/events/1208/nope", "").status, 404);
    assert_eq!(
        sim.arcanna("GET", "/api/v1/events/1208/nope/export", "").json()["arcanna_event"],
        Value::Null
    );
    let export = sim.arcanna("GET", "/api/v1/events/1208/615471/export", "");
    assert!(export.text().contains("576330410117303"));
    assert!(
        export.json()["arcanna_event"]["arcanna"]["log_messages"].as_array().unwrap().len() >= 3
    );
}

#[test]
fn a_bad_body_is_a_422_with_every_place() {
    let sim = start();
    let places = |body: &str| {
        let answer = sim.arcanna("POST", "/api/v1/events/", body);
        assert_eq!(answer.status, 422, "{body}");
        let detail = answer.json()["detail"].clone();
        detail.as_array().unwrap().iter().map(|d| d["loc"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(places("{}"), [r#"["body","job_id"]"#, r#"["body","raw_body"]"#]);
    assert_eq!(
        places(r#"{"job_id": "x", "raw_body": [1]}"#),
        [r#"["body","job_id"]"#, r#"["body","raw_body"]"#]
    );
    assert_eq!(
        places(r#"{"job_id": 1201, "raw_body": {}, "severity": "high"}"#),
        [r#"["body","severity"]"#]
    );
    assert_eq!(places("[1]"), [r#"["body"]"#]);
    assert_eq!(places("{"), [r#"["body",0]"#]);
    assert_eq!(sim.arcanna("GET", "/api/v1/jobs/abc", "").status, 422);
    assert_eq!(
        sim.arcanna("POST", "/api/v1/jobs/1217/train?username=a", "").json()["status"],
        "ERROR"
    );
}

#[test]
fn a_stopped_job_keeps_events_waiting_until_it_is_started() {
    let sim = start();
    let body = json!({"job_id": 1211, "raw_body": {"rule": {"name": "x"}}}).to_string();
    assert_eq!(sim.arcanna("POST", "/api/v1/events/waiting", &body).status, 201);
    let status = || sim.arcanna("GET", "/api/v1/events/1211/waiting", "").json()["status"].clone();
    sim.pass(3600);
    assert_eq!(status(), "pending_inference");
    sim.arcanna("POST", "/api/v1/jobs/1211/start?username=a", "");
    assert_eq!(status(), "pending_inference");
    sim.pass(2);
    assert_eq!(status(), "OK");
    // stopping again does not undo what was decided
    sim.arcanna("POST", "/api/v2/jobs/1211/stop", "");
    assert_eq!(status(), "OK");
    assert_eq!(sim.arcanna("GET", "/api/v1/jobs/1211", "").json()["status"], "DISABLED");
}

#[test]
fn the_event_query_filters_sorts_and_pages_per_job() {
    let sim = start();
    let query = |body: Value| sim.arcanna("POST", "/api/v2/events/query", &body.to_string());
    assert_eq!(query(json!({"page": 1})).status, 422);
    let all = query(json!({"job_ids": [1208, 1201], "size": 10})).json();
    assert_eq!(all["events"].as_array().unwrap().len(), 20);
    let count = query(json!({"size": 1, "count_results_only": true})).json();
    assert!(count["total_count"].as_u64().unwrap() >= 400);
    assert_eq!(count["events"], json!([]));

    let wanted = json!([{"field": "arcanna.result_label", "operator": "is", "value": "Escalate"}]);
    let page =
        |n: u32| query(json!({"job_ids": 1208, "size": 7, "page": n, "filters": wanted})).json();
    let total = page(0)["total_count"].as_u64().unwrap();
    let mut ids = Vec::new();
    let mut times: Vec<String> = Vec::new();
    for n in 0..total.div_ceil(7) as u32 {
        for row in page(n)["events"].as_array().unwrap() {
            assert_eq!(row["arcanna"]["result_label"], "Escalate");
            ids.push(row["event_id"].to_string());
            times.push(row["@timestamp"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(ids.len() as u64, total);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len() as u64, total);
    assert!(times.windows(2).all(|w| w[0] >= w[1]), "newest first");

    let bare = query(json!({"event_ids": "615471", "decision_points_only": true})).json();
    assert_eq!(
        (&bare["events"][0]["raw_event"], &bare["events"][0]["job_id"]),
        (&Value::Null, &json!(1208))
    );
    assert_eq!(bare["events"][0]["decision_points"]["source.ip"], "8.8.8.8");
    let raw = json!({"job_ids": 1208, "query_body": {"query": {"term": {"arcanna.result_label.keyword": "Escalate"}},
        "size": 0, "aggs": {"labels": {"terms": {"field": "arcanna.result_label.keyword"}}}}});
    let raw = sim.arcanna("POST", "/api/v2/events/raw_es_query", &raw.to_string()).json();
    assert_eq!(raw["hits"]["total"]["value"], total);
    assert_eq!(
        raw["aggregations"]["labels"]["buckets"],
        json!([{"key": "Escalate", "doc_count": total}])
    );
}

#[test]
fn a_key_without_the_scope_is_refused() {
    let sim = start();
    sim.desk("PUT", "scopes", r#"["read:resources"]"#);
    assert_eq!(sim.arcanna("POST", "/api/v2/events/query", r#"{"size": 1}"#).status, 403);
    assert_eq!(sim.arcanna("GET", "/api/v2/resources?resource_type=job", "").status, 200);
}

#[test]
fn the_world_has_what_a_console_must_show() {
    let sim = start();
    let jobs = sim.arcanna("GET", "/api/v1/jobs/", "").json();
    let jobs = jobs.as_array().unwrap();
    let sizes: Vec<usize> = jobs.iter().map(|j| j["labels"].as_array().unwrap().len()).collect();
    assert!([2, 3, 5].iter().all(|n| sizes.contains(n)), "{sizes:?}");
    assert!(jobs.iter().any(|j| j["status"] == "DISABLED"));
    let count = |field: &str, operator: &str, value: Value| {
        let body =
            json!({"size": 1, "filters": [{"field": field, "operator": operator, "value": value}]})
                .to_string();
        sim.arcanna("POST", "/api/v2/events/query", &body).json()["total_count"].as_u64().unwrap()
    };
    assert!(count("arcanna.outlier_flag", "is", json!(true)) >= 10);
    assert!(
        count("arcanna.attention.low_confidence_score.attention_required", "is", json!(true)) >= 10
    );
    assert!(
        count("arcanna.attention.undecided_consensus.attention_required", "is", json!(true)) >= 3
    );
    assert!(count("arcanna.result_label", "not exists", Value::Null) >= 45, "an untrained job");
    assert!(count("metadata.description", "contains", json!("\u{1b}]52;c;")) >= 1);
    // alerts speak of devices the other product knows
    let event =
        sim.arcanna("POST", "/api/v2/events/query", r#"{"job_ids": 1215, "size": 1}"#).json();
    let ip = event["events"][0]["raw_event"]["source"]["ip"].as_str().unwrap().to_owned();
    assert!(!sim.get(&format!("/devices?ip={ip}")).json().as_array().unwrap().is_empty(), "{ip}");
}
