//! The audit log's file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use waxseal_local_kms::LocalKms;

use crate::failure::Failure;

const AUDIT: &str = "WAXSEAL_KMS_AUDIT";

/// The file that the environment names.
pub(super) fn from_env() -> Option<PathBuf> {
    std::env::var_os(AUDIT).filter(|name| !name.is_empty()).map(PathBuf::from)
}

/// From now on every call of the KMS leaves a line in this file.
pub(super) fn write_to(kms: &LocalKms, file: &Path) -> Result<(), Failure> {
    kms.audit_to(append_to(file).map_err(|error| Failure::io(error).about(file.display()))?);
    Ok(())
}

/// A file of lines that grows, readable by its owner alone if it is new.
fn append_to(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    end_torn_line(&mut file)?;
    Ok(file)
}

/// A process that was killed can have left half a line, which the next one must not go on with.
fn end_torn_line(file: &mut File) -> io::Result<()> {
    let is_regular = file.metadata()?.is_file();
    if !is_regular || file.seek(SeekFrom::End(0))? == 0 {
        return Ok(());
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    if last == *b"\n" { Ok(()) } else { file.write_all(b"\n") }
}
