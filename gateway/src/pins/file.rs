//! The lock file: read as a whole, and written as a whole by one process at a time.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::lock::Lock;

/// How long another process is waited for that writes the file.
const PATIENCE: Duration = Duration::from_secs(2);

/// A lock file.
#[derive(Debug, Clone)]
pub(crate) struct LockFile {
    path: PathBuf,
}

/// Tells one state of the file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp(Option<(SystemTime, u64, u64)>);

/// Why a lock file wasn't taken or written, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LockError {
    path: PathBuf,
    /// Line and column, from 1.
    position: Option<(usize, usize)>,
    message: String,
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some((line, column)) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for LockError {}

impl LockFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What it says; None where there is no such file.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub(crate) fn load(&self) -> Result<Option<Lock>, LockError> {
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.fault(None, format!("the pins can't be read: {error}"))),
        };
        // An editor may have put one there.
        let text = text.trim_start_matches('\u{feff}');
        Lock::read(text).map(Some).map_err(|(offset, message)| {
            self.fault(offset.map(|offset| crate::config::position(text, offset)), message)
        })
    }

    /// Whether others than its owner and his group may change it.
    pub(crate) fn may_be_written_by_anyone(&self) -> bool {
        #[cfg(unix)]
        let open = std::fs::metadata(&self.path)
            .is_ok_and(|metadata| std::os::unix::fs::MetadataExt::mode(&metadata) & 0o002 != 0);
        #[cfg(not(unix))]
        let open = false;
        open
    }

    /// What tells its present state from others.
    pub(crate) fn stamp(&self) -> Stamp {
        let Ok(metadata) = std::fs::metadata(&self.path) else { return Stamp(None) };
        #[cfg(unix)]
        let number = std::os::unix::fs::MetadataExt::ino(&metadata);
        #[cfg(not(unix))]
        let number = 0;
        Stamp(metadata.modified().ok().map(|time| (time, metadata.len(), number)))
    }

    /// Changes what it says, beginning with what it says now: another process may have written it since it was read. Written only
    /// where `change` says so. What it says then.
    ///
    /// # Errors
    /// Why it couldn't be read or written. Then it says what it said.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Lock) -> bool) -> Result<Lock, LockError> {
        let failed = |error: io::Error| self.fault(None, format!("the pins can't be written: {error}"));
        let _turn = self.wait_for_turn().map_err(failed)?;
        let mut lock = self.load()?.unwrap_or_default();
        if change(&mut lock) {
            self.write(&lock.text()).map_err(failed)?;
        }
        Ok(lock)
    }

    /// Waits until nobody else writes. A file beside it stands for the right to, as the file itself is replaced.
    fn wait_for_turn(&self) -> io::Result<File> {
        let turn = OpenOptions::new().create(true).append(true).open(self.beside("busy"))?;
        let until = Instant::now() + PATIENCE;
        loop {
            match turn.try_lock() {
                Ok(()) => return Ok(turn),
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) if Instant::now() >= until => {
                    return Err(io::Error::other("another process is writing them; try again"));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    /// Replaces the file. Whoever reads it meanwhile, or after a crash, finds one or the other as a whole.
    fn write(&self, text: &str) -> io::Result<()> {
        let new = self.beside("new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        // Everybody may read it, as it goes into version control; only its owner may write it.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o644);
        let mut file = options.open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        drop(file);
        std::fs::rename(&new, &self.path)
    }

    fn beside(&self, what: &str) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".");
        name.push(what);
        name.into()
    }

    fn fault(&self, position: Option<(usize, usize)>, message: String) -> LockError {
        LockError { path: self.path.clone(), position, message }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lock::{Lock, Pinned};
    use super::LockFile;

    fn add(lock: &mut Lock, name: &str) -> bool {
        lock.servers.insert(name.to_owned(), Pinned::default());
        true
    }

    #[test]
    fn a_change_begins_with_what_another_has_written() {
        let folder = tempfile::tempdir().unwrap();
        let files = [0, 1].map(|_| LockFile::new(folder.path().join("argala.lock")));
        let [one, other] = &files;
        assert_eq!(one.load(), Ok(None));
        let before = one.stamp();
        one.update(|lock| add(lock, "one")).unwrap();
        assert_ne!(one.stamp(), before);
        let names: Vec<String> =
            other.update(|lock| add(lock, "other")).unwrap().servers.into_keys().collect();
        assert_eq!(names, ["one", "other"]);
        assert_eq!(one.load().unwrap().unwrap().servers.len(), 2);
    }

    #[test]
    fn many_that_write_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("argala.lock");
        std::thread::scope(|scope| {
            for number in 0..8 {
                let file = LockFile::new(path.clone());
                scope.spawn(move || file.update(|lock| add(lock, &format!("s{number}"))).unwrap());
            }
        });
        assert_eq!(LockFile::new(path).load().unwrap().unwrap().servers.len(), 8);
    }

    #[test]
    fn a_file_that_is_wrong_is_refused_at_its_place_and_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("argala.lock");
        std::fs::write(&path, "version = 1\n[servers.a\n").unwrap();
        let file = LockFile::new(path.clone());
        let error = file.load().unwrap_err().to_string();
        assert!(error.contains("argala.lock:2:"), "{error}");
        assert!(file.update(|lock| add(lock, "one")).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "version = 1\n[servers.a\n");
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_may_write_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = LockFile::new(folder.path().join("argala.lock"));
        file.update(|lock| add(lock, "one")).unwrap();
        assert_eq!(std::fs::metadata(file.path()).unwrap().permissions().mode() & 0o022, 0);
    }
}
