use std::sync::Arc;

use jingwei_core::Digest;

use crate::{Case, Chain, Driver, Item, Judge, Sampling};

/// What is asked, in which order: part after part, chain after chain, epoch after epoch, item after item.
#[derive(Clone)]
pub struct Plan {
    /// Id of the suite.
    pub suite: String,
    pub seed: u64,
    pub parts: Vec<Part>,
}

/// A group of attempts that are made and judged alike.
#[derive(Clone)]
pub struct Part {
    /// Unique within the plan.
    pub id: String,
    /// Dimension of a benchmark that it belongs to.
    pub dimension: Option<String>,
    pub items: Vec<Arc<Item>>,
    /// Every item is asked through each of them.
    pub chains: Vec<Arc<Chain>>,
    pub driver: Arc<dyn Driver>,
    /// The first one that can judge an item decides; the others are noted.
    pub judges: Vec<Arc<dyn Judge>>,
    pub epochs: u32,
    pub max_tokens: u32,
    pub temperature: f64,
}

/// One question to be asked.
#[derive(Clone)]
pub struct Planned {
    pub part: usize,
    pub epoch: u32,
    pub case: Case,
    pub judges: Vec<Arc<dyn Judge>>,
}

/// One thing that decides what a plan asks, and its digest: what differs when a plan has drifted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Ingredient {
    /// `seed`, or `PART.items`, `PART.transforms`, `PART.driver`, `PART.judges`, `PART.sampling`.
    pub name: String,
    pub digest: Digest,
}

impl Part {
    fn len(&self) -> Option<usize> {
        self.items.len().checked_mul(self.chains.len())?.checked_mul(usize::try_from(self.epochs).ok()?)
    }
}

impl Plan {
    /// Number of attempts; `None` beyond what can be counted.
    #[must_use]
    pub fn total(&self) -> Option<usize> {
        self.parts.iter().try_fold(0_usize, |sum, part| sum.checked_add(part.len()?))
    }

    /// The attempt of that number; `None` beyond the last one.
    #[must_use]
    pub fn get(&self, number: usize) -> Option<Planned> {
        let mut rest = number;
        for (index, part) in self.parts.iter().enumerate() {
            let len = part.len()?;
            if rest >= len {
                rest -= len;
                continue;
            }
            let item = part.items.get(rest % part.items.len())?;
            let rest = rest / part.items.len();
            let epochs = usize::try_from(part.epochs).ok()?;
            let (chain, epoch) = (part.chains.get(rest / epochs)?, u32::try_from(rest % epochs).ok()?);
            let judges: Vec<_> = part.judges.iter().filter(|judge| judge.judges(item)).cloned().collect();
            let sampling = Sampling {
                max_tokens: part.max_tokens,
                temperature: part.temperature,
                seed: self.seed.wrapping_add(u64::from(epoch)),
            };
            let judge = judges.first().or_else(|| part.judges.first())?;
            let case = Case { item: Arc::clone(item), chain: Arc::clone(chain), judge: Arc::clone(judge), sampling };
            return Some(Planned { part: index, epoch, case, judges });
        }
        None
    }

    /// In the plan's order.
    pub fn attempts(&self) -> impl Iterator<Item = Planned> + '_ {
        (0..self.total().unwrap_or(0)).filter_map(|number| self.get(number))
    }

    /// Key of an attempt at a target.
    #[must_use]
    pub fn key(&self, planned: &Planned, target: &Digest) -> Digest {
        let part = self.parts.get(planned.part);
        let driver = part.map_or("", |part| part.driver.id());
        let Sampling { max_tokens, temperature, .. } = planned.case.sampling;
        let sampling = format!("{max_tokens} {temperature}");
        let (item, target) = (planned.case.item.digest().to_string(), target.to_string());
        let (seed, epoch) = (self.seed.to_string(), planned.epoch.to_string());
        let chain = planned.case.chain.id();
        Digest::of_parts(["attempt/2", &item, chain, driver, &sampling, &target, &seed, &epoch])
    }

    /// Everything that decides what is asked and how it is judged.
    #[must_use]
    pub fn ingredients(&self) -> Vec<Ingredient> {
        let of = |name: String, parts: Vec<String>| Ingredient {
            name,
            digest: Digest::of_parts(parts.iter().map(String::as_str)),
        };
        let mut list = vec![of("seed".to_owned(), vec![self.seed.to_string()])];
        for part in &self.parts {
            let id = &part.id;
            let items = part.items.iter().map(|item| item.digest().to_string()).collect();
            let chains = part.chains.iter().map(|chain| chain.id().to_owned()).collect();
            let judges = part.judges.iter().flat_map(|j| [j.id().to_owned(), j.configuration().to_string()]).collect();
            let sampling = vec![part.epochs.to_string(), part.max_tokens.to_string(), part.temperature.to_string()];
            list.push(of(format!("{id}.items"), items));
            list.push(of(format!("{id}.transforms"), chains));
            list.push(of(format!("{id}.driver"), vec![part.driver.id().to_owned()]));
            list.push(of(format!("{id}.judges"), judges));
            list.push(of(format!("{id}.sampling"), sampling));
        }
        list
    }

    /// Two plans with one digest ask the same and judge alike.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let list: Vec<String> = self.ingredients().iter().map(|i| format!("{} {}", i.name, i.digest)).collect();
        Digest::of_parts(["plan/2", &self.suite].into_iter().chain(list.iter().map(String::as_str)))
    }
}
