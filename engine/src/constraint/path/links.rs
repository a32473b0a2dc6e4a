//! Where a path leads when the links on its way are followed: `symlinks = "resolve"`.
//!
//! This is the one place where the engine looks outside of the call and the policy: a decision under such a policy depends
//! on the file system at the moment of the call. It reads links and names, and never what is in a file.
//!
//! What is not seen: links that are made or changed between the decision and the call (whoever can write below the
//! root can do that), hard links and mounts, and the file system of a tool that runs elsewhere or in another root.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// The path without links, as far as it exists; what doesn't exist yet is below its nearest folder that does.
///
/// # Errors
/// Why it can't be told.
pub(super) fn resolve(path: &Path) -> Result<PathBuf, &'static str> {
    let mut missing: Vec<OsString> = Vec::new();
    let mut existing = std::path::absolute(path).map_err(|_| "its working folder can't be found")?;
    loop {
        match existing.canonicalize() {
            Ok(mut resolved) => {
                resolved.extend(missing.into_iter().rev());
                return Ok(resolved);
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err("a link on its way can't be followed");
            }
            // A link that leads nowhere is a file elsewhere as soon as it is written to.
            Err(_) if existing.symlink_metadata().is_ok() => {
                return Err("a link on its way leads to nothing");
            }
            Err(_) => {}
        }
        let name = existing.file_name().ok_or("it leads up from a folder that doesn't exist")?.to_owned();
        missing.push(name);
        if !existing.pop() {
            return Err("nothing of it exists");
        }
    }
}
