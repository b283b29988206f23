//! Wildcards, as both products' searches know them. A plain text matcher: it knows no field and no query.

/// `*` and `?` over a whole text, without case.
pub fn wildcard(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || c.eq_ignore_ascii_case(&text[t]) => {
                p += 1;
                t += 1;
            }
            // back to the last star, which takes one more
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    t = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_whole_texts() {
        for (pattern, text, is) in [
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("?", "", false),
            ("*", "", true),
            ("*.com", "x.COM", true),
        ] {
            assert_eq!(wildcard(pattern, text), is, "{pattern} {text}");
        }
    }
}
