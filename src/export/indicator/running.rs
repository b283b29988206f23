//! Running text: notes, messages, ticket lines, with indicators somewhere in them.

use super::{Indicator, classify};

/// Top-level domains that make a dotted word in running text a host name. A list, because `rule.name` and `cmd.exe` are
/// none; a host in a field of its own goes through [`defang`], which needs no list.
const TOPS: &[&str] = &[
    "com", "net", "org", "info", "biz", "io", "co", "me", "tv", "cc", "ru", "su", "cn", "uk", "de",
    "fr", "nl", "pl", "it", "es", "ro", "ua", "br", "in", "jp", "kr", "us", "ca", "au", "ch", "eu",
    "edu", "gov", "mil", "int", "top", "xyz", "online", "site", "club", "shop", "live", "icu",
    "tk", "ml", "ga", "cf", "gq", "pw", "ws", "to", "ly", "app", "dev", "cloud", "onion",
];

/// Running text with every external address, URL, mail address and clear host name defanged; internal ones stay readable.
pub fn defang_text(s: &str) -> String {
    let mut out = String::with_capacity(s.len() + 16);
    let is_edge = |c: char| c.is_whitespace() || "\"'`<>(){}|,;=".contains(c);
    let mut rest = s;
    while !rest.is_empty() {
        let end = rest.find(is_edge).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        defang_word(word, &mut out);
        let edge = after.chars().next().map_or(0, char::len_utf8);
        out.push_str(&after[..edge]);
        rest = &after[edge..];
    }
    out
}

fn defang_word(word: &str, out: &mut String) {
    // the ends of sentences and the beginning of a list are no part of it
    let core = word.trim_start_matches('[').trim_end_matches(['.', ':', '!', '?', ']']);
    let looks = core.contains("://")
        || core.contains('.')
        || core.contains('@')
        || core.matches(':').count() >= 2;
    // what is defanged already stays as it is
    if !looks || core.contains("[.]") || core.contains("[:]") {
        out.push_str(word);
        return;
    }
    let found = classify(core);
    let clear = match &found {
        Indicator::Ip { .. } | Indicator::Email { .. } => true,
        Indicator::Net { .. } | Indicator::Unknown { .. } => false,
        Indicator::Host { name, .. } => is_clear(name),
        Indicator::Url { scheme, host, .. } => {
            !scheme.is_empty()
                || matches!(&**host, Indicator::Ip { .. })
                || host.target().is_some_and(|n| is_clear(&n))
        }
    };
    if !clear || found.is_internal() {
        out.push_str(word);
        return;
    }
    let start = word.len() - word.trim_start_matches('[').len();
    out.push_str(&word[..start]);
    out.push_str(&found.defanged());
    out.push_str(&word[start + core.len()..]);
}

fn is_clear(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, top)| TOPS.contains(&top) || top.starts_with("xn--"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn running_text_is_defanged_where_it_is_outside() {
        assert_eq!(
            defang_text(
                "src 8.8.8.8:9200 (external), dst 10.128.0.6:53720; see http://cats.com/a, rule.name and cmd.exe."
            ),
            "src 8[.]8[.]8[.]8:9200 (external), dst 10.128.0.6:53720; see hxxp://cats[.]com/a, rule.name and cmd.exe."
        );
        assert_eq!(
            defang_text("url=https://evil.ru/x?y=1 by a@b.com at 12:30:05"),
            "url=hxxps://evil[.]ru/x?y=1 by a[@]b[.]com at 12:30:05"
        );
        assert_eq!(
            defang_text("2001:db8::1 SURICATA 1.2.3 v4.5"),
            "2001[:]db8[:][:]1 SURICATA 1.2.3 v4.5"
        );
        assert_eq!(defang_text("  two  blanks\n"), "  two  blanks\n");
    }

    proptest! {
        #[test]
        fn defanging_twice_is_defanging_once(s in "[a-z0-9:/.@\\[\\]() -]{0,40}") {
            let once = defang_text(&s);
            prop_assert_eq!(defang_text(&once), once.clone());
        }

        #[test]
        fn any_text_is_survived(s in any::<String>()) {
            defang_text(&s);
        }
    }
}
