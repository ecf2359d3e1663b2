//! Readers of a directory whose ledger may be open hold a shared lock on `vkey`; the ledger removes files only
//! when nobody holds one. So a long verification sees no file vanish, and never holds up a writer: what could
//! not be removed waits for a later checkpoint.

use std::{
    fs::{File, TryLockError},
    path::Path,
};

use crate::{error::LedgerError, recover::VKEY};

/// Keeps the files of `dir` in place until it is dropped. Nothing to hold, such as on a medium without locks,
/// means that nobody writes there either.
pub(crate) struct Pin {
    _file: Option<File>,
}

impl Pin {
    pub fn hold(dir: &Path) -> Self {
        let file = File::open(dir.join(VKEY)).ok().filter(|file| file.lock_shared().is_ok());
        Self { _file: file }
    }
}

/// Does `work` unless somebody is reading.
pub(crate) fn unless_pinned(dir: &Path, work: impl FnOnce() -> Result<(), LedgerError>) -> Result<(), LedgerError> {
    let path = dir.join(VKEY);
    let file = File::open(&path).map_err(|e| LedgerError::io(&path, "opened", e))?;
    match file.try_lock() {
        Ok(()) => work(),
        Err(TryLockError::WouldBlock) => Ok(()),
        Err(TryLockError::Error(e)) => Err(LedgerError::io(&path, "locked", e)),
    }
}
