/// A key or token. It can be neither printed nor serialised; the only way out is the header of a request.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.0)
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
    }
}
