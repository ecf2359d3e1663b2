//! Orders in Chinese, by words that stand near one another within a sentence.

use super::{Order, Reader};

/// A bar stands between the entries of a list.
struct Pattern {
    order: Order,
    readers: &'static [Reader],
    first: &'static str,
    then: &'static str,
    /// It may stand behind the second as well; empty where two are enough.
    last: &'static str,
}

use Reader::{Agent, Hidden, Prompt, Prose, Value};

/// Characters between two parts of an order.
const NEAR: usize = 16;
/// Characters of a sentence that are looked at before an order.
const SENTENCE: usize = 48;

const UNQUOTED: &[Reader] = &[Value, Hidden, Agent, Prompt];
const PROSE: &[Reader] = &[Prose];
const NOTED: &[Reader] = &[Value, Hidden, Agent];
const DROPS: &str = "忽略|无视|忘记|忘掉|抛弃|不要理会|不用理会|不必遵守|不要遵守|不再遵守|绕过|覆盖";
const EARLIER: &str = "之前|以上|先前|此前|上述|前面|所有|一切|系统|用户|原有|原来|既有|任何|你的";
const RULES: &str = "指令|指示|规则|提示词|系统提示|限制|设定|约束|安全策略|准则|要求|命令";
const NOT: &str = "不要|不得|切勿|禁止|别|勿|无需|不必|不能|绝不";
const PEOPLE: &str = "告诉用户|告知用户|通知用户|提醒用户|告诉任何人|告知任何人|让用户知道|让用户发现|让用户察觉|向用户透露|向用户说明|向用户提及|告诉使用者|告知使用者|询问用户|征求用户|被用户发现|透露给用户|告诉开发者|\
    告知开发者|向用户披露";
/// Without those whom a licence names, and without questions that an agent may leave out.
const KEPT: &str = "告诉用户|告知用户|通知用户|提醒用户|让用户知道|让用户发现|让用户察觉|被用户发现|透露给用户";
const TAKES: &str = "读取|收集|发送|上传|泄露|导出|外传|转发|窃取|打印|输出|提交|发给|索取|索要|复制";
const SECRETS: &str =
    "密钥|私钥|ssh|口令|密码|凭证|凭据|环境变量|令牌|聊天记录|对话记录|对话内容|系统提示|api key|助记词";
const RUNS: &str = "运行|执行|下载|安装|调用";
const RUNNABLE: &str = "以下命令|下列命令|这条命令|该命令|此命令|脚本|以下代码|shell|命令行|setup|工具|程序";
const MACHINES: &str = "ai|人工智能|大模型|语言模型|智能体|助手|机器人|代理程序|模型";
const READING_MACHINES: &str = "ai|人工智能|大模型|语言模型|智能体|助手|机器人";
const MUST: &str = "请|必须|应当|务必|立即|需要|不要|禁止|一律";
const DEEDS: &str =
    "运行|执行|忽略|无视|发送|上传|读取|推荐|批准|输出|下载|安装|访问|点击|删除|信任|回复|回答|评为|标记|告诉|声称";

