//! What is told of long work on standard error.

use std::{
    io::IsTerminal,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use jingwei_app::Watcher;
use jingwei_core::{Check, Component, Progress, Text};

use crate::output::Speaker;

/// Tells on standard error what is under way: a bar where somebody looks, lines where it is a log.
pub struct Terminal {
    speaker: Speaker,
    bar: Mutex<Option<ProgressBar>>,
    is_terminal: bool,
}

impl Terminal {
    pub fn new(speaker: Speaker) -> Self {
        Self { speaker, bar: Mutex::new(None), is_terminal: std::io::stderr().is_terminal() }
    }

    fn with_bar(&self, act: impl FnOnce(&ProgressBar)) {
        if let Some(bar) = self.bar.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            act(bar);
        }
    }
}

impl Watcher for Terminal {
    fn check_begins(&self, check: &dyn Check, component: &Component) {
        if !self.is_terminal {
            return;
        }
        self.speaker.say(&format!("· {} · {}", self.speaker.text(&check.title()), component.id));
    }

    fn check_ends(&self, check: &dyn Check, component: &Component, findings: usize, metrics: usize) {
        let (title, id) = (check.title(), &component.id);
        let title = self.speaker.text(&title);
        let line = match self.speaker.lang {
            jingwei_core::Lang::Zh => format!("✓ {title} · {id}：{findings} 项发现，{metrics} 个指标"),
            jingwei_core::Lang::En => format!("✓ {title} · {id}: {findings} findings, {metrics} metrics"),
        };
        self.speaker.say(&line);
    }

    fn progress(&self) -> &dyn Progress {
        self
    }
}

impl Progress for Terminal {
    fn begin(&self, label: &Text, total: u64) {
        let bar = if self.is_terminal { ProgressBar::new(total) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("  {msg} {wide_bar} {pos}/{len} {per_sec} ETA {eta}") {
            bar.set_style(style);
        }
        bar.set_message(self.speaker.text(label).to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        *self.bar.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar);
    }

    fn advance(&self, by: u64) {
        self.with_bar(|bar| bar.inc(by));
    }

    fn end(&self) {
        self.with_bar(ProgressBar::finish_and_clear);
        *self.bar.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
