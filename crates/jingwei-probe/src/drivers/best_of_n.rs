//! Best of n: the same question again and again, each time with other small faults in its writing (Hughes et al. 2024,
//! the idea).

use std::{collections::BTreeMap, sync::LazyLock};

use jingwei_text::phonetic::{Syllable, syllable_of};

use super::{
    Kind,
    search::{Heard, Move, Strategy},
    settings::{DriverSetting, SettingRange},
    talk::Talk,
};
use crate::Random;

pub(super) const KIND: Kind = Kind {
    name: "best-of-n",
    title: ("多次扰动取样（best-of-n）", "Best of n"),
    settings: &[
        DriverSetting::number("n", 10, 1, 500),
        // Of a hundred letters or characters, about so many are disturbed.
        DriverSetting::number("noise", 10, 0, 50),
        // Stops at the first success, or asks all: then the turns give hit@k for every k up to n.
        DriverSetting { name: "until", range: SettingRange::Choice(&["success", "all"]) },
    ],
    asks: |settings| (settings.number("n"), 0),
    strategy: |settings, talk| {
        let noise = f64::from(settings.number("noise")) / 100.0;
        Box::new(BestOfN { random: talk.random("noise"), talk, left: settings.size("n"), noise })
    },
    errors: 1,
    all: |settings| settings.is("until", "all"),
};

struct BestOfN {
    talk: Talk,
    random: Random,
    left: usize,
    noise: f64,
}

impl Strategy for BestOfN {
    fn next(&mut self, _heard: Heard) -> Move {
        if self.left == 0 {
            return Move::Done;
        }
        self.left -= 1;
        let text = disturbed(self.talk.question(), self.noise, &mut self.random);
        Move::Target(vec![self.talk.put(&text, true)])
    }
}

/// Share of Latin letters that stand in upper case.
const UPPER: f64 = 0.5;
/// What is put between Chinese characters.
const SEPARATORS: [&str; 5] = [" ", "·", "-", "、", "*"];
/// Common characters, among which another with the same sound is looked for.
const COMMON: &str = "的得地了这着和河合是事式市世十时实使始在再载有友右又由人仁认任不步部布他她它大打达为位未味我卧\
上尚商来莱个各要药以已意易义一医衣依中种钟终子字自资你泥到道倒出初处年念说硕那哪去取趣也夜业里理力立利可克课客\
会回汇惠家加佳价主住注助过国果对队学雪动东冬懂能对多朵小晓笑校心新信星行形型知支之只制治手首受收高搞稿问文闻\
名明命做作坐座坏怀华化画话法发方放房防分份风丰封关管观光广间见建件检进近金今紧经精静净开看刊科口苦库老劳\
路陆录论轮门们面免民敏平评瓶品清情请轻全权泉让热人如入三山善身深神什声生省胜师诗食试思四死私送算随岁所锁\
太态谈弹提题体天田条调听停通同统头投图土推外完玩万王望往网维伟文握无五武物务希西息习系细下夏先现线向相像写谢\
性姓兴修秀需许续选学寻研言眼严演样养阳氧页元原员圆远院愿约月越云运早造则责展站战张章找照者真正整证政直职指纸\
至志制周州抓专转装状准桌总走足组最昨";

/// The text with other faults each time: case, swapped and repeated letters; for Chinese, characters of the same sound
/// and separators.
fn disturbed(text: &str, noise: f64, random: &mut Random) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for at in 1..characters.len().saturating_sub(2) {
        let inner = characters.get(at - 1..at + 3).is_some_and(|four| four.iter().all(char::is_ascii_alphabetic));
        if inner && random.chance(noise) {
            characters.swap(at, at + 1);
        }
    }
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    for (at, c) in characters.iter().copied().enumerate() {
        if c.is_ascii_alphabetic() {
            out.push(if random.chance(UPPER) { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() });
            if random.chance(noise / 2.0) {
                out.push(c);
            }
        } else if jingwei_text::is_ideograph(c) {
            let other = if random.chance(noise) { same_sound(c, random) } else { None };
            out.push(other.unwrap_or(c));
            let next = characters.get(at + 1).is_some_and(|next| jingwei_text::is_ideograph(*next));
            if next && random.chance(noise) {
                out.push_str(random.pick(&SEPARATORS).copied().unwrap_or_default());
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Another common character that sounds alike.
fn same_sound(c: char, random: &mut Random) -> Option<char> {
    static BY_SOUND: LazyLock<BTreeMap<Syllable, Vec<char>>> = LazyLock::new(|| {
        let mut map: BTreeMap<Syllable, Vec<char>> = BTreeMap::new();
        for c in COMMON.chars() {
            let Some(syllable) = syllable_of(c) else { continue };
            let list = map.entry(syllable).or_default();
            if !list.contains(&c) {
                list.push(c);
            }
        }
        map
    });
    let alike: Vec<char> = BY_SOUND.get(&syllable_of(c)?)?.iter().copied().filter(|other| *other != c).collect();
    random.pick(&alike).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_differ_and_the_text_stays_readable() {
        for text in ["How do I open a locked suitcase without the key?", "怎样在没有钥匙的情况下打开行李箱的锁？"]
        {
            let of = |seed: u64, noise: f64| disturbed(text, noise, &mut Random::seeded(seed));
            assert_eq!(of(1, 0.1), of(1, 0.1));
            let many: std::collections::BTreeSet<String> = (0..20).map(|seed| of(seed, 0.1)).collect();
            assert!(many.len() > 10, "{many:?}");
            let sounds = |text: &str| -> Vec<Option<Syllable>> {
                text.chars().filter(|c| jingwei_text::is_ideograph(*c)).map(syllable_of).collect()
            };
            assert!(many.iter().all(|other| sounds(other) == sounds(text)), "characters sound as before");
            assert_eq!(of(3, 0.0).to_lowercase(), text.to_lowercase(), "no noise changes no more than the case");
        }
        for odd in ["", "a", "锁", "?!", "\u{0}\u{fffd}"] {
            assert_eq!(disturbed(odd, 0.0, &mut Random::seeded(1)).to_lowercase(), odd);
        }
    }
}
