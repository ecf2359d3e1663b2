//! Many-shot: made-up turns in which an assistant obliges, then the question (Anil et al. 2024, the idea).

use super::{
    Kind,
    search::{Heard, Move, Strategy},
    settings::DriverSetting,
    shots,
    talk::Talk,
};

pub(super) const KIND: Kind = Kind {
    name: "many-shot",
    title: ("多示例对话", "Many shots"),
    settings: &[DriverSetting::number("shots", 16, 1, shots::MOST)],
    asks: |_| (1, 0),
    strategy: |settings, mut talk| {
        let mut random = talk.random("shots");
        talk.earlier = shots::made_up(talk.lang(), settings.size("shots"), &mut random);
        Box::new(ManyShot { talk, asked: false })
    },
    errors: 0,
    all: |_| false,
};

struct ManyShot {
    talk: Talk,
    asked: bool,
}

impl Strategy for ManyShot {
    fn next(&mut self, _heard: Heard) -> Move {
        if std::mem::replace(&mut self.asked, true) {
            return Move::Done;
        }
        let question = self.talk.question().to_owned();
        Move::Target(vec![self.talk.put(&question, true)])
    }
}
