//! Sorted lines `key<TAB>value`, found by halving: an index that is ready as soon as its bytes are there.

/// The lines are no index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotSorted;

#[derive(Debug, Clone, Default)]
pub(crate) struct Lines {
    text: String,
}

impl Lines {
    /// Each line must end, have a tab and come after the one before it.
    pub(crate) fn read(bytes: Vec<u8>) -> Result<Self, NotSorted> {
        let text = String::from_utf8(bytes).map_err(|_| NotSorted)?;
        if !(text.is_empty() || text.ends_with('\n')) {
            return Err(NotSorted);
        }
        let mut before: Option<&str> = None;
        for line in text.lines() {
            let (key, _) = split_last(line).ok_or(NotSorted)?;
            if before.is_some_and(|before| before >= key) {
                return Err(NotSorted);
            }
            before = Some(key);
        }
        Ok(Self { text })
    }

    pub(crate) fn write(sorted: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut text = String::new();
        for (key, value) in sorted {
            text.push_str(&key);
            text.push('\t');
            text.push_str(&value);
            text.push('\n');
        }
        Self { text }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.text.lines().filter_map(split_last)
    }

    pub(crate) fn find(&self, wanted: &str) -> Option<&str> {
        let bytes = self.text.as_bytes();
        let (mut low, mut high) = (0, bytes.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let start = bytes[low..middle].iter().rposition(|b| *b == b'\n').map_or(low, |at| low + at + 1);
            let end = bytes[middle..high].iter().position(|b| *b == b'\n').map_or(high, |at| middle + at + 1);
            let (key, value) = split_last(self.text.get(start..end)?.trim_end_matches('\n'))?;
            match key.cmp(wanted) {
                std::cmp::Ordering::Equal => return Some(value),
                std::cmp::Ordering::Less => low = end,
                std::cmp::Ordering::Greater => high = start,
            }
        }
        None
    }
}

/// The key may hold a tab, the value none.
fn split_last(line: &str) -> Option<(&str, &str)> {
    line.rsplit_once('\t')
}
