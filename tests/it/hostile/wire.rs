//! What really goes over the wire: method, target, headers and body of representative calls, and a signature that
//! verifies when it is computed from the received bytes alone.

use hmac::{Hmac, KeyInit, Mac};
use socdeck::api::darktrace::sign::ascii_json;
use socdeck::api::{Call, Method, Path, Product};

use super::server::{Act, SECRETS, Seen, answer, endpoint, send, serve};

/// Sends a call below a path prefix and returns what arrived, the prefix taken off.
async fn recorded(call: &Call) -> Seen {
    let server = serve(Act::Say(answer(200, "", b"{}"))).await;
    let endpoint = endpoint(call.product, &format!("{}/soc/", server.url()));
    send(endpoint, call).await.unwrap();
    let mut seen = server.seen();
    assert_eq!(seen.len(), 1);
    let mut seen = seen.remove(0);
    seen.target = seen.target.strip_prefix("/soc").unwrap().to_owned();
    assert_eq!(seen.header("accept"), Some("application/json"));
    assert!(seen.header("user-agent").unwrap().starts_with("socdeck/"));
    for absent in ["cookie", "authorization", "referer"] {
        assert_eq!(seen.header(absent), None);
    }
    seen
}

/// The signature of what arrived, by the contract's words: path and query, or path, `?` and body.
fn verify(seen: &Seen) {
    let date = seen.header("dtapi-date").unwrap();
    let sent: jiff::civil::DateTime = date.parse().unwrap();
    let age = jiff::Timestamp::now().as_second()
        - sent.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second();
    assert!((0..60).contains(&age), "{date}");
    assert_eq!(seen.header("dtapi-token"), Some(SECRETS[1]));
    let mut text = seen.target.clone();
    if !seen.body.is_empty() {
        assert!(!text.contains('?'));
        text.push('?');
        text.push_str(std::str::from_utf8(&seen.body).unwrap());
    }
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(SECRETS[2].as_bytes()).unwrap();
    mac.update(format!("{text}\n{}\n{date}", SECRETS[1]).as_bytes());
    let hex = hex::encode(mac.finalize().into_bytes());
    assert_eq!(seen.header("dtapi-signature"), Some(hex.as_str()), "{text}");
    let private = SECRETS[2];
    assert!(!format!("{seen:?}").contains(private));
}

fn call(product: Product, method: Method, path: &'static str) -> Call {
    Call::new(product, "recorded", method, Path::fixed(path))
}

#[tokio::test]
async fn arcanna_requests_arrive_as_written() {
    let key = Some(SECRETS[0]);
    let get = Call::new(
        Product::Arcanna,
        "event",
        Method::Get,
        Path::fixed("/api/v1/events")
            .segment("job id", "1201")
            .unwrap()
            .segment("event id", "a/b c?d#e%2f..ü@")
            .unwrap(),
    )
    .query("size", "5")
    .query("page", "1 & 2");
    let seen = recorded(&get).await;
    assert_eq!(seen.method, "GET");
    assert_eq!(
        seen.target,
        "/api/v1/events/1201/a%2Fb%20c%3Fd%23e%252f..%C3%BC@?size=5&page=1%20%26%202"
    );
    assert_eq!(seen.header("x-arcanna-api-key"), key);
    assert_eq!(seen.header("content-type"), None);
    assert!(seen.body.is_empty());

    for method in [Method::Post, Method::Put] {
        let body = r#"{"user":"Zoë","big":576330410117303999999}"#;
        let seen =
            recorded(&call(Product::Arcanna, method, "/api/v1/events/").json(body.into())).await;
        assert_eq!(seen.method, method.to_string());
        assert_eq!(seen.target, "/api/v1/events/");
        assert_eq!(seen.header("content-type"), Some("application/json"));
        assert_eq!(seen.header("x-arcanna-api-key"), key);
        assert_eq!(seen.body, body.as_bytes());
    }
    let seen = recorded(&call(Product::Arcanna, Method::Post, "/api/v1/train")).await;
    assert_eq!((seen.header("content-length"), seen.body.len()), (Some("0"), 0));
    let seen = recorded(&call(Product::Arcanna, Method::Delete, "/x")).await;
    assert_eq!(seen.method, "DELETE");
}

