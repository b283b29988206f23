//! The built-in file is the truth about defaults.

use super::*;

#[test]
fn the_built_in_file_gives_every_default() {
    let loaded = load(&Sources::default()).unwrap();
    assert!(loaded.rows.iter().all(|row| row.place == Place::Default));
    assert!(loaded.settings.arcanna.is_none());
    assert_eq!(loaded.settings.labels.grace.as_secs(), 5);
}
