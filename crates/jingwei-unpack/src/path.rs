use jingwei_core::Text;

/// How a name or a link would lead out of the folder into which an archive is unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escape {
    Absolute,
    Drive,
    Parent,
}

impl Escape {
    pub(crate) fn reason(self) -> Text {
        let (zh, en) = match self {
            Escape::Absolute => ("是绝对路径", "is an absolute path"),
            Escape::Drive => ("带有盘符", "names a drive"),
            Escape::Parent => ("以 .. 离开文件夹", "leaves the folder by .."),
        };
        Text::new(zh, en)
    }

    /// Of a link.
    pub(crate) fn link_reason(self, target: &str) -> Text {
        let Text { zh, en } = self.reason();
        Text::new(format!("是链接，目标 {target} {zh}"), format!("is a link whose target {target} {en}"))
    }
}

/// Backslashes count as separators: on Windows they are, and no model needs them in a name.
pub(crate) fn escape(name: &str) -> Option<Escape> {
    // Archivers write the folder that they were called in like this, and unpack it to the folder itself.
    if name == "/" {
        return None;
    }
    escape_from(0, name)
}

/// Of a symbolic link called `name`: its target starts in the link's own folder.
pub(crate) fn link_escape(name: &str, target: &str) -> Option<Escape> {
    let depth = parts(name).filter(|p| *p != "..").count().saturating_sub(1);
    escape_from(depth, target)
}

fn escape_from(depth: usize, path: &str) -> Option<Escape> {
    let mut chars = path.chars();
    match (chars.next(), chars.next()) {
        (Some('/' | '\\'), _) => return Some(Escape::Absolute),
        (Some(letter), Some(':')) if letter.is_ascii_alphabetic() => return Some(Escape::Drive),
        _ => {}
    }
    let mut depth = depth;
    for part in parts(path) {
        if part == ".." {
            match depth.checked_sub(1) {
                Some(up) => depth = up,
                None => return Some(Escape::Parent),
            }
        } else {
            depth += 1;
        }
    }
    None
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_leave_the_folder() {
        for (name, expected) in [
            ("archive/data.pkl", None),
            ("./a/../b", None),
            ("..a/b..", None),
            ("", None),
            ("a\\b", None),
            ("a/../../b", Some(Escape::Parent)),
            ("..", Some(Escape::Parent)),
            ("..\\..\\x", Some(Escape::Parent)),
            ("/etc/x", Some(Escape::Absolute)),
            ("/", None),
            ("//", Some(Escape::Absolute)),
            ("\\\\host\\share", Some(Escape::Absolute)),
            ("C:x", Some(Escape::Drive)),
            ("模:x", None),
        ] {
            assert_eq!(escape(name), expected, "{name}");
        }
    }

    #[test]
    fn links_that_leave_the_folder() {
        for (name, target, expected) in [
            ("a/b/link", "../c", None),
            ("a/link", "../../c", Some(Escape::Parent)),
            ("link", "..", Some(Escape::Parent)),
            ("link", "a/..", None),
            ("link", "/etc", Some(Escape::Absolute)),
        ] {
            assert_eq!(link_escape(name, target), expected, "{name} -> {target}");
        }
    }
}
