//! Canary tokens: planted where nobody should repeat them, recognised wherever they come out.
//!
//! A token proves by itself that it is one of this installation's: a number and a keyed digest of the number.
//! So nothing has to be remembered, and a token that was planted a year ago is still known.

use std::fmt;

use jingwei_core::Digest;

/// The secret of an installation from which its canary tokens are made.
#[derive(Clone)]
pub struct CanaryKey([u8; 32]);

impl fmt::Debug for CanaryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CanaryKey(…)")
    }
}

/// What every token begins with.
pub(crate) const MARK: &str = "jwc";
/// Letters of the number and of the proof.
const HALF: usize = 16;

impl CanaryKey {
    /// 32 random bytes, kept as long as tokens are to be recognised.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// The token with this number. Numbers should not be guessable: take random ones.
    #[must_use]
    pub fn mint(&self, number: u64) -> String {
        let number = letters(number);
        format!("{MARK}{number}{}", self.proof(&number))
    }

    /// Whether a text of [`CANARY_BYTES`] lower-case letters is a token of this key.
    #[must_use]
    pub fn is_ours(&self, token: &str) -> bool {
        let halves = token.strip_prefix(MARK).filter(|rest| rest.len() == 2 * HALF && rest.is_ascii());
        halves.is_some_and(|rest| self.proof(&rest[..HALF]) == rest[HALF..])
    }

    /// 64 bits of a keyed SHA-256: cut short, so the digest cannot be carried on by somebody without the key.
    fn proof(&self, number: &str) -> String {
        let key = Digest(self.0).to_string();
        let digest = Digest::of_parts(["canary/1", &key, number]);
        let bits = digest.0.iter().take(8).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        letters(bits)
    }
}

/// Length of a token.
pub const CANARY_BYTES: usize = MARK.len() + 2 * HALF;

/// 64 bits in base 16 with the letters `a` to `p`: digits might be taken for letters that they look like.
fn letters(bits: u64) -> String {
    bits.to_be_bytes().iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|half| char::from(b'a' + half)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_key_alone() {
        let key = CanaryKey::new([7; 32]);
        for number in [0, 1, u64::MAX] {
            let token = key.mint(number);
            assert_eq!(token.len(), CANARY_BYTES);
            assert!(key.is_ours(&token));
            assert!(!CanaryKey::new([8; 32]).is_ours(&token));
            let mut changed = token.into_bytes();
            let last = changed.last_mut().unwrap();
            *last = if *last == b'a' { b'b' } else { b'a' };
            assert!(!key.is_ours(std::str::from_utf8(&changed).unwrap()));
        }
        for text in ["", "jwc", &"中".repeat(10), &format!("jwc{}", "a".repeat(32))] {
            assert!(!key.is_ours(text), "{text}");
        }
    }
}
