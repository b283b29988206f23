//! Which folder holds the rows: the state folder, or a local one when locks cannot be trusted there.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::process::getuid;

/// Where rows and ledger are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The folder; only its owner may enter.
    pub folder: PathBuf,
    /// Why it is not the state folder, for the person.
    pub note: Option<String>,
}

/// File systems without the locks and the shared memory that SQLite's journal needs, by their magic number (statfs(2)).
const UNFIT: [(i64, &str); 7] = [
    (0x6969, "NFS"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x517b, "SMB"),
    (0x6573_5546, "FUSE"),
    (0x5346_414f, "AFS"),
    (0x0102_1997, "9P"),
];

/// The folder for rows and ledger; made if need be, `0700`.
///
/// # Errors
/// No folder can be made or trusted; the words name it.
pub fn find(state: &Path) -> Result<Place, String> {
    find_with(state, &fallbacks(), |folder| {
        let kind = rustix::fs::statfs(folder)?.f_type;
        // The field's type differs between machines; magic numbers are 32 bits wide on all.
        #[allow(clippy::cast_lossless, clippy::unnecessary_cast, reason = "i64 or u32, by machine")]
        let kind = kind as i64 & 0xffff_ffff;
        Ok(kind)
    })
}

fn find_with(
    state: &Path,
    local: &[PathBuf],
    kind: impl Fn(&Path) -> io::Result<i64>,
) -> Result<Place, String> {
    let folder = private(state).map_err(|why| format!("{}: {why}", state.display()))?;
    let unfit = |folder: &Path| {
        let kind = kind(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok::<_, String>(UNFIT.iter().find(|(magic, _)| *magic == kind).map(|(_, name)| *name))
    };
    let Some(name) = unfit(&folder)? else {
        return Ok(Place { folder, note: None });
    };
    let mut why = Vec::new();
    for folder in local {
        match private(folder).and_then(|folder| match unfit(&folder)? {
            Some(name) => Err(format!("it is on {name} too")),
            None => Ok(folder),
        }) {
            Ok(folder) => {
                let note = format!(
                    "{} is on {name}, where locks cannot be trusted: unsent writes and the ledger are kept in {} on this machine",
                    state.display(),
                    folder.display()
                );
                return Ok(Place { folder, note: Some(note) });
            }
            Err(error) => why.push(format!("{}: {error}", folder.display())),
        }
    }
    Err(format!(
        "{} is on {name}, where locks cannot be trusted, and there is no local folder: {}",
        state.display(),
        why.join("; ")
    ))
}

/// Local folders, those that outlive a restart of the machine first.
fn fallbacks() -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::from(format!("/var/tmp/socdeck-{}", getuid().as_raw()))];
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").filter(|path| !path.is_empty());
    folders.extend(runtime.map(|path| PathBuf::from(path).join("socdeck")));
    folders
}

/// A folder that is ours and closed to others; made or closed if need be.
fn private(folder: &Path) -> Result<PathBuf, String> {
    let told = |error: io::Error| error.to_string();
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(told)?;
    // Of the folder itself, not of what a link points to: in a shared folder somebody could have put one there.
    let facts = fs::symlink_metadata(folder).map_err(told)?;
    let facts = if facts.is_symlink() && !shared(folder) {
        fs::metadata(folder).map_err(told)?
    } else {
        facts
    };
    if !facts.is_dir() {
        return Err("it is no folder".to_owned());
    }
    if facts.uid() != getuid().as_raw() {
        return Err("it belongs to somebody else".to_owned());
    }
    if facts.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(told)?;
    }
    Ok(folder.to_owned())
}

/// Whether others may put things beside this folder.
fn shared(folder: &Path) -> bool {
    folder
        .parent()
        .and_then(|parent| fs::metadata(parent).ok())
        .is_none_or(|parent| parent.permissions().mode() & 0o022 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_folder_is_used_where_locks_work_and_closed_to_others() {
        let root = tempfile::tempdir().unwrap();
        let state = root.path().join("a/state");
        fs::create_dir_all(&state).unwrap();
        fs::set_permissions(&state, fs::Permissions::from_mode(0o755)).unwrap();
        let place = find_with(&state, &[], |_| Ok(0xef53)).unwrap();
        assert_eq!((place.folder, place.note), (state.clone(), None));
        assert_eq!(fs::metadata(&state).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn without_working_locks_a_local_folder_is_used_and_told() {
        let root = tempfile::tempdir().unwrap();
        let (state, local) = (root.path().join("state"), root.path().join("local"));
        for (magic, name) in UNFIT {
            let kind = |folder: &Path| Ok(if folder == state { magic } else { 0xef53 });
            let place = find_with(&state, std::slice::from_ref(&local), kind).unwrap();
            assert_eq!(place.folder, local);
            assert!(place.note.unwrap().contains(name));
        }
        let error = find_with(&state, &[local], |_| Ok(0x6969)).unwrap_err();
        assert!(error.contains("NFS too"), "{error}");
    }

    #[test]
    fn a_folder_somebody_else_could_have_put_there_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let open = root.path().join("tmp");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        let elsewhere = root.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, open.join("socdeck")).unwrap();
        assert_eq!(private(&open.join("socdeck")).unwrap_err(), "it is no folder");
    }
}