const PATTERNS: &[Pattern] = &[
    Pattern {
        order: Order::Secrets,
        readers: UNQUOTED,
        first: SECRETS,
        then: "拼接|拼到|附加|附到|附在|加到|编码到|编码进|嵌入|放进|写进",
        last: "链接|网址|url|图片|地址",
    },
    Pattern { order: Order::Override, readers: UNQUOTED, first: DROPS, then: EARLIER, last: RULES },
    Pattern {
        order: Order::Override,
        readers: PROSE,
        first: "忽略|无视|忘记|忘掉|抛弃|不要理会|不用理会|不必遵守|不要遵守|不再遵守",
        then: EARLIER,
        last: "指令|指示|规则|提示词|系统提示|约束|安全策略|准则|命令",
    },
    Pattern {
        order: Order::Override,
        readers: &[Value, Hidden, Agent, Prompt],
        first: DROPS,
        then: "指令|指示|规则|提示词|安全|用户说|用户的",
        last: "",
    },
    Pattern { order: Order::Conceal, readers: &[Value, Hidden, Prompt], first: NOT, then: PEOPLE, last: "" },
    Pattern { order: Order::Conceal, readers: &[Agent], first: NOT, then: KEPT, last: "" },
    Pattern { order: Order::Conceal, readers: PROSE, first: "不要|切勿|别|勿|绝不", then: KEPT, last: "" },
    Pattern {
        order: Order::Conceal, readers: NOTED, first: "瞒着|对用户隐瞒|向用户隐瞒|不让用户", then: "", last: ""
    },
    Pattern { order: Order::Secrets, readers: NOTED, first: TAKES, then: SECRETS, last: "" },
    Pattern {
        order: Order::Override,
        readers: &[Value, Hidden, Agent, Prompt],
        first: "无论用户|不管用户|即使用户|不论用户",
        then: "说|要求|问|反对|怎么|如何|提出",
        last: "都|也|仍|一律|必须|只",
    },
    Pattern {
        order: Order::Conceal,
        readers: NOTED,
        first: "不通知|不告知|不告诉|未经|不经|无需征得|无须征得|不征求|不询问|不提示",
        then: "用户",
        last: "运行|执行|安装|发送|上传|删除|下载|修改|提交|情况下",
    },
    Pattern {
        order: Order::Mode,
        readers: NOTED,
        first: "从现在起|从现在开始",
        then: "不再受|服从|没有限制|无限制|不受限制",
        last: "",
    },
    Pattern {
        order: Order::Steer,
        readers: NOTED,
        first: "评为|标记为|判定为|评价为|报告为|声称",
        then: "安全|可信|已验证|无害|已通过|合格",
        last: "",
    },
    Pattern {
        order: Order::Steer,
        readers: NOTED,
        first: "回答|回复|告诉用户|声称",
        then: "安全审查|安全审计|已通过|是安全的|完全安全",
        last: "",
    },
    Pattern {
        order: Order::Secrets,
        readers: &[Prompt],
        first: "发送|上传|外传|转发|泄露|索要|发给",
        then: SECRETS,
        last: "",
    },
    Pattern {
        order: Order::Secrets,
        readers: NOTED,
        first: "将|把",
        then: SECRETS,
        last: "发送|上传|发给|提交|转发|写入",
    },
    Pattern {
        order: Order::Secrets,
        readers: &[Value, Hidden, Agent, Prompt],
        first: "发送到|上传到|发送至|上传至|提交到|转发到",
        then: "http",
        last: "",
    },
    Pattern { order: Order::Run, readers: &[Value], first: RUNS, then: RUNNABLE, last: "" },
    Pattern {
        order: Order::Run, readers: NOTED, first: "悄悄|暗中|偷偷|秘密地|静默", then: DEEDS, last: ""
    },
    Pattern {
        order: Order::Mode,
        readers: &[Value],
        first: "你现在是|你现在处于|从现在起|从现在开始|你的新任务|你的新角色|新的指令",
        then: "",
        last: "",
    },
    Pattern {
        order: Order::Mode,
        readers: &[Value, Hidden, Agent, Prompt],
        first: "进入|处于|切换到|启用",
        then: "维护模式|开发者模式|调试模式|上帝模式|越狱模式|无限制模式",
        last: "",
    },
    Pattern {
        order: Order::Steer,
        readers: &[Value],
        first: "始终|总是|一律|务必|必须|只能",
        then: "推荐|回答|回复|批准|声称|服从|通过审核",
        last: "",
    },
    Pattern {
        order: Order::Steer, readers: NOTED, first: "插入|植入|加入|留下", then: "后门|漏洞|恶意代码", last: ""
    },
    Pattern { order: Order::Addressed, readers: &[Value], first: MACHINES, then: MUST, last: DEEDS },
    Pattern { order: Order::Addressed, readers: &[Hidden], first: READING_MACHINES, then: MUST, last: DEEDS },
    Pattern {
        order: Order::Addressed,
        readers: &[Value, Hidden, Prose],
        first: "如果你是|若你是|假如你是|阅读本文的|读到此处的|读到这里的|读取本文件的|致所有|致各位|致",
        then: READING_MACHINES,
        last: DEEDS,
    },
];

/// What leads up to an imperative.
const LEADS: [&str; 13] =
    ["请", "现在起", "请你", "必须", "立即", "务必", "你应", "应当", "并", "现在", "马上", "直接", "你要"];