#[tokio::test]
async fn darktrace_requests_verify() {
    let plain = call(Product::Darktrace, Method::Get, "/tags");
    let sorted = call(Product::Darktrace, Method::Get, "/tags/entities")
        .query("tag", "Active Threat+ü&=?")
        .query("fulldevicedetails", "true")
        .query("did", "");
    let deleted = call(Product::Darktrace, Method::Delete, "/tags/entities")
        .query("tag", "a b")
        .query("did", "-7");
    let fields = vec![
        ("tag".to_owned(), "Active Threat, ü~*".to_owned()),
        ("did".to_owned(), "2".to_owned()),
    ];
    let form = call(Product::Darktrace, Method::Post, "/tags/entities").form(fields);
    let text = ascii_json(&serde_json::json!({"message": "ünïcode 😀\n\"quoted\""})).unwrap();
    let json = call(Product::Darktrace, Method::Post, "/modelbreaches/101/comments").json(text);
    let empty = call(Product::Darktrace, Method::Post, "/modelbreaches/101/acknowledge");
    let search = Call::new(
        Product::Darktrace,
        "search",
        Method::Get,
        Path::fixed("/advancedsearch/api/analyze")
            .segment("field", "@fields.source_ip")
            .unwrap()
            .then("score")
            .segment("query", "ey+J/IjoxfQ==")
            .unwrap(),
    );
    let cases = [
        (plain, "GET", "/tags", "", None),
        (
            sorted,
            "GET",
            "/tags/entities?did=&fulldevicedetails=true&tag=Active%20Threat%2B%C3%BC%26%3D%3F",
            "",
            None,
        ),
        (deleted, "DELETE", "/tags/entities?did=-7&tag=a%20b", "", None),
        (
            form,
            "POST",
            "/tags/entities",
            "tag=Active+Threat%2C+%C3%BC%7E*&did=2",
            Some("application/x-www-form-urlencoded"),
        ),
        (
            json,
            "POST",
            "/modelbreaches/101/comments",
            r#"{"message":"\u00fcn\u00efcode \ud83d\ude00\n\"quoted\""}"#,
            Some("application/json"),
        ),
        (empty, "POST", "/modelbreaches/101/acknowledge", "", None),
        (
            search,
            "GET",
            "/advancedsearch/api/analyze/@fields.source_ip/score/ey%2BJ%2FIjoxfQ%3D%3D",
            "",
            None,
        ),
    ];
    for (call, method, target, body, kind) in cases {
        let seen = recorded(&call).await;
        assert_eq!((seen.method.as_str(), seen.target.as_str()), (method, target));
        assert_eq!(String::from_utf8_lossy(&seen.body), body);
        assert_eq!(seen.header("content-type"), kind);
        assert_eq!(seen.header("x-arcanna-api-key"), None);
        verify(&seen);
    }
}

/// A gzip file of one stored block.
pub fn gzip_stored(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    file.extend(length.to_le_bytes());
    file.extend((!length).to_le_bytes());
    file.extend(data);
    file.extend(crc32(data).to_le_bytes());
    file.extend(u32::from(length).to_le_bytes());
    file
}

fn crc32(data: &[u8]) -> u32 {
    let step = |crc: u32| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
    let byte = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc));
    !data.iter().fold(u32::MAX, byte)
}

/// A gzip file of at least `size` zero bytes, 13 bits for every 258 of them.
pub fn gzip_zeros(size: usize) -> Vec<u8> {
    let mut bits = Vec::new();
    let mut push = |pattern: &str| bits.extend(pattern.bytes().map(|bit| bit == b'1'));
    push("110"); // last block, fixed Huffman codes
    push("00110000"); // the literal 0
    for _ in 0..size.div_ceil(258) {
        push("1100010100000"); // 258 bytes from one back
    }
    push("0000000");
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    for chunk in bits.chunks(8) {
        let byte = |byte: u8, (at, bit): (usize, &bool)| byte | (u8::from(*bit) << at);
        file.push(chunk.iter().enumerate().fold(0, byte));
    }
    file
}
