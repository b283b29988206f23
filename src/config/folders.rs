//! Where the platform keeps configuration and state. Asks for the home folder only when `HOME` is set: the look-up that
//! would otherwise follow crashes in statically linked programs.

use std::path::PathBuf;

use directories::ProjectDirs;

/// The folders of this program; neither need exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// Holds `config.toml`: `~/.config/socdeck`.
    pub config: PathBuf,
    /// Holds what is kept between runs: `~/.local/state/socdeck`.
    pub state: PathBuf,
}

impl Folders {
    /// The folders of the person running this process; `None` when `HOME` is not set.
    pub fn of_this_user() -> Option<Self> {
        std::env::var_os("HOME").filter(|home| !home.is_empty())?;
        let dirs = ProjectDirs::from("", "", "socdeck")?;
        Some(Self {
            config: dirs.config_dir().to_owned(),
            state: dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).to_owned(),
        })
    }
}
