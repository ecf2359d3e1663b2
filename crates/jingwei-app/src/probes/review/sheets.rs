//! Sheets for raters, and the key that stays with the organiser.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::{Path, PathBuf},
};

use jingwei_core::{ChatMessage, ChatRole, Digest};
use jingwei_probe::{
    Attempt, Expect, Name, Outcome, Random, TurnAnswer,
    review::{ReviewItem, sheet, to_csv},
};

use super::{ADJUDICATOR, MOST_SHEET_BYTES, ReviewKey, can_be_reviewed, there_already, write_new};
use crate::{
    Error,
    probes::{RunLine, runs},
};

/// Spreadsheet programs take at most 32,767 UTF-16 units in a cell.
const MOST_CELL_UNITS: usize = 15_000;
/// Id of the chain that leaves a question as it is.
const PLAIN_CHAIN: &str = "identity/1";

pub struct SheetOptions {
    pub raters: usize,
    pub seed: u64,
    /// Folder for sheets and key.
    pub out: PathBuf,
    /// At most so many attempts, drawn by the seed.
    pub limit: Option<usize>,
}

/// What was written.
pub struct SheetsMade {
    pub sheets: Vec<PathBuf>,
    pub key: PathBuf,
    /// Rows of each sheet.
    pub items: usize,
    /// Attempts that could have been drawn.
    pub eligible: usize,
    /// Attempts without a reply.
    pub without_reply: usize,
    /// Attempts that plant an instruction: refusal or not is no question there.
    pub planted: usize,
}

/// Writes a sheet for each rater and the key.
pub fn make(run: &Path, options: &SheetOptions) -> Result<SheetsMade, Error> {
    let (document, attempts) = runs::read(run)?;
    let header = document.run.header;
    let count = |which: fn(&Attempt) -> bool| attempts.iter().filter(|attempt| which(attempt)).count();
    let without_reply = count(|attempt| attempt.outcome == Outcome::Error);
    let planted = count(|attempt| attempt.outcome != Outcome::Error && attempt.expect == Expect::Resist);
    let (drawn, eligible) = draw(&attempts, options)?;
    let items = review_items(run, &drawn)?;
    let raters: Vec<String> = (1..=options.raters).map(|number| format!("rater-{number}")).collect();
    let key = ReviewKey {
        kind: "review_key".to_owned(),
        version: 1,
        suite: header.suite,
        plan: header.plan,
        started_at: header.started_at,
        seed: options.seed,
        raters: raters.clone(),
        eligible,
        attempts: drawn,
    };
    let mut files: Vec<(PathBuf, String)> = Vec::new();
    for rater in &raters {
        let table = table(&items, rater, options.seed)?;
        files.push((options.out.join(format!("{rater}.csv")), table));
    }
    let key_path = options.out.join("key.json");
    if let Some(path) = files.iter().map(|(path, _)| path).chain([&key_path]).find(|path| path.exists()) {
        return Err(there_already(path));
    }
    crate::app::make_folder(&options.out)?;
    let bytes = serde_json::to_vec_pretty(&key)
        .map_err(|e| Error::failed("无法写文档", "cannot write a document").because(e))?;
    // First of all: sheets without a key are worth nothing.
    write_new(&key_path, &bytes)?;
    for (path, table) in &files {
        write_new(path, table.as_bytes())?;
    }
    let sheets = files.into_iter().map(|(path, _)| path).collect();
    Ok(SheetsMade { sheets, key: key_path, items: items.len(), eligible, without_reply, planted })
}

/// Writes the sheet of the person who decides what the raters differ on.
pub(super) fn make_for_adjudicator(run: &Path, attempts: &[Digest], seed: u64, path: &Path) -> Result<(), Error> {
    let items = review_items(run, attempts)?;
    write_new(path, table(&items, ADJUDICATOR, seed)?.as_bytes())
}

fn table(items: &[ReviewItem], rater: &str, seed: u64) -> Result<String, Error> {
    let table = to_csv(&sheet(items, &[rater.to_owned()], seed));
    if table.len() > MOST_SHEET_BYTES {
        let most = MOST_SHEET_BYTES >> 20;
        return Err(Error::invalid(
            format!("每张表会超过 {most} MiB；用 --limit 少抽一些"),
            format!("each sheet would have more than {most} MiB; draw fewer with --limit"),
        ));
    }
    Ok(table)
}

/// Keys of the attempts to look at, every one as likely as any other; and how many there were to draw from.
fn draw(attempts: &[Attempt], options: &SheetOptions) -> Result<(Vec<Digest>, usize), Error> {
    let mut keys: Vec<Digest> = attempts.iter().filter(|a| can_be_reviewed(a)).map(|a| a.key).collect();
    keys.sort_unstable();
    let eligible = keys.len();
    if let Some(limit) = options.limit {
        Random::of(["review-draw", &options.seed.to_string()]).shuffle(&mut keys);
        keys.truncate(limit);
        keys.sort_unstable();
    }
    if keys.is_empty() {
        return Err(Error::invalid(
            "这次运行没有可供人工判定的回复",
            "the run has no reply that people could call a refusal or not",
        ));
    }
    Ok((keys, eligible))
}

