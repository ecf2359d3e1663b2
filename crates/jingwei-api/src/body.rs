//! How the use cases' values become JSON: written once per value, by `body!`; words stand in `words.rs`.

use jingwei_app::paging::PageOf;
use jingwei_core::{CheckId, ComponentId, ControlId, Digest, Grade, RiskId, SystemId, Text, Timestamp};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A value of a use case as a value of an answer.
pub(crate) trait ToBody<B> {
    fn to_body(self) -> B;
}

macro_rules! as_it_is {
    ($($type:ty),+) => {$(
        impl ToBody<$type> for $type {
            fn to_body(self) -> $type {
                self
            }
        }
    )+};
}
as_it_is!(String, bool, u8, u64, Value);

macro_rules! as_text {
    ($($type:ty),+) => {$(
        impl ToBody<String> for $type {
            fn to_body(self) -> String {
                self.into()
            }
        }
    )+};
}
as_text!(CheckId, ComponentId, ControlId, Digest, RiskId, SystemId, Timestamp);

impl ToBody<u8> for Grade {
    fn to_body(self) -> u8 {
        self.get()
    }
}

impl<A: ToBody<B>, B> ToBody<Option<B>> for Option<A> {
    fn to_body(self) -> Option<B> {
        self.map(ToBody::to_body)
    }
}

impl<A: ToBody<B>, B> ToBody<Vec<B>> for Vec<A> {
    fn to_body(self) -> Vec<B> {
        self.into_iter().map(ToBody::to_body).collect()
    }
}

/// A message in both languages.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Text)]
pub(crate) struct TextBody {
    zh: String,
    en: String,
}

impl ToBody<TextBody> for Text {
    fn to_body(self) -> TextBody {
        TextBody { zh: self.zh, en: self.en }
    }
}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    items: Vec<T>,
    /// Send it as `after` to read on. Absent: this was the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl<A: ToBody<B>, B> ToBody<Page<B>> for PageOf<A> {
    fn to_body(self) -> Page<B> {
        Page { items: self.items.to_body(), next: self.next }
    }
}

/// The JSON of an answer, its fields from the use case's value of the same name.
macro_rules! body {
    (
        $(#[$doc:meta])*
        struct $name:ident from $from:ty {
            $($(#[$field_doc:meta])* $field:ident: $type:ty,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, serde::Serialize, utoipa::ToSchema)]
        pub(crate) struct $name {
            $($(#[$field_doc])* $field: $type,)+
        }

        impl $crate::body::ToBody<$name> for $from {
            fn to_body(self) -> $name {
                $name { $($field: $crate::body::ToBody::to_body(self.$field),)+ }
            }
        }
    };
}
pub(crate) use body;
