use std::{collections::BTreeMap, io::Cursor};

use jingwei_core::{FileEntry, FileKind, Files, Limits, PortError, ReadSeek};

/// A folder in memory. Paths use `/` and have no leading `./`.
#[derive(Debug, Clone, Default)]
pub struct MemoryFiles {
    nodes: BTreeMap<String, Node>,
}

#[derive(Debug, Clone)]
enum Node {
    File(Vec<u8>),
    /// Where it leads, if that is known.
    Link(Option<String>),
    Unreadable(String),
}

/// A rule case has a file that cannot be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseError(pub String);

impl MemoryFiles {
    #[must_use]
    pub fn with_file(mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.nodes.insert(path.to_owned(), Node::File(bytes.into()));
        self
    }

    /// A symbolic link that does not say where it leads; [`Self::from_case`] makes others. Ports do not follow links.
    #[must_use]
    pub fn with_link(mut self, path: &str) -> Self {
        self.nodes.insert(path.to_owned(), Node::Link(None));
        self
    }

    /// A file that is listed and cannot be opened.
    #[must_use]
    pub fn with_unreadable(mut self, path: &str, reason: &str) -> Self {
        self.nodes.insert(path.to_owned(), Node::Unreadable(reason.to_owned()));
        self
    }

    /// The files of a catalog rule's case. Contents are plain text, `hex:…` for bytes, `link:…` for a
    /// symbolic link, `unreadable:…` for a file that cannot be opened.
    pub fn from_case(files: &BTreeMap<String, String>) -> Result<Self, CaseError> {
        let mut folder = Self::default();
        for (path, content) in files {
            let node = if let Some(digits) = content.strip_prefix("hex:") {
                Node::File(decode_hex(digits).ok_or_else(|| CaseError(format!("`{path}`: not hexadecimal digits")))?)
            } else if let Some(target) = content.strip_prefix("link:") {
                Node::Link(Some(target.to_owned()))
            } else if let Some(reason) = content.strip_prefix("unreadable:") {
                Node::Unreadable(reason.to_owned())
            } else {
                Node::File(content.clone().into_bytes())
            };
            folder.nodes.insert(path.clone(), node);
        }
        Ok(folder)
    }

    fn entry(path: &str, node: &Node) -> FileEntry {
        let (kind, bytes) = match node {
            Node::File(bytes) => (FileKind::File, bytes.len() as u64),
            Node::Unreadable(_) => (FileKind::File, 0),
            Node::Link(_) => (FileKind::Link, 0),
        };
        FileEntry { path: path.to_owned(), bytes, kind }
    }
}

/// Hexadecimal digits; white space between them is ignored, so that long cases can be wrapped.
fn decode_hex(digits: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = digits
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
        .collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

impl Files for MemoryFiles {
    fn list(&self, path: &str, limits: &Limits) -> Result<Vec<FileEntry>, PortError> {
        let root = path.trim_start_matches("./").trim_end_matches('/');
        let prefix = if root.is_empty() || root == "." { String::new() } else { format!("{root}/") };
        let mut entries = Vec::new();
        for (name, node) in &self.nodes {
            let Some(below) = name.strip_prefix(&prefix).or_else(|| (name == root).then_some("")) else { continue };
            if below.matches('/').count() as u64 >= u64::from(limits.depth) {
                return Err(PortError::TooDeep { path: path.to_owned(), limit: limits.depth });
            }
            if entries.len() as u64 >= limits.entries {
                return Err(PortError::TooMany { path: path.to_owned(), limit: limits.entries });
            }
            entries.push(Self::entry(name, node));
        }
        if entries.is_empty() && !prefix.is_empty() {
            return Err(PortError::Missing { path: path.to_owned() });
        }
        Ok(entries)
    }

    fn link_target(&self, path: &str) -> Option<String> {
        match self.nodes.get(path) {
            Some(Node::Link(target)) => target.clone(),
            _ => None,
        }
    }

    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek>, PortError> {
        match self.nodes.get(path) {
            Some(Node::File(bytes)) => Ok(Box::new(Cursor::new(bytes.clone()))),
            Some(Node::Unreadable(reason)) => Err(PortError::Io { path: path.to_owned(), reason: reason.clone() }),
            Some(Node::Link(_)) => Err(PortError::Io { path: path.to_owned(), reason: "it is a link".to_owned() }),
            None => Err(PortError::Missing { path: path.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_becomes_files_links_and_broken_files() {
        let case = BTreeMap::from([
            ("a/raw.bin".to_owned(), "hex:47 47\n5546".to_owned()),
            ("a/text".to_owned(), "hello".to_owned()),
            ("a/link".to_owned(), "link:/etc/passwd".to_owned()),
            ("b".to_owned(), "unreadable:permission denied".to_owned()),
        ]);
        let files = MemoryFiles::from_case(&case).unwrap();
        let listed = files.list("a", &Limits::default()).unwrap();
        let kinds: Vec<_> = listed.iter().map(|e| (e.path.as_str(), e.bytes, e.kind)).collect();
        assert_eq!(
            kinds,
            [("a/link", 0, FileKind::Link), ("a/raw.bin", 4, FileKind::File), ("a/text", 5, FileKind::File)]
        );
        assert_eq!(files.read("a/raw.bin", 10).unwrap(), b"GGUF");
        assert!(matches!(files.read("a/text", 4), Err(PortError::Io { .. })));
        assert!(matches!(files.open("b"), Err(PortError::Io { .. })));
        assert!(MemoryFiles::from_case(&BTreeMap::from([("x".to_owned(), "hex:4".to_owned())])).is_err());
    }

    #[test]
    fn a_folder_has_limits() {
        let files = MemoryFiles::default().with_file("a/b/c", "").with_file("a/d", "");
        let limits = Limits::default();
        assert_eq!(files.list(".", &limits).unwrap().len(), 2);
        assert_eq!(files.list("a/d", &limits).unwrap().len(), 1);
        assert!(matches!(files.list(".", &Limits { entries: 1, ..limits }), Err(PortError::TooMany { limit: 1, .. })));
        assert!(matches!(files.list(".", &Limits { depth: 2, ..limits }), Err(PortError::TooDeep { limit: 2, .. })));
        assert!(matches!(files.list("nowhere", &limits), Err(PortError::Missing { .. })));
    }
}
