use jingwei_catalog::items::BankItem;
use jingwei_core::Digest;

use crate::attempt::item_digest;

/// Changes a question before it is asked. Pure: the same question, the same change.
pub trait Transform: Send + Sync {
    /// Name and version.
    fn id(&self) -> &str;

    fn apply(&self, question: &str) -> String;
}

/// Asks the question as it stands.
#[derive(Debug, Clone, Copy, Default)]
pub struct Identity;

impl Transform for Identity {
    fn id(&self) -> &str {
        "identity/1"
    }

    fn apply(&self, question: &str) -> String {
        question.to_owned()
    }
}

/// What is asked, in which order: every item through the transforms, `epochs` times.
pub struct Plan<'a> {
    pub items: &'a [BankItem],
    /// Applied one after the other.
    pub transforms: &'a [&'a dyn Transform],
    /// Id of the driver that asks.
    pub driver: &'a str,
    pub seed: u64,
    pub epochs: u32,
}

/// One question to be asked.
pub struct PlannedAttempt<'a> {
    pub item: &'a BankItem,
    pub epoch: u32,
    pub question: String,
    /// Each epoch has its own, so that an answer is not simply repeated.
    pub seed: u64,
}

impl Plan<'_> {
    /// Number of attempts; `None` beyond what can be counted.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        u64::try_from(self.items.len()).ok()?.checked_mul(u64::from(self.epochs))
    }

    /// Items in the order of the bank, epoch after epoch.
    pub fn attempts(&self) -> impl Iterator<Item = PlannedAttempt<'_>> {
        (0..self.epochs).flat_map(|epoch| self.items.iter().map(move |item| (epoch, item))).map(|(epoch, item)| {
            let question = self.transforms.iter().fold(item.text.clone(), |text, transform| transform.apply(&text));
            PlannedAttempt { item, epoch, question, seed: self.seed.wrapping_add(u64::from(epoch)) }
        })
    }

    /// Two plans with one digest ask the same.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let items: Vec<String> = self.items.iter().map(|item| item_digest(item).to_string()).collect();
        let (seed, epochs) = (self.seed.to_string(), self.epochs.to_string());
        let head = ["plan/1", self.driver, &seed, &epochs];
        let transforms = self.transforms.iter().map(|transform| transform.id());
        Digest::of_parts(head.into_iter().chain(transforms).chain(["items"]).chain(items.iter().map(String::as_str)))
    }

    /// Key of an attempt at a target.
    #[must_use]
    pub fn key(&self, attempt: &PlannedAttempt<'_>, target: &Digest) -> Digest {
        let (item, target) = (item_digest(attempt.item).to_string(), target.to_string());
        let (seed, epoch) = (self.seed.to_string(), attempt.epoch.to_string());
        let head = ["attempt/1", &item, self.driver, &target, &seed, &epoch];
        Digest::of_parts(head.into_iter().chain(self.transforms.iter().map(|transform| transform.id())))
    }
}
