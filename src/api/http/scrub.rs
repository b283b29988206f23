//! Hides this endpoint's credentials in what a server repeats of them: in errors, in data, in addresses.
//!
//! A repeated credential may be written plainly, or with the escapes of JSON, of URLs or of HTML; all are found.

use secrecy::ExposeSecret;

use super::Auth;

/// What stands in the place of a credential.
const HIDDEN: &[u8] = b"[hidden]";

/// Shorter credentials are left in words: they would turn ordinary words into holes, and no real one is that short.
const LEAST_IN_WORDS: usize = 4;

/// In data a hole is worse, as it could stand in an id or a name.
const LEAST_IN_DATA: usize = 8;

/// From this length on, another case is the same credential: host names come back in small letters.
const LEAST_FOLDED: usize = 12;

/// The credentials that must not come back out of one exchange.
pub(super) struct Secrets(Vec<Vec<u8>>);

impl Secrets {
    /// Those of an endpoint, and the signature that was made with them.
    pub(super) fn new(auth: &Auth, signature: Option<&[u8]>) -> Self {
        let kept = match auth {
            Auth::Arcanna { api_key } => [Some(api_key), None],
            Auth::Darktrace { public, private, .. } => [Some(private), Some(public)],
        };
        let kept = kept.into_iter().flatten();
        let kept = kept.map(|secret| secret.expose_secret().trim().as_bytes().to_vec());
        Self(kept.chain(signature.map(<[u8]>::to_vec)).collect())
    }

