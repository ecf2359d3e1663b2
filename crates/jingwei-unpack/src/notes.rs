use jingwei_core::Text;
use jingwei_read::{Sighting, shown};

use crate::path::{escape, link_escape};

/// Told of one rule in one archive: a person reads them, and a hostile archive could bring a million.
const PER_RULE: usize = 50;

/// Sightings of one archive.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) sightings: Vec<Sighting>,
    counts: Vec<(&'static str, usize)>,
}

impl Notes {
    pub(crate) fn see(&mut self, sighting: Sighting) {
        if self.is_full(sighting.rule) {
            return;
        }
        match self.counts.iter_mut().find(|(rule, _)| *rule == sighting.rule) {
            Some((_, count)) => *count += 1,
            None => self.counts.push((sighting.rule, 1)),
        }
        self.sightings.push(sighting);
    }

    /// So many of this rule that more are not worth their making.
    fn is_full(&self, rule: &str) -> bool {
        self.counts.iter().any(|(seen, count)| *seen == rule && *count >= PER_RULE)
    }

    pub(crate) fn inconsistent(&mut self, member: &str, offset: u64, zh: &str, en: &str) {
        self.note("model.archive-inconsistent", member, offset, || Text::new(zh, en));
    }

    /// A loader may see what a person who lists the archive does not.
    pub(crate) fn hidden(&mut self, member: &str, offset: u64, reason: impl FnOnce() -> Text) {
        self.note("model.archive-hidden-member", member, offset, reason);
    }

    /// A name that leads out of the folder into which the archive is unpacked.
    pub(crate) fn check_name(&mut self, name: &str, offset: u64) {
        if let Some(escape) = escape(name) {
            self.note("model.archive-path-escape", name, offset, || escape.reason());
        }
    }

    /// A device or a pipe: unpacking makes one, and reading it may never end.
    pub(crate) fn special(&mut self, member: &str, offset: u64) {
        self.note("model.archive-special-member", member, offset, || {
            Text::new("是设备或管道", "is a device or a pipe")
        });
    }

    /// A program with the bit by which it runs with its owner's rights.
    pub(crate) fn lends(&mut self, member: &str, offset: u64) {
        self.note("model.archive-special-member", member, offset, || {
            Text::new(
                "是以属主身份运行的程序（setuid 或 setgid）",
                "is a program that runs with its owner's rights (setuid or setgid)",
            )
        });
    }

    /// A link that does; the target of a hard link is a member's name.
    pub(crate) fn check_link(&mut self, name: &str, target: &str, hard: bool, offset: u64) {
        let leaves = if hard { escape(target) } else { link_escape(name, target) };
        if let Some(escape) = leaves {
            self.note("model.archive-path-escape", name, offset, || escape.link_reason(target));
        }
    }

    fn note(&mut self, rule: &'static str, member: &str, offset: u64, reason: impl FnOnce() -> Text) {
        if !self.is_full(rule) {
            self.see(about(rule, member, offset, reason()));
        }
    }

    /// Bytes that belong to no member.
    pub(crate) fn junk(&mut self, key: &str, offset: u64, length: u64, zh: &str, en: &str) {
        let reason = Text::new(zh, en);
        let sighting = Sighting::new("model.archive-junk").key(key).at(offset);
        self.see(sighting.with("length", &length.to_string()).with_text("reason", reason));
    }
}

pub(crate) fn inconsistent(member: &str, offset: u64, zh: &str, en: &str) -> Sighting {
    about("model.archive-inconsistent", member, offset, Text::new(zh, en))
}

pub(crate) fn encrypted(member: &str, offset: u64) -> Sighting {
    Sighting::new("model.archive-encrypted").key(member).at(offset).with("member", member)
}

fn about(rule: &'static str, member: &str, offset: u64, reason: Text) -> Sighting {
    Sighting::new(rule).key(member).at(offset).with("member", member).with_text("reason", shown_text(&reason))
}

/// Reasons quote names of members.
fn shown_text(text: &Text) -> Text {
    Text::new(shown(&text.zh), shown(&text.en))
}
