//! TAP: a tree of wordings. Each one that is kept branches, what has lost its aim is pruned before it is asked, and of
//! what was asked the best are kept (Mehrotra et al. 2023, the idea).

use std::collections::VecDeque;

use super::{
    Kind,
    search::{Heard, Move, Strategy, Told},
    settings::{DriverSetting, Settings, WRITER},
    strategies::{self, Branch},
    talk::Talk,
    writer::{self, Before},
};
use crate::Random;

pub(super) const KIND: Kind = Kind {
    name: "tap",
    title: ("树状搜索（TAP）", "Tree search (TAP)"),
    settings: &[
        DriverSetting::number("branching", 3, 1, 6),
        DriverSetting::number("width", 3, 1, 10),
        DriverSetting::number("depth", 3, 1, 6),
        WRITER,
    ],
    asks: |settings| {
        let children = children(settings);
        // A wording, and whether it kept its aim.
        (children, if settings.asks_a_writer() { 2 * children } else { 0 })
    },
    strategy: |settings, talk| {
        let mut random = talk.random("branches");
        let root = Node { text: talk.question().to_owned(), before: None };
        Box::new(Tap {
            branches: strategies::branches(talk.lang(), &mut random),
            branching: settings.size("branching"),
            width: settings.size("width"),
            levels_left: settings.size("depth"),
            by_model: settings.asks_a_writer(),
            kept: vec![root],
            children: Vec::new(),
            open: VecDeque::new(),
            scored: Vec::new(),
            taken: 0,
            checking: false,
            random,
            talk,
        })
    },
    errors: 1,
    all: |_| false,
};

/// The most children of the whole tree: the root's, and of each later level those of all that is kept.
fn children(settings: &Settings) -> u32 {
    let (branching, width, depth) = (settings.number("branching"), settings.number("width"), settings.number("depth"));
    let mut kept = 1_u32;
    let mut sum = 0;
    for _ in 0..depth {
        sum += kept * branching;
        kept = width.min(kept * branching);
    }
    sum
}

/// A wording, and what came of it.
struct Node {
    text: String,
    before: Option<Told>,
}

struct Tap {
    talk: Talk,
    random: Random,
    branches: Vec<Branch>,
    branching: usize,
    width: usize,
    levels_left: usize,
    by_model: bool,
    /// What branches next.
    kept: Vec<Node>,
    /// Wordings of this level whose aim is being looked at.
    children: Vec<String>,
    /// Wordings of this level that are still to be asked.
    open: VecDeque<String>,
    /// What came of the others.
    scored: Vec<Told>,
    /// How many of `branches` were taken; they come round.
    taken: usize,
    checking: bool,
}

impl Strategy for Tap {
    fn next(&mut self, heard: Heard) -> Move {
        match heard {
            Heard::Nothing => self.grow(),
            Heard::Attacker(texts) if self.checking => self.prune(&texts),
            Heard::Attacker(texts) => self.check(texts),
            Heard::Target(told) => {
                self.scored.extend(told.into_iter().filter(|told| !told.failed));
                self.ask()
            }
        }
    }
}

impl Tap {
    /// Begins a level: children of everything that is kept.
    fn grow(&mut self) -> Move {
        if self.levels_left == 0 || self.kept.is_empty() {
            return Move::Done;
        }
        self.levels_left -= 1;
        if !self.by_model {
            self.open = self.own_children();
            return self.ask();
        }
        self.checking = false;
        let (lang, question) = (self.talk.lang(), self.talk.question().to_owned());
        let mut requests = Vec::new();
        for node in &self.kept {
            let before = node.before.as_ref().map(|told| Before {
                wording: &node.text,
                reply: told.said.as_ref().map_or("", |said| said.assistant.as_str()),
                refused: told.refused,
                score: told.score,
            });
            for _ in 0..self.branching {
                let task = writer::better_wording(lang, &question, before.as_ref());
                requests.push(writer::request(lang, task, self.talk.next_seed()));
            }
        }
        Move::Attacker(requests)
    }

    /// What is kept, each as often as it branches.
    fn parents(&self) -> Vec<String> {
        let each = |node: &Node| std::iter::repeat_n(node.text.clone(), self.branching);
        self.kept.iter().flat_map(each).collect()
    }

    /// What our own wordings make of everything that is kept.
    fn own_children(&mut self) -> VecDeque<String> {
        self.parents().iter().map(|parent| self.own_child(parent)).collect()
    }

    fn own_child(&mut self, parent: &str) -> String {
        let branch = self.branches.get(self.taken % self.branches.len().max(1)).cloned();
        self.taken += 1;
        let branch = branch.unwrap_or(Branch::Strategy(self.taken));
        strategies::follow(&branch, parent, self.talk.lang(), &mut self.random)
    }

    /// Asks whether the model's wordings kept the aim.
    fn check(&mut self, texts: Vec<Option<String>>) -> Move {
        let children = texts.into_iter().zip(self.parents());
        let children: Vec<String> =
            children.map(|(text, parent)| text.unwrap_or_else(|| self.own_child(&parent))).collect();
        self.checking = true;
        let (lang, question) = (self.talk.lang(), self.talk.question().to_owned());
        let ask =
            |child: &String| writer::request(lang, writer::same_aim(lang, &question, child), self.talk.next_seed());
        let requests = children.iter().map(ask).collect();
        self.children = children;
        Move::Attacker(requests)
    }

    /// Leaves out what lost the aim. Where the model did not say, the words decide.
    fn prune(&mut self, said: &[Option<String>]) -> Move {
        let question = self.talk.question().to_owned();
        let anchor = !self.talk.judge_knows_the_aim();
        for (index, child) in std::mem::take(&mut self.children).into_iter().enumerate() {
            let agrees = said.get(index).and_then(|text| writer::agrees(text.as_deref()?));
            if agrees.unwrap_or_else(|| writer::keeps(&question, &child)) {
                self.open.push_back(if anchor { writer::anchored(&question, child) } else { child });
            }
        }
        if self.open.is_empty() && self.scored.is_empty() {
            // Nothing is left of this level: our own wordings never lose the aim.
            self.open = self.own_children();
        }
        self.ask()
    }

    /// Asks the next wording; after the last one the best are kept and branch.
    fn ask(&mut self) -> Move {
        if let Some(text) = self.open.pop_front() {
            return Move::Target(vec![self.talk.put(&text, true)]);
        }
        let mut scored = std::mem::take(&mut self.scored);
        // Stable: of equal ones the earlier stays.
        scored.sort_by(|a, b| b.score.total_cmp(&a.score));
        scored.truncate(self.width);
        self.kept = scored.into_iter().map(|told| Node { text: told.plain.clone(), before: Some(told) }).collect();
        self.grow()
    }
}