/// Somebody is said to ask for it.
const ASKS: [&str; 7] = ["要求", "试图", "企图", "诱导", "让你", "如果用户", "若用户"];
/// Behind the name of a machine: people who work with one, and what one does.
const PEOPLE_OF: [&str; 16] = [
    "开发",
    "应用",
    "用户",
    "工程",
    "研究",
    "领域",
    "行业",
    "产品",
    "使用者",
    "从业",
    "爱好",
    "公司",
    "的",
    "输出",
    "生成",
    "可能",
];

/// Opposites of what follows.
const NEGATIONS: [char; 5] = ['不', '勿', '别', '未', '禁'];

/// The first order in a text in lower case, and where it begins.
pub(super) fn find(lower: &str, reader: Reader) -> Option<(Order, usize)> {
    if lower.is_ascii() {
        return None;
    }
    PATTERNS
        .iter()
        .filter(|pattern| pattern.readers.contains(&reader))
        .find_map(|pattern| Some((pattern.order, pattern.find(lower, reader)?)))
}

impl Pattern {
    fn find(&self, lower: &str, reader: Reader) -> Option<usize> {
        let starts = self.first.split('|').flat_map(|word| lower.match_indices(word));
        starts
            .filter(|(at, word)| self.follows(lower, *at, word) && self.fits(&lower[..*at], word, reader))
            .map(|(at, _)| at)
            .min()
    }

    /// Whether an order may begin behind this text.
    fn fits(&self, before: &str, word: &str, reader: Reader) -> bool {
        let before = before.trim_end_matches([' ', '*', '#', '-', '_']);
        let fresh = before.chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        let start = before.char_indices().rev().nth(SENTENCE).map_or(0, |(at, _)| at);
        let sentence = before[start..].rsplit(['。', '！', '？', '；', '\n']).next().unwrap_or_default();
        match (self.order, reader) {
            (Order::Addressed, _) => fresh || word != "致",
            (_, Prose) => fresh || LEADS.iter().any(|lead| before.ends_with(lead)),
            (Order::Override, Prompt | Agent) => !ASKS.iter().any(|asks| sentence.contains(asks)),
            _ => true,
        }
    }

    fn follows(&self, lower: &str, at: usize, word: &str) -> bool {
        // "AI" within another word is none.
        let inner = word.is_ascii() && lower[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        let negated = !matches!(self.order, Order::Conceal | Order::Addressed)
            && lower[..at].chars().rev().take(2).any(|c| NEGATIONS.contains(&c));
        let window = near(&lower[at + word.len()..]);
        let called = self.order != Order::Addressed || self.then != READING_MACHINES || is_called(window);
        let then = self.then.split('|').filter_map(|then| Some(window.find(then)? + then.len())).min();
        !inner
            && !negated
            && called
            && then.is_some_and(|end| {
                let rest = near(&lower[at + word.len() + end..]);
                // "Nobody but the user" keeps nothing from the user.
                if self.order == Order::Conceal && (rest.starts_with("以外") || rest.starts_with("之外")) {
                    return false;
                }
                self.last.is_empty() || self.last.split('|').any(|last| rest.contains(last))
            })
    }
}

/// Whether a machine is spoken to here, and not somebody who works with one.
fn is_called(window: &str) -> bool {
    let place = READING_MACHINES.split('|').filter_map(|machine| Some((window.find(machine)?, machine))).min();
    place.is_some_and(|(at, machine)| {
        let mut behind = &window[at + machine.len()..];
        while let Some(rest) = MACHINES.split('|').find_map(|more| behind.trim_start().strip_prefix(more)) {
            behind = rest;
        }
        !window[..at].contains('用') && !PEOPLE_OF.iter().any(|people| behind.trim_start().starts_with(people))
    })
}

/// What follows within a sentence.
fn near(text: &str) -> &str {
    let end = text.char_indices().take(NEAR).find(|(_, c)| matches!(c, '。' | '！' | '；' | '\n'));
    let longest = text.char_indices().nth(NEAR).map_or(text.len(), |(end, _)| end);
    &text[..end.map_or(longest, |(end, _)| end)]
}
