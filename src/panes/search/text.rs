//! A query's text: whether its quotes and brackets close, and how a condition is put behind it.
//!
//! It is a look, not a parser: the service has the last word, and a complaint never keeps a query from being run.

/// What is wrong with a query, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Byte offset of the offending character.
    pub at: usize,
    /// In words.
    pub words: String,
}

/// A word, quote or bracket outside quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'a> {
    Open,
    Close,
    /// A quoted text; whether it is closed.
    Quoted(bool),
    Word(&'a str),
}

fn pieces(query: &str) -> Vec<(usize, Piece<'_>)> {
    let mut out = Vec::new();
    let mut chars = query.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '(' => out.push((at, Piece::Open)),
            ')' => out.push((at, Piece::Close)),
            '"' => {
                let mut closed = false;
                while let Some((_, c)) = chars.next() {
                    match c {
                        '\\' => {
                            chars.next();
                        }
                        '"' => {
                            closed = true;
                            break;
                        }
                        _ => {}
                    }
                }
                out.push((at, Piece::Quoted(closed)));
            }
            c if c.is_whitespace() => {}
            _ => {
                let mut end = at + c.len_utf8();
                let mut escaped = c == '\\';
                while let Some(&(next, c)) = chars.peek() {
                    if !escaped && (c.is_whitespace() || "()\"".contains(c)) {
                        break;
                    }
                    escaped = !escaped && c == '\\';
                    end = next + c.len_utf8();
                    chars.next();
                }
                out.push((at, Piece::Word(&query[at..end])));
            }
        }
    }
    out
}

fn is_operator(word: &str) -> bool {
    matches!(word, "AND" | "OR" | "NOT" | "&&" | "||" | "!")
}

/// What is wrong with a query; `None` when nothing strikes the eye.
pub fn check(query: &str) -> Option<Complaint> {
    let column = |at: usize| query[..at].chars().count() + 1;
    let complain = |at: usize, words: String| Some(Complaint { at, words });
    let pieces = pieces(query);
    let mut open = Vec::new();
    let mut before: Option<Piece<'_>> = None;
    for &(at, piece) in &pieces {
        match piece {
            Piece::Quoted(false) => {
                return complain(at, format!("the quote at column {} is not closed", column(at)));
            }
            Piece::Open => open.push(at),
            Piece::Close => {
                if before == Some(Piece::Open) {
                    return complain(
                        at,
                        format!("nothing stands in the brackets at column {}", column(at)),
                    );
                }
                if open.pop().is_none() {
                    return complain(at, format!("the ) at column {} closes nothing", column(at)));
                }
            }
            Piece::Word(word @ ("and" | "or" | "not")) => {
                return complain(
                    at,
                    format!(
                        "'{word}' at column {} is searched as a word; the operator is {}",
                        column(at),
                        word.to_ascii_uppercase()
                    ),
                );
            }
            Piece::Word(_) | Piece::Quoted(true) => {}
        }
        before = Some(piece);
    }
    if let Some(at) = open.pop() {
        return complain(at, format!("the ( at column {} is not closed", column(at)));
    }
    match pieces.last() {
        Some(&(at, Piece::Word(word))) if is_operator(word) => {
            complain(at, format!("nothing follows the {word} at the end"))
        }
        Some(&(at, Piece::Word(word))) if word.ends_with(':') => {
            complain(at, format!("{word} wants a value: {word}\"…\""))
        }
        _ => None,
    }
}

/// A condition on a field: `@fields.dest_ip:"8.8.8.8"`, quotes and backslashes escaped.
pub fn condition(field: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("{field}:\"{value}\"")
}

/// The query with a condition that must hold, or must not.
///
/// # Errors
/// Why nothing was put behind it: it is there already, or the query is broken.
pub fn narrowed(query: &str, condition: &str, exclude: bool) -> Result<String, String> {
    let query = query.trim();
    let clause = if exclude { format!("NOT {condition}") } else { condition.to_owned() };
    if query.is_empty() {
        return Ok(clause);
    }
    if let Some(complaint) = check(query).filter(|complaint| !complaint.words.contains("searched"))
    {
        return Err(format!("mend the query first: {}", complaint.words));
    }
    let ended = [clause.clone(), format!("AND {clause}")];
    let there = query == clause
        || query.starts_with(&format!("{clause} AND "))
        || query.contains(&format!(" {} AND ", ended[1]))
        || query.ends_with(&format!(" {}", ended[1]));
    if there {
        return Err("the query says so already".to_owned());
    }
    let mut depth = 0;
    let splits = pieces(query).iter().any(|(_, piece)| {
        match piece {
            Piece::Open => depth += 1,
            Piece::Close => depth -= 1,
            _ => {}
        }
        depth == 0 && matches!(piece, Piece::Word("OR" | "||"))
    });
    Ok(if splits { format!("({query}) AND {clause}") } else { format!("{query} AND {clause}") })
}