/// What was asked and answered in these attempts. A question in disguise has its plain wording beside it, where the
/// run asked it plainly too: people read no Base64.
fn review_items(run: &Path, wanted: &[Digest]) -> Result<Vec<ReviewItem>, Error> {
    let wanted: HashSet<Digest> = wanted.iter().copied().collect();
    let mut plain: HashMap<(Name, Name), String> = HashMap::new();
    let mut found: BTreeMap<Digest, (ReviewItem, Option<(Name, Name)>)> = BTreeMap::new();
    runs::each_line(run, |line| {
        let RunLine { attempt, conversation } = &line;
        let item = (attempt.dataset.clone(), attempt.item.clone());
        let Some(turn) = conversation.judged() else { return };
        let is_plain = attempt.chain == PLAIN_CHAIN && conversation.turns.len() == 1;
        if is_plain && !plain.contains_key(&item) {
            plain.insert(item.clone(), question(&turn.messages));
        }
        if let (true, TurnAnswer::Reply(reply)) = (wanted.contains(&attempt.key), &turn.answer) {
            let calls = reply.tool_calls.iter().map(|call| format!("\n→ {}({})", call.name, call.arguments));
            let reply =
                format!("{}{}{}", reply.text, reply.refusal.as_deref().unwrap_or(""), calls.collect::<String>());
            let reply = if reply.trim().is_empty() { "（空 / empty）".to_owned() } else { head(&reply) };
            let question = tail(&question(&turn.messages));
            found.insert(attempt.key, (ReviewItem { key: attempt.key, question, reply }, (!is_plain).then_some(item)));
        }
    })?;
    if found.len() < wanted.len() {
        let missing = wanted.len() - found.len();
        return Err(Error::invalid(
            format!("运行的记录中缺少 {missing} 次尝试的回复"),
            format!("the run's journal lacks the replies of {missing} attempts"),
        ));
    }
    let with_plain = |(mut item, disguised): (ReviewItem, Option<(Name, Name)>)| {
        if let Some(wording) = disguised.and_then(|of| plain.get(&of)) {
            item.question = format!("【原题 / in plain words】{}\n\n{}", tail(wording), item.question);
        }
        item
    };
    Ok(found.into_values().map(with_plain).collect())
}

/// What the user and the model said before the reply. The system prompt stays out: it tells whose model it is.
fn question(messages: &[ChatMessage]) -> String {
    let said: Vec<&ChatMessage> = messages.iter().filter(|message| message.role != ChatRole::System).collect();
    if let [only] = said.as_slice() {
        return only.content.clone();
    }
    let lines = said.iter().map(|message| {
        let who = match message.role {
            ChatRole::User => "user",
            ChatRole::Tool => "tool",
            ChatRole::Assistant | ChatRole::System => "assistant",
        };
        format!("[{who}] {}", message.content)
    });
    lines.collect::<Vec<_>>().join("\n\n")
}

/// The beginning of a reply that is too long for a cell.
fn head(text: &str) -> String {
    let kept = kept(text.chars());
    if kept == text.chars().count() { text.to_owned() } else { text.chars().take(kept).chain(['…']).collect() }
}

/// The end of a question that is too long for a cell: what is asked for stands there.
fn tail(text: &str) -> String {
    let (all, kept) = (text.chars().count(), kept(text.chars().rev()));
    if kept == all { text.to_owned() } else { ['…'].into_iter().chain(text.chars().skip(all - kept)).collect() }
}

fn kept(chars: impl Iterator<Item = char>) -> usize {
    let mut units = 0;
    chars
        .take_while(|c| {
            units += c.len_utf16();
            units <= MOST_CELL_UNITS
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_fit_and_keep_what_matters() {
        for (unit, width) in [("a", 1), ("题", 1), ("😀", 2)] {
            let most = MOST_CELL_UNITS / width;
            let fits = unit.repeat(most);
            assert_eq!((head(&fits), tail(&fits)), (fits.clone(), fits.clone()), "{unit}");
            let (begins, ends) = (format!("begin{fits}"), format!("{fits}end"));
            for (cut, sign) in [(head(&begins), "begin"), (tail(&ends), "end")] {
                assert!(cut.contains(sign) && cut.contains('…'), "{unit}");
                assert!(cut.encode_utf16().count() <= MOST_CELL_UNITS + 1, "{unit}");
            }
        }
    }

    #[test]
    fn raters_see_no_system_prompt() {
        let of = |role, content: &str| ChatMessage { role, ..ChatMessage::user(content) };
        let system = of(ChatRole::System, "you are the model of X");
        assert_eq!(question(&[system.clone(), of(ChatRole::User, "why")]), "why");
        let talk = [system, of(ChatRole::User, "a"), of(ChatRole::Assistant, "b"), of(ChatRole::User, "c")];
        assert_eq!(question(&talk), "[user] a\n\n[assistant] b\n\n[user] c");
    }
}
