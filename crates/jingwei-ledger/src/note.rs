//! Signed notes (C2SP signed-note) with Ed25519 keys.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

const ED25519: u8 = 0x01;
const SIGNATURE_LINE: &str = "\u{2014} ";
/// The specification asks verifiers to bound this and to accept at least 16.
const MAX_SIGNATURES: usize = 100;

/// A text is not a note, not a key, or not signed by the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error(
        "`{name}` cannot name a key: use no spaces, no `+` and no control characters, such as `example.com/ledger`"
    )]
    BadName { name: String },
    #[error("the verifier key is malformed: {reason}; it reads `name+8 hexadecimal digits+base64`")]
    BadKey { reason: &'static str },
    #[error("the signed note is malformed: {reason}")]
    Malformed { reason: &'static str },
    #[error("the note has {found} bytes, more than the limit of {limit}")]
    TooLarge { found: u64, limit: u64 },
    #[error("the note bears no signature of `{key}`")]
    NotSigned { key: String },
    #[error("the signature of `{key}` does not fit the note: one of both was changed")]
    BadSignature { key: String },
    #[error("the note is not a checkpoint: {reason}")]
    NotACheckpoint { reason: &'static str },
    #[error("the checkpoint is of `{found}`, not of `{expected}`")]
    OtherOrigin { found: String, expected: String },
}

fn check_name(name: &str) -> Result<(), NoteError> {
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if name.is_empty() || name.chars().any(forbidden) {
        return Err(NoteError::BadName { name: name.chars().take(80).collect() });
    }
    Ok(())
}

fn key_id(name: &str, public: &[u8; 32]) -> [u8; 4] {
    let mut hasher = Sha256::new();
    hasher.update(name.as_bytes());
    hasher.update([b'\n', ED25519]);
    hasher.update(public);
    let digest: [u8; 32] = hasher.finalize().into();
    [digest[0], digest[1], digest[2], digest[3]]
}

/// Signs checkpoints. The caller brings the seed; nothing here is random.
#[derive(Clone)]
pub struct Signer {
    key: SigningKey,
    verifier: VerifierKey,
}

impl Signer {
    /// `origin` names the ledger for good, such as `example.com/ledger`.
    pub fn new(origin: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        check_name(origin)?;
        let key = SigningKey::from_bytes(seed);
        let public = key.verifying_key();
        let verifier = VerifierKey { name: origin.to_owned(), id: key_id(origin, public.as_bytes()), public };
        Ok(Self { key, verifier })
    }

    #[must_use]
    pub fn origin(&self) -> &str {
        &self.verifier.name
    }

    #[must_use]
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The signed note over `text`, which ends in a newline.
    pub(crate) fn sign(&self, text: &str) -> String {
        let signature = self.key.sign(text.as_bytes());
        let mut bytes = self.verifier.id.to_vec();
        bytes.extend_from_slice(&signature.to_bytes());
        format!("{text}\n{SIGNATURE_LINE}{} {}\n", self.origin(), STANDARD.encode(bytes))
    }
}

/// Names the key; the seed stays out of logs.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.verifier)
    }
}

/// Checks checkpoints. Its text form is the `vkey` of signed notes: `name+hex(id)+base64(0x01 || key)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    public: VerifyingKey,
}

impl VerifierKey {
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend_from_slice(self.public.as_bytes());
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id), STANDARD.encode(bytes))
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    /// Takes the one canonical spelling only, so that no byte of a stored key can change unseen.
    fn from_str(text: &str) -> Result<Self, NoteError> {
        let bad = |reason| NoteError::BadKey { reason };
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_id), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad("a part is missing"));
        };
        check_name(name)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| bad("the last part is not base64"))?;
        let Some((&ED25519, raw)) = bytes.split_first() else { return Err(bad("it is not an Ed25519 key")) };
        let raw: &[u8; 32] = raw.try_into().map_err(|_| bad("the key is not 32 bytes long"))?;
        let public = VerifyingKey::from_bytes(raw).map_err(|_| bad("the key is not a point of the curve"))?;
        if public.is_weak() {
            return Err(bad("the key is weak"));
        }
        let key = VerifierKey { name: name.to_owned(), id: key_id(name, raw), public };
        if key.to_string() != text {
            return Err(bad("the key id does not belong to the key"));
        }
        Ok(key)
    }
}

/// The text of `note`, once the signature of `key` is found good. Signatures of other keys are passed over.
pub(crate) fn open_note<'a>(note: &'a str, key: &VerifierKey) -> Result<&'a str, NoteError> {
    let (text, signatures) = split_note(note)?;
    let signatures = signatures.split_terminator('\n').map(parse_signature).collect::<Result<Vec<_>, _>>()?;
    let own = signatures.iter().find(|(name, bytes)| *name == key.name && bytes[..4] == key.id);
    let Some((_, bytes)) = own else { return Err(NoteError::NotSigned { key: key.name.clone() }) };
    let bad = || NoteError::BadSignature { key: key.name.clone() };
    let signature = Signature::from_slice(&bytes[4..]).map_err(|_| bad())?;
    key.public.verify_strict(text.as_bytes(), &signature).map_err(|_| bad())?;
    Ok(text)
}

