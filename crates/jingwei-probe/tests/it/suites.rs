//! The suites of the catalog, read as the engine reads them.

use jingwei_catalog::{items::Lexicon, suite::Suite};
use jingwei_probe::{
    drivers,
    judges::{self, JudgeParts},
    transforms,
};

use crate::support::shipped;

/// The catalog knows no transforms, drivers and judges; here is where a wrong name shows.
#[test]
fn every_name_in_a_shipped_suite_is_known() {
    let lexicons: Vec<Lexicon> = shipped("lexicons/");
    let parts = JudgeParts { lexicons: lexicons.iter().collect(), heads: None };
    let mut wrong = Vec::new();
    for suite in shipped::<Suite>("suites/") {
        for part in &suite.parts {
            let place = format!("{} {}", suite.id, part.id);
            wrong.extend(
                part.transforms.iter().filter_map(|name| Some(format!("{place}: {}", transforms::chain(name).err()?))),
            );
            wrong.extend(drivers::named(&part.driver).err().map(|e| format!("{place}: {e}")));
            wrong.extend(
                part.judges.iter().filter_map(|name| Some(format!("{place}: {}", judges::named(name, &parts).err()?))),
            );
        }
    }
    assert_eq!(wrong, [""; 0], "{wrong:#?}");
}

/// The red team suite leaves no family of disguises out, and asks over several turns too.
#[test]
fn the_red_team_suite_has_every_family_and_the_drivers() {
    let suite = shipped::<Suite>("suites/red-team").remove(0);
    let names: Vec<&str> = suite
        .parts
        .iter()
        .flat_map(|part| &part.transforms)
        .flat_map(|chain| chain.split('+'))
        .map(|link| link.split('(').next().unwrap_or_default())
        .collect();
    for family in transforms::Family::ALL {
        let own = transforms::all().iter().filter(|entry| entry.family == family);
        let used = own.filter(|entry| names.contains(&entry.name)).count();
        assert!(used >= 3, "{}: {used}", family.code());
    }
    let drivers: Vec<&str> = suite.parts.iter().map(|part| part.driver.split('(').next().unwrap_or_default()).collect();
    for driver in drivers::all() {
        assert!(drivers.contains(&driver.name), "{}", driver.name);
    }
}

/// A disguise of Chinese text does nothing to an English question, and the other way round.
#[test]
fn disguises_meet_questions_that_they_suit() {
    for part in shipped::<Suite>("suites/").iter().flat_map(|suite| &suite.parts) {
        for link in part.transforms.iter().flat_map(|chain| chain.split('+')) {
            let name = link.split('(').next().unwrap_or_default();
            let entry = transforms::all().iter().find(|entry| entry.name == name);
            let suits = entry.map_or(&[][..], |entry| entry.langs);
            let fits =
                suits.is_empty() || (!part.langs.is_empty() && part.langs.iter().all(|lang| suits.contains(lang)));
            assert!(fits, "part `{}`: {link}", part.id);
        }
    }
}
