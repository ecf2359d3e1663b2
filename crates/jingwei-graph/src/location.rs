use jingwei_core::Text;

/// ONNX Runtime takes a tensor with this location from memory, at the address that the offset names.
const MEMORY_MARK: &str = "/_ORT_MEM_ADDR_/";

/// Why a path that a file names leads out of the model's folder; `None` for a plain relative one.
pub(crate) fn escape(location: &str) -> Option<Text> {
    let lower = location.to_ascii_lowercase();
    let mut letters = location.chars();
    let drive = letters.next().is_some_and(|c| c.is_ascii_alphabetic()) && letters.next() == Some(':');
    let reason = if location.contains(MEMORY_MARK) {
        ("指向进程内存中的地址", "it names an address in the process's memory")
    } else if location.chars().any(char::is_control) {
        ("路径含控制字符", "the path holds control characters")
    } else if lower.contains("://") || lower.starts_with("file:") || lower.starts_with("data:") {
        ("这是网址而不是文件名", "it is a URL, not a file name")
    } else if location.starts_with("\\\\") || location.starts_with("//") {
        ("这是网络路径", "it is a path on the network")
    } else if drive {
        ("路径以盘符开头", "the path begins with a drive")
    } else if location.starts_with(['/', '\\']) {
        ("这是绝对路径", "the path is absolute")
    } else if location.split(['/', '\\']).any(|part| part.trim() == "..") {
        ("路径经 .. 离开模型目录", "the path leaves the model's folder by ..")
    } else if location.starts_with('~') {
        ("路径从用户主目录开始", "the path begins at a home folder")
    } else {
        return None;
    };
    Some(Text::new(reason.0, reason.1))
}

/// Whether a text is a path that leads away beyond doubt: many texts begin with a stroke.
pub(crate) fn is_far(text: &str) -> bool {
    let system = ["/etc/", "/proc/", "/dev/", "/sys/", "/root/", "~/."];
    text.split(['/', '\\']).any(|part| part == "..")
        || text.contains("://")
        || system.iter().any(|at| text.starts_with(at))
}

/// Whether a name is a file of native code, or a path to one.
pub(crate) fn is_native_library(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let ends = [".so", ".dll", ".dylib", ".pyd", ".exe", ".sh", ".bat", ".py"].iter().any(|end| file.ends_with(end));
    ends || file.contains(".so.") || name.contains('\\') || name.starts_with(['/', '.']) || name.contains("://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_leaves_the_folder_is_told_from_one_that_stays() {
        for location in [
            "../weights.bin",
            "a/../../b",
            "a\\..\\b",
            "/etc/passwd",
            "\\\\host\\share",
            "\\windows",
            "C:\\x",
            "c:x",
            "http://example.org/w",
            "file:w.bin",
            "a\nb",
            "w\0.bin",
            "*/_ORT_MEM_ADDR_/*",
            "~/w",
            ".. /w",
            "..",
        ] {
            assert!(escape(location).is_some(), "{location:?}");
        }
        for location in ["weights.bin", "a/b/w.data", "./w.bin", "..w", "w..bin", "模型.bin", "a b.bin", ""] {
            assert_eq!(escape(location), None, "{location:?}");
        }
    }

    #[test]
    fn a_library_is_told_from_a_domain() {
        for name in ["./evil", "libx.so", "libx.so.1", "a\\b", "X.DLL", "/opt/x/y", "https://example.org/op"] {
            assert!(is_native_library(name), "{name}");
        }
        for name in ["com.example", "ai.onnx", "pkg.torch.2.1.0+cu/layers", "mmdeploy", ""] {
            assert!(!is_native_library(name), "{name}");
        }
    }
}
