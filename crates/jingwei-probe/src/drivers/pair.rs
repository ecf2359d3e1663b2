//! PAIR: one wording after the other, each made better by what came of the one before (Chao et al. 2023, the idea).

use super::{
    Kind,
    search::{Heard, Move, Strategy},
    settings::{DriverSetting, WRITER},
    strategies,
    talk::Talk,
    writer::{self, Before},
};

pub(super) const KIND: Kind = Kind {
    name: "pair",
    title: ("逐轮改写（PAIR）", "Iterative rewording (PAIR)"),
    settings: &[DriverSetting::number("rounds", 5, 1, 20), WRITER],
    asks: |settings| {
        let rounds = settings.number("rounds");
        (rounds, if settings.asks_a_writer() { rounds } else { 0 })
    },
    strategy: |settings, talk| {
        let first = talk.random("strategy").below(strategies::COUNT);
        Box::new(Pair { talk, rounds: settings.size("rounds"), by_model: settings.asks_a_writer(), round: 0, first })
    },
    errors: 1,
    all: |_| false,
};

struct Pair {
    talk: Talk,
    rounds: usize,
    by_model: bool,
    round: usize,
    /// Number of the strategy that comes first.
    first: usize,
}

impl Strategy for Pair {
    fn next(&mut self, heard: Heard) -> Move {
        let before = match heard {
            Heard::Attacker(texts) => return self.say(texts.into_iter().next().flatten()),
            Heard::Target(told) => told.into_iter().next(),
            Heard::Nothing => None,
        };
        if self.round >= self.rounds {
            return Move::Done;
        }
        if !self.by_model {
            return self.say(None);
        }
        let before = before.as_ref().filter(|told| !told.failed).map(|told| Before {
            wording: &told.plain,
            reply: told.said.as_ref().map_or("", |said| said.assistant.as_str()),
            refused: told.refused,
            score: told.score,
        });
        let task = writer::better_wording(self.talk.lang(), self.talk.question(), before.as_ref());
        Move::Attacker(vec![writer::request(self.talk.lang(), task, self.talk.next_seed())])
    }
}

impl Pair {
    fn say(&mut self, wording: Option<String>) -> Move {
        let question = self.talk.question();
        let wording = match wording {
            Some(wording) if self.talk.judge_knows_the_aim() => wording,
            Some(wording) => writer::anchored(question, wording),
            None => strategies::wrapped(self.talk.lang(), self.first + self.round, question),
        };
        self.round += 1;
        Move::Target(vec![self.talk.put(&wording, true)])
    }
}