/// The `@` word the cursor stands behind: where it begins, and what of it is typed. Nothing inside quotes.
pub fn word_at(query: &str, cursor: usize) -> Option<(usize, &str)> {
    let typed = &query[..cursor];
    let &(at, Piece::Word(word)) = pieces(typed).last()? else {
        return None;
    };
    let ends_here = at + word.len() == typed.len();
    let begin = word.rfind(|c: char| !(c.is_alphanumeric() || "@._".contains(c)));
    let begin = begin.map_or(0, |b| b + word[b..].chars().next().map_or(1, char::len_utf8));
    let name = &word[begin..];
    (ends_here && name.starts_with('@')).then_some((at + begin, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_brackets_are_looked_at() {
        for fine in [
            "",
            "word",
            r#"@type:"ssl" AND @fields.dest_port:"443""#,
            r#"(a OR "b (c") AND NOT (d)"#,
            r#"uri:"say \"hi\" (""#,
            r"path:\(x\)",
            "@fields.port:[1 TO 9]",
        ] {
            assert_eq!(check(fine), None, "{fine}");
        }
        for (bad, at, words) in [
            (r#"ü:"ssl"#, 3, "quote at column 3 is not closed"),
            (r#"a:"b\""#, 2, "is not closed"),
            ("a AND (b OR (c)", 6, "( at column 7 is not closed"),
            ("a) AND b", 1, ") at column 2 closes nothing"),
            ("a AND ()", 7, "nothing stands in the brackets"),
            ("a AND", 2, "nothing follows the AND"),
            ("a and b", 2, "the operator is AND"),
            ("@type:", 0, "wants a value"),
        ] {
            let complaint = check(bad).expect(bad);
            assert_eq!(complaint.at, at, "{bad}");
            assert!(complaint.words.contains(words), "{bad}: {}", complaint.words);
        }
    }

    #[test]
    fn a_condition_is_put_behind_without_changing_what_the_query_means() {
        let ip = condition("@fields.dest_ip", "8.8.8.8");
        assert_eq!(ip, r#"@fields.dest_ip:"8.8.8.8""#);
        let put = |query: &str, exclude| narrowed(query, &ip, exclude);
        assert_eq!(put(" ", true).unwrap(), format!("NOT {ip}"));
        assert_eq!(put("", false).unwrap(), ip);
        assert_eq!(put(r#"@type:"ssl""#, true).unwrap(), format!(r#"@type:"ssl" AND NOT {ip}"#));
        assert_eq!(put("a OR b", true).unwrap(), format!("(a OR b) AND NOT {ip}"));
        assert_eq!(put("(a OR b)", true).unwrap(), format!("(a OR b) AND NOT {ip}"));
        assert_eq!(put(r#"x:"a OR b""#, false).unwrap(), format!(r#"x:"a OR b" AND {ip}"#));
        let once = put("a", true).unwrap();
        assert!(put(&once, true).unwrap_err().contains("already"));
        assert!(put(&once, false).is_ok(), "the opposite is another condition");
        assert!(put("(a", true).unwrap_err().contains("mend"));
        assert_eq!(condition("f", r#"a"b\c"#), r#"f:"a\"b\\c""#);
        assert_eq!(check(&condition("f", r#"a"b\"#)), None);
    }

    #[test]
    fn the_word_being_typed_is_found_outside_quotes_only() {
        let at = |query: &str| word_at(query, query.len()).map(|(at, word)| (at, word.to_owned()));
        assert_eq!(at("a AND @fie"), Some((6, "@fie".into())));
        assert_eq!(at("NOT(@t"), Some((4, "@t".into())));
        assert_eq!(at("-@t"), Some((1, "@t".into())));
        assert_eq!(at("@type:"), None);
        assert_eq!(at(r#"x:"@fie"#), None);
        assert_eq!(at("@fie "), None);
        assert_eq!(word_at("@fields.a b", 4), Some((0, "@fie")));
    }

    proptest::proptest! {
        #[test]
        fn no_query_breaks_the_look(query in "[\\PC()\"\\\\@ ]{0,40}", cursor in 0usize..40) {
            let _ = check(&query);
            let _ = narrowed(&query, "f:\"v\"", true);
            let cursor = (0..=cursor.min(query.len())).rev().find(|at| query.is_char_boundary(*at)).unwrap();
            let _ = word_at(&query, cursor);
        }
    }
}
