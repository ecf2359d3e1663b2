use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A language that Jingwei speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    Zh,
    En,
}

impl Lang {
    pub const ALL: [Lang; 2] = [Lang::Zh, Lang::En];

    /// The language of a POSIX locale name (`zh_CN.UTF-8`) or a BCP 47 tag (`zh-Hans`). Anything that is not Chinese is English.
    #[must_use]
    pub fn of_locale(locale: &str) -> Lang {
        if locale.to_ascii_lowercase().starts_with("zh") { Lang::Zh } else { Lang::En }
    }

    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Lang::Zh => "zh",
            Lang::En => "en",
        }
    }
}

/// A message in both languages. Neither may be missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    #[schemars(length(min = 1))]
    pub zh: String,
    #[schemars(length(min = 1))]
    pub en: String,
}

impl Text {
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// The same characters in both languages: names, paths, numbers.
    pub fn same(value: impl Into<String>) -> Self {
        let value = value.into();
        Self { zh: value.clone(), en: value }
    }

    #[must_use]
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_gives_a_language() {
        for (locale, lang) in
            [("zh_CN.UTF-8", Lang::Zh), ("zh-Hans", Lang::Zh), ("C", Lang::En), ("", Lang::En), ("de_DE", Lang::En)]
        {
            assert_eq!(Lang::of_locale(locale), lang, "{locale}");
        }
    }
}
