//! Signing: what is sent is what is signed.

use std::fmt::Write as _;

use serde::Serialize;

/// Compact JSON in plain ASCII: every other character as `\uXXXX`, so that no server can read the signed text otherwise.
///
/// # Errors
/// A value that is no JSON, such as a map with keys that are no text.
pub fn ascii_json<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    let json = serde_json::to_string(value)?;
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // writing to a String cannot fail
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    Ok(ascii)
}
