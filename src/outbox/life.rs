//! Whether the process that has a row still lives: each process holds a lock on a file of its own name, which the kernel
//! releases whatever ends it. A lease in the row (see the keeper) covers what a lock cannot: a process that is stopped.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A process's name among those that share the file, and the lock that shows it lives.
#[derive(Debug)]
pub(super) struct Life {
    /// Unique among all processes that ever shared the file.
    pub token: String,
    folder: Option<PathBuf>,
    lock: Option<File>,
}

impl Life {
    /// Takes a name and its lock. Without a folder (rows in memory) there is nobody to show it to.
    pub fn begin(folder: Option<&Path>) -> io::Result<Self> {
        let token = token()?;
        let Some(folder) = folder.map(|folder| folder.join("alive")) else {
            return Ok(Self { token, folder: None, lock: None });
        };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        // Locked before it has its name: nobody can find it unlocked while its process lives.
        let unnamed = folder.join(format!(".{token}"));
        let lock = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unnamed)?;
        lock.lock()?;
        fs::rename(unnamed, folder.join(&token))?;
        Ok(Self { token, folder: Some(folder), lock: Some(lock) })
    }

    /// Whether another process is gone for certain. Its file is removed then.
    pub fn is_gone(&self, other: &str) -> bool {
        if other == self.token {
            return false;
        }
        let Some(folder) = &self.folder else {
            return true;
        };
        let path = folder.join(other);
        let Ok(file) = File::open(&path) else {
            return true;
        };
        match file.try_lock() {
            Ok(()) => {
                // A file that cannot be removed is found unlocked again next time.
                let _ = fs::remove_file(&path);
                true
            }
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
        }
    }

    /// Removes the files of all processes that are gone.
    pub fn sweep(&self) {
        let names = self.folder.iter().filter_map(|folder| fs::read_dir(folder).ok());
        for entry in names.flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if !name.starts_with('.') {
                self.is_gone(&name);
            }
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        if let (Some(folder), Some(lock)) = (&self.folder, self.lock.take()) {
            let _ = fs::remove_file(folder.join(&self.token));
            drop(lock);
        }
    }
}

/// 16 random bytes in hex.
pub(super) fn token() -> io::Result<String> {
    let mut bytes = [0; 16];
    io::Read::read_exact(&mut File::open("/dev/urandom")?, &mut bytes)?;
    Ok(hex::encode(bytes))
}