/// Text with its last newline, and the lines of signatures.
pub(crate) fn split_note(note: &str) -> Result<(&str, &str), NoteError> {
    let malformed = |reason| NoteError::Malformed { reason };
    if note.chars().any(|c| c < ' ' && c != '\n') {
        return Err(malformed("it holds a control character"));
    }
    let at = note.rfind("\n\n").ok_or(malformed("no blank line stands before the signatures"))?;
    let (text, signatures) = (&note[..=at], &note[at + 2..]);
    if !signatures.ends_with('\n') {
        return Err(malformed("the last signature line is not ended"));
    }
    if signatures.lines().count() > MAX_SIGNATURES {
        return Err(malformed("it bears more than 100 signatures"));
    }
    Ok((text, signatures))
}

fn parse_signature(line: &str) -> Result<(&str, Vec<u8>), NoteError> {
    let malformed = |reason| NoteError::Malformed { reason };
    let rest = line.strip_prefix(SIGNATURE_LINE).ok_or(malformed("a signature line does not begin with a dash"))?;
    let (name, encoded) = rest.split_once(' ').ok_or(malformed("a signature line has no signature"))?;
    check_name(name)?;
    let bytes = STANDARD.decode(encoded).map_err(|_| malformed("a signature is not base64"))?;
    if bytes.len() <= 4 {
        return Err(malformed("a signature is too short"));
    }
    Ok((name, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Example of the Go implementation's tests (golang.org/x/mod/sumdb/note); its signer key carries this seed.
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const SEED: &str = "gQoUAtUUbI2E8kQzMPVAgOv5juF9nHT2JS/F1ccoMXM=";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                        then you don't know what your problem is.\n";
    const LINE: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    fn peter() -> VerifierKey {
        VKEY.parse().unwrap()
    }

    #[test]
    fn the_known_note_is_made_and_opened() {
        let seed: [u8; 32] = STANDARD.decode(SEED).unwrap().try_into().unwrap();
        let signer = Signer::new("PeterNeumann", &seed).unwrap();
        assert_eq!(signer.verifier_key().to_string(), VKEY);
        let note = signer.sign(TEXT);
        assert_eq!(note, format!("{TEXT}\n{LINE}"));
        assert_eq!(open_note(&note, &peter()), Ok(TEXT));
        assert!(!format!("{signer:?}").contains(SEED));
    }

    #[test]
    fn every_mangled_key_is_refused() {
        for start in 0..VKEY.len() {
            for end in start..=VKEY.len() {
                assert!((start, end) == (0, VKEY.len()) || VKEY[start..end].parse::<VerifierKey>().is_err());
            }
        }
        for at in 0..VKEY.len() {
            for bit in 0..7 {
                let mut bytes = VKEY.as_bytes().to_vec();
                bytes[at] ^= 1 << bit;
                let text = String::from_utf8(bytes).unwrap();
                assert!(text.parse::<VerifierKey>().is_err(), "{text}");
            }
        }
    }

    #[test]
    fn a_note_opens_only_when_its_key_signed_it() {
        let other = LINE.replace("PeterNeumann", "Other");
        let unknown_id = LINE.replace("x08go", "y08go");
        let damaged = LINE.replace("AwJnAM=", "AwJnAQ=").replace("JnAM", "JnBM");
        let cases = [
            (format!("{TEXT}\n{LINE}"), "ok"),
            (format!("{TEXT}\n{other}{unknown_id}{LINE}"), "ok"),
            (format!("{TEXT}\n{LINE}{LINE}"), "ok"),
            (format!("{TEXT}\n{other}"), "no signature"),
            (format!("{TEXT}\n{}", LINE.repeat(101)), "more than 100"),
            (format!("{TEXT}x\n\n{LINE}"), "does not fit"),
            (format!("{TEXT}\n{damaged}"), "does not fit"),
            (format!("{TEXT}{LINE}"), "blank line"),
            (format!("{TEXT}\n{}", LINE.trim_end()), "not ended"),
            (format!("{TEXT}\n"), "not ended"),
            (format!("{TEXT}\n{LINE}x\n"), "dash"),
            (format!("{TEXT}\t\n{LINE}"), "control"),
            (format!("{TEXT}\n\u{2014} PeterNeumann AAAA\n"), "too short"),
            (String::new(), "blank line"),
        ];
        for (note, expected) in cases {
            let found = open_note(&note, &peter()).map_or_else(|e| e.to_string(), |_| "ok".to_owned());
            assert!(found.contains(expected), "{note:?}: {found}");
        }
    }

    #[test]
    fn a_key_name_has_no_spaces_and_no_plus() {
        for name in ["", "a b", "a+b", "a\nb", "a\u{3000}b"] {
            assert!(Signer::new(name, &[7; 32]).is_err(), "{name:?}");
        }
        assert!(Signer::new("例子.cn/账本", &[7; 32]).is_ok());
    }
}
