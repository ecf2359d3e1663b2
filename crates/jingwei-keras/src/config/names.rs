use jingwei_read::{NameClass, NameTable};

/// Where the same classes were once called differently. The first that fits is taken.
const SAME: [(&str, &str); 12] = [
    ("tensorflow.python.keras.", "keras.src."),
    ("tensorflow._api.v2.keras.", "keras."),
    ("tensorflow.compat.v1.keras.", "keras."),
    ("tensorflow.compat.v2.keras.", "keras."),
    ("tensorflow.keras.", "keras."),
    ("tf.keras.", "keras."),
    ("tf_keras.", "keras."),
    ("keras_nlp.", "keras_hub."),
    ("keras._tf_keras.keras.", "keras."),
    ("keras.api._v1.", ""),
    ("keras.api._v2.", ""),
    ("keras.api.", "keras."),
];

/// The name under which the list has it.
fn folded(name: &str) -> String {
    let mut name = name.to_owned();
    // `tf_keras.api._v2.keras.layers` takes two steps; no name takes more than three.
    for _ in 0..3 {
        match SAME.iter().find_map(|(from, to)| name.strip_prefix(from).map(|rest| format!("{to}{rest}"))) {
            Some(next) => name = next,
            None => break,
        }
    }
    name
}

/// Longer names, and names of more parts, are in no list; patterns still see how they begin.
const LONGEST: usize = 200;
const MOST_PARTS: usize = 16;

/// A lookup tries every part of a name, so a name of a million dots would take a million tries over a million bytes.
fn cut(name: &str) -> &str {
    let end = match name.char_indices().nth(LONGEST) {
        Some((end, _)) => end,
        None => name.len(),
    };
    let name = &name[..end];
    name.match_indices('.').nth(MOST_PARTS - 1).map_or(name, |(end, _)| &name[..end])
}

/// Looks a whole name up, as written and under the names that it goes by elsewhere. A dangerous answer wins.
pub(super) fn classify<'n>(names: &'n NameTable, name: &str) -> NameClass<'n> {
    let name = cut(name);
    let as_written = names.classify(name);
    if matches!(as_written, NameClass::Dangerous(_)) {
        return as_written;
    }
    let name = folded(name);
    match names.classify(&name) {
        // Keras 2.4 to 2.12 kept its sources in `keras`, later ones in `keras.src`.
        NameClass::Unknown => match name.strip_prefix("keras.") {
            Some(rest) if !rest.starts_with("src.") => names.classify(&format!("keras.src.{rest}")),
            _ => as_written,
        },
        class => class,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folded() {
        for (name, expected) in [
            ("keras.layers.Dense", "keras.layers.Dense"),
            ("tensorflow.keras.layers.Dense", "keras.layers.Dense"),
            ("tf_keras.api._v2.keras.layers.Dense", "keras.layers.Dense"),
            ("tf_keras.src.engine.functional.Functional", "keras.src.engine.functional.Functional"),
            ("tensorflow.python.keras.engine.functional.Functional", "keras.src.engine.functional.Functional"),
            ("keras.api._v2.keras.losses.Huber", "keras.losses.Huber"),
            ("keras_nlp.src.models.x.X", "keras_hub.src.models.x.X"),
            ("os.system", "os.system"),
        ] {
            assert_eq!(folded(name), expected);
        }
    }

    #[test]
    fn endless_names_are_cut() {
        assert_eq!(cut("keras.layers.Dense"), "keras.layers.Dense");
        assert_eq!(cut(&"a.".repeat(1_000_000)), "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a");
        assert_eq!(cut(&"中".repeat(1_000_000)), "中".repeat(200));
    }
}
