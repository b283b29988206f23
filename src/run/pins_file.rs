//! The file that keeps which digit labels what. Small, private, replaced as a whole.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::pins::Pins;

/// Reads the pins of earlier sessions; none when there is no file yet.
///
/// # Errors
/// The file is there but cannot be read or is no pins. Starting without it would give digits other meanings.
pub fn read(path: &Path) -> io::Result<Pins> {
    match fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Pins::default()),
        Err(error) => Err(error),
    }
}

/// Replaces the file.
///
/// # Errors
/// It cannot be written; the old one is untouched.
pub fn write(path: &Path, pins: &Pins) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let new = path.with_extension("new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(serde_json::to_string_pretty(pins)?.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_come_back_and_a_broken_file_is_no_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/pins.json");
        assert_eq!(read(&path).unwrap(), Pins::default());
        let mut pins = Pins::default();
        pins.pin(&"1".into(), &["Drop".into(), "Escalate".into()]);
        write(&path, &pins).unwrap();
        assert_eq!(read(&path).unwrap(), pins);
        fs::write(&path, "{").unwrap();
        assert!(read(&path).is_err());
    }
}
