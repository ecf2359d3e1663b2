//! Digests as `algorithm:value`, whatever way a tool writes them.

use base64::Engine as _;

/// `sha256:<hex>`, `sha512-<base64>` (Subresource Integrity, several with spaces between) or Go's `h1:<base64>`.
pub(super) fn read(text: &str) -> Vec<String> {
    text.split_whitespace().filter_map(one).collect()
}

fn one(text: &str) -> Option<String> {
    if let Some((algorithm, value)) = text.split_once(':') {
        let algorithm = algorithm.to_ascii_lowercase();
        let hex = !value.is_empty() && value.len() <= 128 && value.bytes().all(|b| b.is_ascii_hexdigit());
        return if hex {
            Some(format!("{algorithm}:{}", value.to_ascii_lowercase()))
        } else {
            (algorithm == "h1").then(|| format!("h1:{value}"))
        };
    }
    let (algorithm, value) = text.split_once('-')?;
    // What follows a question mark are options, of which the standard defines none.
    let value = value.split('?').next().unwrap_or_default();
    let bytes = base64::engine::general_purpose::STANDARD.decode(value).ok()?;
    let sound = matches!((algorithm, bytes.len()), ("sha1", 20) | ("sha256", 32) | ("sha384", 48) | ("sha512", 64));
    sound.then(|| format!("{algorithm}:{}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_have_one_spelling() {
        for (text, expected) in [
            ("sha256:ABCD", vec!["sha256:abcd"]),
            ("sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=", vec!["sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"]),
            ("h1:abc/+=", vec!["h1:abc/+="]),
            ("sha512-short", vec![]),
            ("sha256:xyz", vec![]),
            ("nonsense", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
