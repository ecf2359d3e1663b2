//! Lists come in pages; a page names where the next one starts.

use std::{fmt::Display, str::FromStr};

use jingwei_store::{Cursor, Listed, Page, StoreError};

use crate::{Error, ErrorKind};

/// Which part of a list is wanted.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// `next` of the page before.
    pub after: Option<String>,
    /// 1 to 200; 50 if not given.
    pub limit: Option<u32>,
}

/// A part of a list.
#[derive(Debug, Clone)]
pub struct PageOf<T> {
    pub items: Vec<T>,
    /// `None`: this was the last page.
    pub next: Option<String>,
}

impl PageRequest {
    pub(crate) fn read(&self) -> Result<Page, Error> {
        let after = self.after.as_deref().map(str::parse::<Cursor>).transpose().map_err(of_store)?;
        Page::new(after, self.limit.unwrap_or(Page::DEFAULT_LIMIT)).map_err(of_store)
    }
}

impl<T> PageOf<T> {
    pub(crate) fn of<R>(listed: Listed<R>, mut view: impl FnMut(R) -> Result<T, Error>) -> Result<Self, Error> {
        let items = listed.items.into_iter().map(&mut view).collect::<Result<_, _>>()?;
        Ok(Self { items, next: listed.next.map(|cursor| cursor.to_string()) })
    }
}

/// Whose move it is after the store refused.
pub(crate) fn of_store(error: StoreError) -> Error {
    let en = error.to_string();
    let (kind, zh) = match &error {
        StoreError::BadCursor => (ErrorKind::Invalid, "游标不属于此列表：请去掉游标从头开始".to_owned()),
        StoreError::BadLimit { limit } => {
            (ErrorKind::Invalid, format!("每页可取 1 至 {} 行，不能是 {limit}", Page::MAX_LIMIT))
        }
        StoreError::TooLong { column, limit, .. } => {
            (ErrorKind::Invalid, format!("`{column}` 超过 {limit} 字节：请缩短"))
        }
        StoreError::Nul { column, .. } => (ErrorKind::Invalid, format!("`{column}` 含 NUL 字符：请去掉")),
        StoreError::Missing { noun, id } => (ErrorKind::NotFound, format!("没有 {noun} `{id}`")),
        StoreError::Conflict { noun, id } => (ErrorKind::Conflict, format!("{noun} `{id}` 已存在：请换一个 id")),
        StoreError::Busy => (ErrorKind::Unavailable, "数据库正忙：请稍后重试".to_owned()),
        _ => return Error::from(error),
    };
    Error { source: Some(Box::new(error)), ..Error::new(kind, zh, en) }
}

/// A name in a path: one that is no id names nothing.
pub(crate) fn named<T: FromStr>(zh: &str, en: &str, name: &str) -> Result<T, Error> {
    name.parse().map_err(|_| nothing(zh, en, name))
}

pub(crate) fn nothing(zh: &str, en: &str, name: &str) -> Error {
    let shown: String = name.chars().take(128).collect();
    crate::assess::missing(zh, en, &shown)
}

/// A value of a filter or a form.
pub(crate) fn given<T: FromStr<Err: Display>>(key: &str, value: Option<&str>) -> Result<Option<T>, Error> {
    let parse = |text: &str| {
        text.parse::<T>().map_err(|e| Error::invalid(format!("`{key}` 无效：{e}"), format!("`{key}` does not do: {e}")))
    };
    value.map(parse).transpose()
}

/// A text that a person must write.
pub(crate) fn written(key: &str, value: &str, max_chars: usize) -> Result<String, Error> {
    let text = value.trim();
    if text.is_empty() {
        return Err(Error::invalid(format!("`{key}` 不能为空：请填写"), format!("`{key}` is empty; write it")));
    }
    if text.chars().count() > max_chars {
        return Err(Error::invalid(
            format!("`{key}` 超过 {max_chars} 个字符：请缩短"),
            format!("`{key}` is longer than {max_chars} characters; shorten it"),
        ));
    }
    Ok(text.to_owned())
}
