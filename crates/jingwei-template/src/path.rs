//! Paths by their whole parts.

/// Whether a path is `end`, or ends with it behind a slash.
pub(crate) fn ends_with(path: &str, end: &str) -> bool {
    path.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

/// Whether a path leads through `folder`, which ends with a slash.
pub(crate) fn is_within(path: &str, folder: &str) -> bool {
    path.match_indices(folder).any(|(at, _)| at == 0 || path[..at].ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_whole() {
        for (path, ends, within) in [
            ("a/b.json", true, true),
            ("b.json", true, false),
            ("a/xb.json", false, true),
            ("xa/b.json/c", false, false),
        ] {
            assert_eq!((ends_with(path, "b.json"), is_within(path, "a/")), (ends, within), "{path}");
        }
        assert!(is_within("x/a/b", "a/"));
    }
}
