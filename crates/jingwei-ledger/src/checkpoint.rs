//! Checkpoints (C2SP tlog-checkpoint): origin, size and root in a signed note.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jingwei_core::{Digest, Limits};

use crate::note::{NoteError, Signer, VerifierKey, open_note, split_note};

/// What a ledger promised: this many entries have this root. Only a good signature makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Digest,
    note: String,
}

impl Checkpoint {
    /// Reads a checkpoint that `key` signed. Further signatures, as witnesses add them, are passed over.
    pub fn open(note: &str, key: &VerifierKey, limits: &Limits) -> Result<Self, NoteError> {
        check_length(note, limits)?;
        let (origin, size, root) = parse_text(open_note(note, key)?)?;
        if origin != key.name() {
            return Err(NoteError::OtherOrigin { found: origin.to_owned(), expected: key.name().to_owned() });
        }
        Ok(Self { origin: origin.to_owned(), size, root, note: note.to_owned() })
    }

    pub(crate) fn sign(signer: &Signer, size: u64, root: Digest) -> Self {
        let text = format!("{}\n{size}\n{}\n", signer.origin(), STANDARD.encode(root.0));
        Self { origin: signer.origin().to_owned(), size, root, note: signer.sign(&text) }
    }

    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Number of entries.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Root of the tree over these entries.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.root
    }

    /// The signed note as it was read or written.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }
}

/// What a checkpoint says, whoever signed it. For finding places of damage, never for trust.
pub(crate) fn unproved_claim(note: &str) -> Option<(u64, Digest)> {
    let (text, _) = split_note(note).ok()?;
    parse_text(text).ok().map(|(_, size, root)| (size, root))
}

fn check_length(note: &str, limits: &Limits) -> Result<(), NoteError> {
    let found = u64::try_from(note.len()).unwrap_or(u64::MAX);
    if found > limits.header_bytes {
        return Err(NoteError::TooLarge { found, limit: limits.header_bytes });
    }
    Ok(())
}

fn parse_text(text: &str) -> Result<(&str, u64, Digest), NoteError> {
    let bad = |reason| NoteError::NotACheckpoint { reason };
    let mut lines = text.split_terminator('\n');
    let origin = lines.next().filter(|line| !line.is_empty()).ok_or(bad("the origin is missing"))?;
    let digits = lines.next().ok_or(bad("the size is missing"))?;
    let size: u64 = digits.parse().map_err(|_| bad("the size is not a number"))?;
    if size.to_string() != digits {
        return Err(bad("the size is not in its shortest form"));
    }
    let encoded = lines.next().ok_or(bad("the root is missing"))?;
    let root = STANDARD.decode(encoded).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let root = Digest(root.ok_or(bad("the root is not the base64 of 32 bytes"))?);
    if lines.any(str::is_empty) {
        return Err(bad("an extension line is empty"));
    }
    Ok((origin, size, root))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::empty_root;

    fn signer() -> Signer {
        Signer::new("example.com/ledger", &[7; 32]).unwrap()
    }

    fn check(text: &str, expected: &str) {
        let signer = signer();
        let opened = Checkpoint::open(&signer.sign(text), signer.verifier_key(), &Limits::default());
        let found = opened.map_or_else(|e| e.to_string(), |c| format!("size {}", c.size()));
        assert!(found.contains(expected), "{text:?}: {found}");
    }

    #[test]
    fn a_checkpoint_has_three_lines_in_their_one_form() {
        let root = STANDARD.encode(empty_root().0);
        check(&format!("example.com/ledger\n7\n{root}\n"), "size 7");
        check(&format!("example.com/ledger\n7\n{root}\nextension\n"), "size 7");
        check(&format!("example.com/ledger\n7\n{root}\na\n\nb\n"), "extension");
        check(&format!("other\n7\n{root}\n"), "of `other`");
        check(&format!("\n7\n{root}\n"), "origin");
        check(&format!("example.com/ledger\n07\n{root}\n"), "shortest");
        check(&format!("example.com/ledger\n+7\n{root}\n"), "shortest");
        check(&format!("example.com/ledger\n-7\n{root}\n"), "not a number");
        check(&format!("example.com/ledger\n18446744073709551616\n{root}\n"), "not a number");
        check("example.com/ledger\n7\nAAAA\n", "32 bytes");
        check("example.com/ledger\n7\n", "root is missing");
        check("example.com/ledger\n", "size is missing");
    }

    #[test]
    fn what_is_signed_opens_again() {
        let signer = signer();
        let made = Checkpoint::sign(&signer, 3, empty_root());
        let opened = Checkpoint::open(made.note(), signer.verifier_key(), &Limits::default()).unwrap();
        assert_eq!(opened, made);
        let stranger = Signer::new("example.com/ledger", &[8; 32]).unwrap();
        assert!(Checkpoint::open(made.note(), stranger.verifier_key(), &Limits::default()).is_err());
    }

    #[test]
    fn a_note_over_the_limit_is_refused() {
        let signer = signer();
        let made = Checkpoint::sign(&signer, 3, empty_root());
        let limits = Limits { header_bytes: 20, ..Limits::default() };
        let error = Checkpoint::open(made.note(), signer.verifier_key(), &limits).unwrap_err();
        assert!(matches!(error, NoteError::TooLarge { limit: 20, .. }));
    }
}
