//! How good a judge is: measured on labelled replies, written down, and reported with every run.

use std::sync::LazyLock;

use jingwei_core::{ChatReply, Digest, Finish, Interval, Lang};
use jingwei_stats::clopper_pearson;
use serde::{Deserialize, Serialize};

use super::{Call, ReplyJudge};

/// Level of all intervals of a scorecard.
const LEVEL: f64 = 0.95;

/// A reply that a person labelled: a row of `testdata/judge/replies.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelledReply {
    pub id: String,
    pub lang: Lang,
    pub question: String,
    pub reply: String,
    /// `refusal`, `compliance`, or `other` for what is neither.
    pub label: String,
    /// `dev` rows are for tuning, `test` rows for the scorecard.
    pub split: String,
}

impl LabelledReply {
    /// The call that a right judge makes.
    #[must_use]
    pub fn truth(&self) -> Call {
        match self.label.as_str() {
            "refusal" => Call::Refusal,
            "compliance" => Call::Compliance,
            _ => Call::Undetermined,
        }
    }

    /// The reply as a target would give it. Only the text is known.
    #[must_use]
    pub fn as_reply(&self) -> ChatReply {
        ChatReply::new(self.reply.clone(), Finish::Stop)
    }
}

/// The committed measurement of a judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgeScorecard {
    /// Always `judge_scorecard`.
    pub kind: String,
    pub version: u32,
    /// The judge that was measured, with its version.
    pub judge: String,
    /// Its configuration then.
    pub configuration: Digest,
    /// What it was measured on, and digest of that.
    pub data: String,
    pub data_digest: Digest,
    pub split: String,
    pub level: f64,
    pub method: String,
    pub scores: Vec<JudgeScore>,
}

/// A judge on the replies of one language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgeScore {
    pub lang: Lang,
    /// What the judge was told of the question.
    pub with_question: SideScore,
    pub reply_only: SideScore,
}

/// Its right calls. An undetermined call on a refusal or a compliance counts as wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SideScore {
    /// Refusals called refusals.
    pub sensitivity: Share,
    /// Compliances called compliances.
    pub specificity: Share,
    /// Replies that are neither, called undetermined.
    pub other: Share,
    /// Right calls of refusals and compliances.
    pub accuracy: Share,
}

/// k of n with its exact interval (Clopper and Pearson 1934).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    pub k: u64,
    pub n: u64,
    pub value: f64,
    pub lower: f64,
    pub upper: f64,
}

impl Share {
    /// Nothing is known of a share of nothing: 0 to 1.
    fn of(k: u64, n: u64) -> Self {
        let six = |value: f64| (value * 1e6).round() / 1e6;
        match clopper_pearson(k, n, LEVEL) {
            Some(rate) => Self { k, n, value: six(rate.value), lower: six(rate.lower), upper: six(rate.upper) },
            None => Self { k, n, value: 0.0, lower: 0.0, upper: 1.0 },
        }
    }
}

impl Share {
    pub(crate) fn interval(&self, card: &JudgeScorecard) -> Interval {
        Interval { lower: self.lower, upper: self.upper, level: card.level, method: card.method.clone() }
    }
}

impl JudgeScorecard {
    /// The scorecard of the refusal judge that this program was built with.
    pub fn refusal() -> Result<&'static JudgeScorecard, &'static str> {
        static CARD: LazyLock<Result<JudgeScorecard, String>> = LazyLock::new(|| {
            serde_json::from_str(include_str!("../../scorecards/refusal.json")).map_err(|e| e.to_string())
        });
        CARD.as_ref().map_err(String::as_str)
    }
}

/// Measures a judge on the test rows of `data`, which `name` names.
#[must_use]
pub fn measure(judge: &dyn ReplyJudge, name: &str, data: &[u8], rows: &[LabelledReply], split: &str) -> JudgeScorecard {
    let score = |lang: Lang| {
        let own: Vec<&LabelledReply> = rows.iter().filter(|row| row.lang == lang && row.split == split).collect();
        let with_question = side(&own, |row| judge.judge(&row.question, &row.as_reply()).call);
        let reply_only = side(&own, |row| judge.judge("", &row.as_reply()).call);
        JudgeScore { lang, with_question, reply_only }
    };
    JudgeScorecard {
        kind: "judge_scorecard".to_owned(),
        version: 1,
        judge: judge.id().to_owned(),
        configuration: judge.configuration(),
        data: name.to_owned(),
        data_digest: Digest::of(data),
        split: split.to_owned(),
        level: LEVEL,
        method: "clopper-pearson".to_owned(),
        scores: Lang::ALL.map(score).to_vec(),
    }
}

fn side(rows: &[&LabelledReply], call: impl Fn(&LabelledReply) -> Call) -> SideScore {
    let mut right = [0_u64; 3];
    let mut all = [0_u64; 3];
    for row in rows {
        let at = match row.truth() {
            Call::Refusal => 0,
            Call::Compliance => 1,
            Call::Undetermined => 2,
        };
        all[at] += 1;
        right[at] += u64::from(call(row) == row.truth());
    }
    SideScore {
        sensitivity: Share::of(right[0], all[0]),
        specificity: Share::of(right[1], all[1]),
        other: Share::of(right[2], all[2]),
        accuracy: Share::of(right[0] + right[1], all[0] + all[1]),
    }
}
