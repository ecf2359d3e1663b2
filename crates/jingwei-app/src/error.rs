use jingwei_core::{Lang, Text};

/// Whose move it is after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The caller asked for something that makes no sense; ask differently.
    Invalid,
    NotFound,
    /// It contradicts what is there already.
    Conflict,
    Forbidden,
    /// Something outside did not answer; try again.
    Unavailable,
    /// The work could not be done.
    Failed,
}

/// A failure: a message for the caller, and the cause for the operator. The cause is not part of the message.
#[derive(Debug)]
pub struct Error {
    pub kind: ErrorKind,
    pub message: Text,
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub fn new(kind: ErrorKind, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { kind, message: Text::new(zh, en), source: None }
    }

    pub fn invalid(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, zh, en)
    }

    pub fn not_found(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, zh, en)
    }

    pub fn failed(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(ErrorKind::Failed, zh, en)
    }

    #[must_use]
    pub fn because(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// The message with its causes, for a terminal.
    #[must_use]
    pub fn display(&self, lang: Lang) -> String {
        let mut text = self.message.get(lang).to_owned();
        let mut cause = self.source.as_deref().map(|source| source as &dyn std::error::Error);
        while let Some(error) = cause {
            text.push_str(if lang == Lang::Zh { "：" } else { ": " });
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message.en)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

impl From<jingwei_store::StoreError> for Error {
    fn from(error: jingwei_store::StoreError) -> Self {
        Self::failed("数据库操作失败", "the store failed").because(error)
    }
}

impl From<jingwei_ledger::LedgerError> for Error {
    fn from(error: jingwei_ledger::LedgerError) -> Self {
        Self::failed("账本操作失败", "the ledger failed").because(error)
    }
}

impl From<jingwei_govern::GovernError> for Error {
    fn from(error: jingwei_govern::GovernError) -> Self {
        Self::failed("评估失败", "the assessment failed").because(error)
    }
}

impl From<jingwei_catalog::document::Problems> for Error {
    fn from(problems: jingwei_catalog::document::Problems) -> Self {
        let say = |lang| problems.display(lang);
        Self::invalid(say(Lang::Zh), say(Lang::En))
    }
}