    /// Hides them in words of the server, in place.
    pub(super) fn hide_in_words(&self, text: &mut String) {
        let found = replaced(text.as_bytes(), &self.at_least(LEAST_IN_WORDS));
        if let Some(bytes) = found {
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
    }

    /// Hides them in data; `None` when none stands there. A number is never one: it could not be told from data, and the
    /// hole would break the JSON.
    pub(super) fn hidden_in_data(&self, body: &[u8]) -> Option<Vec<u8>> {
        let mut wanted = self.at_least(LEAST_IN_DATA);
        wanted.retain(|secret| !secret.iter().all(u8::is_ascii_digit));
        replaced(body, &wanted)
    }

    fn at_least(&self, least: usize) -> Vec<&[u8]> {
        self.0.iter().map(Vec::as_slice).filter(|secret| secret.len() >= least).collect()
    }
}

/// The text with every secret replaced, or `None` when there is none in it. One pass, whatever the number of secrets.
fn replaced(text: &[u8], secrets: &[&[u8]]) -> Option<Vec<u8>> {
    let mut starts = [false; 256];
    for byte in secrets.iter().filter_map(|secret| secret.first()) {
        for case in [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()] {
            starts[usize::from(case)] = true;
        }
    }
    if !secrets.is_empty() {
        for escape in *b"\\%&" {
            starts[usize::from(escape)] = true;
        }
    }
    let mut out: Option<Vec<u8>> = None;
    let (mut copied, mut at) = (0, 0);
    while at < text.len() {
        if starts[usize::from(text[at])] {
            let lengths = secrets.iter().filter_map(|secret| length_of(&text[at..], secret));
            if let Some(length) = lengths.max() {
                let out = out.get_or_insert_default();
                out.extend_from_slice(&text[copied..at]);
                out.extend_from_slice(HIDDEN);
                at += length;
                copied = at;
                continue;
            }
        }
        at += 1;
    }
    out.map(|mut out| {
        out.extend_from_slice(&text[copied..]);
        out
    })
}

/// How many bytes of `text` the secret takes at its very beginning, however each of its characters is written.
fn length_of(text: &[u8], secret: &[u8]) -> Option<usize> {
    let fold = secret.len() >= LEAST_FOLDED;
    secret.iter().try_fold(0, |at, wanted| {
        let same = |byte: u8| byte == *wanted || fold && byte.eq_ignore_ascii_case(wanted);
        Some(at + written(&text[at..], same)?)
    })
}

/// How many bytes are taken by a character written plainly or escaped. An escape comes first: `&amp;` is one `&`, not the
/// beginning of four more characters.
fn written(text: &[u8], same: impl Fn(u8) -> bool) -> Option<usize> {
    let first = *text.first()?;
    let escaped = match first {
        b'%' => text.get(1..3).and_then(hex).filter(|byte| same(*byte)).map(|_| 3),
        b'&' => entity(text, &same),
        b'\\' => backslashed(text, &same),
        _ => None,
    };
    escaped.or_else(|| same(first).then_some(1))
}

/// `\/`, `\u002f`; JSON inside JSON doubles the backslashes.
fn backslashed(text: &[u8], same: impl Fn(u8) -> bool) -> Option<usize> {
    let slashes = text.iter().take_while(|byte| **byte == b'\\').count();
    let rest = &text[slashes..];
    if rest.first() == Some(&b'u') && rest.get(1..5).and_then(hex).is_some_and(&same) {
        return Some(slashes + 5);
    }
    same(*rest.first()?).then_some(slashes + 1)
}

/// `&#47;`, `&#x2f;`, `&amp;` and their kin.
fn entity(text: &[u8], same: impl Fn(u8) -> bool) -> Option<usize> {
    /// No entity that stands for an ASCII character is longer.
    const LONGEST: usize = 10;
    let end = text.iter().take(LONGEST).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(&text[1..end]).ok()?;
    let byte = match name {
        "amp" => b'&',
        "lt" => b'<',
        "gt" => b'>',
        "quot" => b'"',
        "apos" => b'\'',
        _ => {
            let digits = name.strip_prefix('#')?;
            match digits.strip_prefix(['x', 'X']) {
                Some(digits) => u8::from_str_radix(digits, 16).ok()?,
                None => digits.parse().ok()?,
            }
        }
    };
    same(byte).then_some(end + 1)
}

/// The ASCII character of hexadecimal digits.
fn hex(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
    u16::from_str_radix(digits, 16).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::darktrace::sign::QuerySigning;

    fn arcanna(key: &str) -> Secrets {
        Secrets::new(&Auth::Arcanna { api_key: key.to_owned().into() }, None)
    }

    fn darktrace() -> Secrets {
        let auth = Auth::Darktrace {
            public: "examplepub".to_owned().into(),
            private: "examplepri\n".to_owned().into(),
            query: QuerySigning::AsSent,
        };
        Secrets::new(&auth, Some(b"c4ff883dd7f97b5b216e0c8d79762ea1deb08082"))
    }

    fn in_data(secrets: &Secrets, text: &str) -> String {
        let hidden = secrets.hidden_in_data(text.as_bytes());
        hidden.map_or_else(|| text.to_owned(), |bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn repeated_credentials_are_hidden_and_the_signature_too() {
        let text = "token examplepub, key examplepri, c4ff883dd7f97b5b216e0c8d79762ea1deb08082.";
        let wanted = "token [hidden], key [hidden], [hidden].";
        let mut words = text.to_owned();
        darktrace().hide_in_words(&mut words);
        assert_eq!(words, wanted);
        assert_eq!(in_data(&darktrace(), text), wanted);
    }

    #[test]
    fn escapes_hide_nothing_from_it() {
        let secrets = arcanna("aB3/x+Y==&\"\\z");
        for text in [
            r#"aB3/x+Y==&"\z"#,
            r#"aB3\/x+Y==&\"\\z"#,
            r#"\u0061B3\u002fx\u002BY\u003d\u003D\u0026\"\\z"#,
            r#"aB3\\/x+Y==&\\\"\\\\z"#,
            "aB3%2Fx%2bY%3d%3D%26%22%5Cz",
            "aB3&#47;x&#x2B;Y==&amp;&quot;\\z",
            r#"ab3/X+y==&"\Z"#,
        ] {
            assert_eq!(
                in_data(&secrets, &format!("{{\"a\":\"{text}!\"}}")),
                r#"{"a":"[hidden]!"}"#
            );
        }
    }

    #[test]
    fn what_only_looks_like_it_stays() {
        let secrets = arcanna("abcdefgh");
        for text in [
            "",
            "abcdefg",
            "abcdefg\\",
            "abcdefg%",
            "abcdefg%6",
            "abcdefg\\u006",
            "ABCDEFGH",
            "&;%%\\\\",
        ] {
            assert_eq!(secrets.hidden_in_data(text.as_bytes()), None, "{text}");
        }
        assert_eq!(in_data(&secrets, "abcabcdefghabcdefgh"), "abc[hidden][hidden]");
    }

    #[test]
    fn data_keeps_short_words_and_numbers() {
        let text = r#"{"job_id":12345678,"title":"demo"}"#;
        for key in ["demo", "12345678", ""] {
            assert_eq!(in_data(&arcanna(key), text), text);
        }
        let mut words = "no key demo".to_owned();
        arcanna("demo").hide_in_words(&mut words);
        assert_eq!(words, "no key [hidden]");
    }
}
