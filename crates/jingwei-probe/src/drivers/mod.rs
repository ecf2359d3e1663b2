//! Ways to put a question to a target in more than one turn, in one table.
//!
//! A driver is named with its settings: `crescendo`, `crescendo(turns=4)`, `tap(depth=2,writer=model)`. All of them work
//! offline, with wordings of our own; with `writer=model` an attacker's model writes them, and where it fails or
//! declines the own wording is taken. None asks more than its bound.

mod best_of_n;
mod crescendo;
mod decomposition;
mod follow_up;
mod many_shot;
mod pair;
mod search;
mod settings;
mod shots;
mod strategies;
mod talk;
mod tap;
mod writer;

use std::sync::Arc;

use jingwei_core::Text;

use crate::{Case, Driver, Party, Requests, Session, SingleTurn};
use search::{JUDGE_REQUESTS, Search, Strategy};
use settings::{Settings, Spec};
use talk::Talk;

pub use settings::{BadDriver, DriverSetting, SettingRange};

/// A driver of the table.
pub struct DriverEntry {
    /// In kebab case: `best-of-n`.
    pub name: &'static str,
    pub title: Text,
    /// What a spec may choose.
    pub settings: &'static [DriverSetting],
    /// With the settings at their defaults: the id, the models that it asks, and the most that one attempt asks.
    pub id: String,
    pub needs: &'static [Party],
    pub at_most: Requests,
}

/// The one definition of a driver; entries and drivers are made of it.
struct Kind {
    name: &'static str,
    title: (&'static str, &'static str),
    settings: &'static [DriverSetting],
    /// Requests to the target and to the attacker's model.
    asks: fn(&Settings) -> (u32, u32),
    strategy: fn(&Settings, Talk) -> Box<dyn Strategy>,
    /// Errors of the target that are passed over.
    errors: u32,
    /// Whether it goes on after a success.
    all: fn(&Settings) -> bool,
}

const KINDS: [&Kind; 7] = [
    &many_shot::KIND,
    &crescendo::KIND,
    &pair::KIND,
    &tap::KIND,
    &best_of_n::KIND,
    &decomposition::KIND,
    &follow_up::KIND,
];

const VERSION: &str = "1";

/// Every driver, the plainest first.
#[must_use]
pub fn all() -> Vec<DriverEntry> {
    let single = DriverEntry {
        name: SINGLE_TURN,
        title: Text::new("单轮提问", "One turn"),
        settings: &[],
        id: Driver::id(&SingleTurn).to_owned(),
        needs: SingleTurn.needs(),
        at_most: SingleTurn.at_most(),
    };
    let entry = |kind: &&'static Kind| {
        let driver = Named::new(kind, Settings::defaults(kind.settings));
        DriverEntry {
            name: kind.name,
            title: Text::new(kind.title.0, kind.title.1),
            settings: kind.settings,
            needs: driver.needs(),
            at_most: driver.at_most(),
            id: driver.id,
        }
    };
    std::iter::once(single).chain(KINDS.iter().map(entry)).collect()
}

const SINGLE_TURN: &str = "single-turn";

/// The driver that a spec names; an id of a driver names it too.
///
/// # Errors
/// No such driver, or a setting that it does not have or not in this range.
pub fn named(spec: &str) -> Result<Arc<dyn Driver>, BadDriver> {
    let spec = Spec::parse(spec)?;
    if spec.name == SINGLE_TURN {
        spec.settings(SINGLE_TURN, VERSION, &[])?;
        return Ok(Arc::new(SingleTurn));
    }
    let Some(kind) = KINDS.into_iter().find(|kind| kind.name == spec.name) else {
        let known = std::iter::once(SINGLE_TURN).chain(KINDS.iter().map(|kind| kind.name)).collect::<Vec<_>>();
        return Err(BadDriver::Unknown { name: spec.name.to_owned(), known: known.join(", ") });
    };
    let settings = spec.settings(kind.name, VERSION, kind.settings)?;
    Ok(Arc::new(Named::new(kind, settings)))
}

/// A driver of the table with what a spec chose.
struct Named {
    id: String,
    kind: &'static Kind,
    settings: Settings,
}

impl Named {
    fn new(kind: &'static Kind, settings: Settings) -> Self {
        let id = format!("{}/{VERSION}{}", kind.name, settings.written(kind.settings));
        Self { id, kind, settings }
    }
}

impl Driver for Named {
    fn id(&self) -> &str {
        &self.id
    }

    fn begin(&self, case: Case) -> Box<dyn Session> {
        let judge = Arc::clone(&case.judge);
        let item = Arc::clone(&case.item);
        let chain = Arc::clone(&case.chain);
        let strategy = (self.kind.strategy)(&self.settings, Talk::new(case, &self.id));
        let (errors, all) = (self.kind.errors, (self.kind.all)(&self.settings));
        Box::new(Search::new(strategy, item, chain, judge, self.at_most(), errors, all))
    }

    fn needs(&self) -> &'static [Party] {
        if self.settings.asks_a_writer() { &[Party::Attacker] } else { &[] }
    }

    fn at_most(&self) -> Requests {
        let (target, attacker) = (self.kind.asks)(&self.settings);
        Requests { target, attacker, judge: target.saturating_mul(JUDGE_REQUESTS) }
    }
}
