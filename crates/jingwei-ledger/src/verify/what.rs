use jingwei_core::{Place, Text};

/// Something in a ledger's directory is not as the ledger made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// File relative to the ledger's directory, and byte in it.
    pub place: Place,
    /// The entry that it concerns.
    pub entry: Option<u64>,
    pub what: What,
}

/// Kinds of damage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A file that the ledger needs is not there.
    Missing,
    /// Not a file of a ledger.
    Foreign,
    /// A half-written file of an interrupted write.
    Leftover,
    /// `lock` holds nothing.
    NotEmpty,
    Unreadable {
        reason: String,
    },
    OverLimit {
        limit: u64,
        of: &'static str,
    },
    /// The stored key is not one, or not in its one form.
    BadKey {
        reason: String,
    },
    /// The stored key is not the one that the caller trusts.
    OtherKey {
        trusted: String,
    },
    BadCheckpoint {
        reason: String,
    },
    /// The entries have another root than the checkpoint says.
    WrongRoot {
        signed: String,
        found: String,
    },
    /// The entry is not the one whose hash is in the tree.
    EntryChanged,
    /// A hash of a tile is not that of what lies below it.
    HashChanged,
    /// The bundle is not made of entries.
    BundleDamaged,
    WrongLength {
        expected: u64,
        found: u64,
    },
    /// It is for entries that the ledger does not have.
    BeyondEntries {
        entries: u64,
    },
    /// Neither the entries nor their hashes can be read, so nothing after them was inspected.
    NotInspected,
    /// A frame at the end of the write-ahead log is not finished.
    Unfinished,
    /// A segment of the write-ahead log is damaged.
    LogDamaged {
        reason: String,
    },
    /// Segments do not lead from one to the next.
    LogGap {
        expected: u64,
        found: u64,
    },
    /// The content of the blob does not have the digest that names it.
    BlobChanged,
    BlobNotListed,
    BlobIndexDamaged,
    /// The text of an export's README is not as it was made.
    ReadmeChanged,
    /// The ledger is older than the checkpoint that was kept elsewhere.
    RolledBack {
        kept: u64,
        found: u64,
    },
    /// The ledger is not a continuation of the checkpoint that was kept elsewhere.
    Forked {
        kept: u64,
    },
    OtherOrigin {
        kept: String,
        found: String,
    },
}

impl What {
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            What::Missing => Text::new("文件缺失", "the file is missing"),
            What::Foreign => Text::new("不是账本的文件", "this is not a file of a ledger"),
            What::Leftover => Text::new(
                "未完成写入留下的文件；打开账本一次即会清除",
                "an interrupted write left this; opening the ledger removes it",
            ),
            What::NotEmpty => Text::new("锁文件应为空", "the lock file should be empty"),
            What::Unreadable { reason } => {
                Text::new(format!("无法读取：{reason}"), format!("it cannot be read: {reason}"))
            }
            What::OverLimit { limit, of } => {
                Text::new(format!("超出上限 {limit} {of}"), format!("it crosses the limit of {limit} {of}"))
            }
            What::BadKey { reason } => {
                Text::new(format!("验证公钥已损坏：{reason}"), format!("the verifier key is damaged: {reason}"))
            }
            What::OtherKey { trusted } => Text::new(
                format!("账本的公钥不是受信任的 {trusted}"),
                format!("the ledger's key is not the trusted {trusted}"),
            ),
            What::BadCheckpoint { reason } => {
                Text::new(format!("检查点无效：{reason}"), format!("the checkpoint is not valid: {reason}"))
            }
            What::WrongRoot { signed, found } => Text::new(
                format!("检查点签署的根为 {signed}，条目算出的根为 {found}"),
                format!("the checkpoint signs root {signed}, but the entries have root {found}"),
            ),
            What::Unfinished => Text::new(
                "预写日志末尾不完整：被截断，或写入中断（未确认的写入在打开账本时清除）",
                "the write-ahead log ends unfinished: it was cut, or a write was interrupted (opening the ledger \
                 removes what was not acknowledged)",
            ),
            What::LogDamaged { reason } => {
                Text::new(format!("预写日志已损坏：{reason}"), format!("the write-ahead log is damaged: {reason}"))
            }
            What::LogGap { expected, found } => Text::new(
                format!("预写日志应接续第 {expected} 条，实际为第 {found} 条"),
                format!("the write-ahead log should go on with entry {expected}, but has {found}"),
            ),
            What::RolledBack { kept, found } => Text::new(
                format!("账本被回退：另存的检查点有 {kept} 条，现有 {found} 条"),
                format!("the ledger was rolled back: a checkpoint kept elsewhere has {kept} entries, this one {found}"),
            ),
            What::Forked { kept } => Text::new(
                format!("前 {kept} 条与另存的检查点不符"),
                format!("the first {kept} entries are not those of the checkpoint that was kept elsewhere"),
            ),
            What::OtherOrigin { kept, found } => Text::new(
                format!("另存的检查点属于 {kept}，此账本为 {found}"),
                format!("the checkpoint that was kept elsewhere is of {kept}, this ledger is {found}"),
            ),
            _ => self.text_of_content(),
        }
    }

    fn text_of_content(&self) -> Text {
        match self {
            What::EntryChanged => {
                Text::new("条目与默克尔树中的散列不符", "the entry does not have the hash that is in the tree")
            }
            What::HashChanged => Text::new("散列与其下层内容不符", "the hash is not that of what lies below it"),
            What::BundleDamaged => {
                Text::new("条目包的内容不是完整的条目", "the bundle does not hold the entries that it should")
            }
            What::WrongLength { expected, found } => Text::new(
                format!("应为 {expected} 字节，实为 {found} 字节"),
                format!("it should have {expected} bytes, but has {found}"),
            ),
            What::BeyondEntries { entries } => Text::new(
                format!("账本只有 {entries} 条，此文件超出其范围"),
                format!("it lies beyond the {entries} entries of the ledger"),
            ),
            What::NotInspected => Text::new(
                "条目及其散列均不可读，其后的内容未检查",
                "neither the entries nor their hashes can be read, and nothing after them was inspected",
            ),
            What::BlobChanged => {
                Text::new("内容与文件名中的摘要不符", "the content does not have the digest that names it")
            }
            What::BlobNotListed => Text::new("不在对象索引中", "the index of blobs does not list it"),
            What::BlobIndexDamaged => {
                Text::new("索引行与其校验和不符", "a line of the index does not fit its checksum")
            }
            _ => Text::new("说明文字被改动", "the text was changed"),
        }
    }
}
