/// A key or token. It can be neither printed nor serialised; the only way out is the header of a request.
#[derive(Clone)]
pub struct Secret(String);

/// Shortest key that is taken out of answers too.
const LONG_KEY_BYTES: usize = 12;

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.0)
    }

    /// For the one other header that carries a key as it is.
    pub(crate) fn bare(&self) -> &str {
        &self.0
    }

    /// A short key (`none`, `test`) is also a word: it is not looked for where that would change what a model said.
    pub(crate) fn is_long(&self) -> bool {
        self.0.len() >= LONG_KEY_BYTES
    }

    /// The bytes without the key, where it is in them.
    pub(crate) fn erased_from_bytes(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let key = self.0.as_bytes();
        let find = |from: usize| {
            let rest = bytes.get(from..).filter(|_| !key.is_empty())?;
            rest.windows(key.len()).position(|window| window == key).map(|at| from + at)
        };
        let mut clean = Vec::new();
        let mut done = 0;
        while let Some(at) = find(done) {
            clean.extend_from_slice(&bytes[done..at]);
            clean.extend_from_slice(b"[key]");
            done = at + key.len();
        }
        (done > 0).then(|| {
            clean.extend_from_slice(&bytes[done..]);
            clean
        })
    }

    /// Servers like to repeat a wrong key in their error message: it must not travel on into reports.
    pub(crate) fn erased_from(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(&self.0, "[key]") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_erased_from_what_others_read() {
        let secret = Secret::new("sk-abc");
        assert_eq!(secret.erased_from("invalid key sk-abc given"), "invalid key [key] given");
        assert_eq!(Secret::new("").erased_from("as it was"), "as it was");
        let bytes = |text: &str| secret.erased_from_bytes(text.as_bytes()).map(|b| String::from_utf8(b).unwrap());
        assert_eq!(bytes("sk-absk-abcsk-abc."), Some("sk-ab[key][key].".to_owned()));
        assert_eq!((bytes("sk-ab"), bytes("")), (None, None));
        assert_eq!(Secret::new("").erased_from_bytes(b"as it was"), None);
    }
}
