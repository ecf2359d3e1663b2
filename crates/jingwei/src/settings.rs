//! Everything that comes from outside the command line: the environment and the clock. Read here and nowhere else.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use jingwei_app::AppSettings;
use jingwei_core::{Clock, Lang, Limits, Timestamp};
use jingwei_net::NetSettings;

use crate::cli::Global;

/// The clock on the wall.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the one real clock")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// An environment variable, if it is set and is text.
#[expect(clippy::disallowed_methods, reason = "settings are read here")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The language of the command: the flag, else the locale. Chinese help must be known before flags are parsed.
pub fn language(arguments: &[String]) -> Lang {
    let after = |flag: &str| arguments.iter().position(|a| a == flag).and_then(|at| arguments.get(at + 1)).cloned();
    let joined = arguments.iter().find_map(|a| a.strip_prefix("--lang=").map(str::to_owned));
    let chosen = joined.or_else(|| after("--lang")).or_else(|| variable("JINGWEI_LANG"));
    let locale = || ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
    Lang::of_locale(&chosen.or_else(locale).unwrap_or_default())
}

/// Settings of the installation.
pub fn app_settings(global: &Global, queue: u32) -> AppSettings {
    AppSettings {
        data: global.data.clone(),
        store: global.store.clone(),
        catalog: global.catalog.clone(),
        actor: global.actor.clone(),
        limits: Limits { queue, ..Limits::default() },
        net: NetSettings { allow_private: global.allow_private, allow_loopback: true, ..NetSettings::default() },
        secrets: Arc::new(variable),
        clock: Arc::new(SystemClock),
    }
}
