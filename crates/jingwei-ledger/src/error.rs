use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use jingwei_core::Digest;

use crate::{NoteError, ProofError};

/// The ledger could not do its work. Clones share the cause, so that every caller of a failed group commit gets it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LedgerError {
    #[error("the ledger in `{}` is in use by another process; stop that one, or name another directory", dir.display())]
    InUse { dir: PathBuf },
    #[error("`{}` is not empty and not a ledger; name an empty directory or one that a ledger made", dir.display())]
    NotALedger { dir: PathBuf },
    #[error("the ledger in `{}` belongs to key `{found}`, not to `{given}`; open it with its own key", dir.display())]
    OtherSigner { dir: PathBuf, found: String, given: String },
    #[error("`{}` is missing although the ledger holds entries; restore it from a backup or an export", path.display())]
    Missing { path: PathBuf },
    #[error("`{}` is corrupt at byte {offset}: {what}; restore it from a backup, nothing was changed", path.display())]
    Corrupt { path: PathBuf, offset: u64, what: String },
    #[error("`{}` could not be {doing}", path.display())]
    Io {
        path: PathBuf,
        /// Past participle: `read`, `written`, `synced`.
        doing: &'static str,
        #[source]
        source: Arc<io::Error>,
    },
    #[error("no space is left to write `{}`; free some space, then open the ledger again", path.display())]
    StorageFull { path: PathBuf },
    #[error("the ledger takes no more writes because an earlier one failed ({reason}); open it again to go on")]
    Stopped { reason: String },
    #[error("entry {position} of the call has {bytes} bytes, more than 65535; put it as a blob and append its digest")]
    EntryTooLarge { position: usize, bytes: usize },
    #[error("the call brings {bytes} bytes, more than {limit} at once; split it")]
    BatchTooLarge { bytes: usize, limit: usize },
    #[error("there is no entry {index}; the ledger holds {size}")]
    NoSuchEntry { index: u64, size: u64 },
    #[error("there is no blob {digest}")]
    NoSuchBlob { digest: Digest },
    #[error("`{}` already exists and is not an empty directory; name a new one", path.display())]
    Exists { path: PathBuf },
    #[error("the ledger in `{}` does not verify ({problems} problems); an export of it would prove nothing", dir.display())]
    DoesNotVerify { dir: PathBuf, problems: usize },
    #[error("`{}` crosses the limit of {limit} {what}", path.display())]
    Limit { path: PathBuf, what: &'static str, limit: u64 },
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl LedgerError {
    pub(crate) fn io(path: &Path, doing: &'static str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                LedgerError::StorageFull { path: path.to_owned() }
            }
            _ => LedgerError::Io { path: path.to_owned(), doing, source: Arc::new(source) },
        }
    }

    /// The file is gone, which on a live ledger means that a newer checkpoint replaced it.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, LedgerError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}
