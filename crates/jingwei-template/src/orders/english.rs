//! Words of orders in English.

use super::{Order, Reader, steps::Pattern};

use Reader::{Agent, Hidden, Prompt, Prose, Value};

const UNQUOTED: &[Reader] = &[Value, Hidden, Agent, Prompt];
const PROSE: &[Reader] = &[Prose];
const PROMPT: &[Reader] = &[Prompt];
const NOTED: &[Reader] = &[Value, Hidden, Agent];
const UNSHOWN: &[Reader] = &[Value, Hidden];
const VALUE: &[Reader] = &[Value];

const DROPS: &str = "stop following|stop obeying|no longer follow|abandon|ignore|ignoring|disregard|disregarding|forget|override|\
    overriding|bypass|discard|neglect";
const EARLIER: &str = "previous|prior|preceding|earlier|above|your|system|existing|former";
const RULES: &str = "instruction|instructions|prompt|prompts|rules|guideline|guidelines|directions|directives|orders|safety|\
    policy|policies|guardrails|restrictions|constraints|context|training";
const NOT: &str = "do not|don't|dont|never|must not|should not|shall not";
const TELL: &str = "tell|inform|notify|alert|warn|mention|reveal|disclose|show|let|report|admit|ask";
const TELLING: &str = "telling|informing|notifying|alerting|warning|mentioning|revealing|disclosing|letting|asking";
const PEOPLE: &str = "the user|user|users|the human|human|humans|your user|operator|the developer|owner|anyone|anybody|reviewer|\
    reviewers|administrator";
const SENDS: &str = "send|sending|upload|uploading|post|transmit|forward|email|mail|exfiltrate|leak|submit|deliver";
const TAKES: &str = "read|cat|open|collect|gather|harvest|steal|print|dump|reveal|extract|copy|encode|output|find|repeat|expose|\
    list|share|give|include";
const SECRETS: &str = "ssh|ssh key|ssh keys|private key|private keys|id_rsa|id rsa|api key|api keys|access token|access tokens|\
    credential|credentials|password|passwords|passphrase|secret|secrets|cookies|wallet|seed phrase|\
    environment variables|env file|system prompt|system prompts|system message|hidden instructions|\
    initial instructions|aws keys|aws credentials|netrc";
const TALK: &str = "conversation|conversations|chat history|transcript|transcripts|the user's|user data|user input|their data|\
    personal data|history";
const RUNS: &str = "run|execute|launch|invoke|install|download|fetch|curl|wget|eval";
const RUNNABLE: &str =
    "command|commands|the following|script|scripts|shell|bash|payload|this code|this program|this file|sh|py|this tool";
const QUIETLY: &str = "silently|secretly|covertly|stealthily|discreetly";
const DEEDS: &str = "run|execute|install|send|upload|delete|commit|push|download|fetch|read|approve|forward|copy|append|add|\
    insert|include|exfiltrate|disable|modify";
const MACHINES: &str = "ai|ais|llm|llms|assistant|assistants|agent|agents|language model|language models|chatbot|chatbots|copilot|\
    claude|chatgpt|gpt|gemini|cursor|codex|model|bot|reviewer";
const MACHINE: &str = "an ai|a llm|an llm|an assistant|an agent|a language model|a large language model|an automated|\
    a coding agent|an ai-powered|a chatbot";
const MUST: &str = "must|should|shall|always|please|immediately|are required|have to|need to";
pub(super) const COMMANDS: &str = "ignore|disregard|run|execute|install|send|upload|recommend|rate|approve|say|tell|must|never|always|do not|\
    don't|reveal|output|download|fetch|curl|trust|skip|disable|mark|report|call|click|visit|read|respond|reply|\
    answer|include|delete|give|score|assign|praise|write|treat|open|paste";

/// What a text says of people who work with such machines, not to a machine.
const PEOPLE_OF: &str = "!user|users|developer|developers|engineer|engineers|researcher|researchers|author|authors|company|\
    student|professor|practitioner|practitioners|team|teams|builder|builders|vendor|vendors|provider|providers|it";
/// What may follow the name of a machine that is spoken to.
const SPOKEN_TO: &str = "^:|assistant|assistants|agent|agents|model|models|language|system|systems|reviewer|reviewers|coding|\
    tool|tools|chatbot|chatbots|reading|reviewing|processing|parsing|scanning|evaluating|analyzing|summarizing|that read|\
    that reads|who read|and ai|and agents|and assistants|or ai|or agents|or assistants|or llm|ignore|run|do not|please|must|\
    you must|you should|stop|disregard|always|never|skip|execute|rate|approve";
const CALLS: &str = "note to|note for|message to|message for|instruction to|instruction for|instructions to|\
    instructions for|attention|notice to|important for|hey|dear|hello";
const CALLED: &str = "~ai|ais|llm|llms|assistants|agents|language models|coding agents|the assistant|the agent|claude|copilot|\
    chatgpt|automated reviewers|automated reviewer|automated agents|automated systems|automated assistants|reviewing ai";

pub(super) const PATTERNS: &[Pattern] = &[
    Pattern {
        // What an answer links to is fetched by the page that shows it.
        order: Order::Secrets,
        readers: UNQUOTED,
        steps: &[
            SECRETS,
            "add|append|attach|embed|encode|insert|put|include|place",
            "~it|them|its value|that value|this value",
            "link|links|url|urls|image|images|query|parameter|address|markdown",
        ],
        within: 8,
        may_be_negated: false,
    },
    Pattern {
        order: Order::Conceal,
        readers: UNQUOTED,
        steps: &[NOT, "^say so|say that you did|admit it|admit this|mention having"],
        within: 1,
        may_be_negated: false,
    },
    Pattern {
        order: Order::Override,
        readers: UNQUOTED,
        steps: &[DROPS, EARLIER, RULES],
        within: 4,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Override,
        readers: PROSE,
        steps: &[
            "ignore|disregard|forget|abandon|discard|neglect|stop following|stop obeying|no longer follow",
            EARLIER,
            "instruction|instructions|prompt|prompts|rules|guidelines|directions|directives|orders|safety|policies|\
                guardrails|restrictions",
        ],
        within: 4,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Override,
        readers: PROSE,
        steps: &[
            "override|bypass",
            "previous|prior|preceding|earlier|your",
            "instructions|rules|guidelines|directives|orders|guardrails|restrictions",
        ],
        within: 4,
        may_be_negated: true,
    },
    Pattern { order: Order::Override, readers: NOTED, steps: &[DROPS, RULES], within: 6, may_be_negated: true },
    Pattern {
        // A prompt that guards itself against what it is given names where that stands.
        order: Order::Override,
        readers: PROMPT,
        steps: &[DROPS, RULES, "!in|inside|within|contained|embedded|found|from"],
        within: 6,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Override,
        readers: UNQUOTED,
        steps: &[
            "ignore|disregard|override|overrule",
            "what the user|the user|the user's|user's|the human|everything above|everything before",
        ],
        within: 2,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Override,
        readers: PROSE,
        steps: &[
            "ignore|disregard|overrule",
            "what the user|the user's instructions|the user's request|the user's requests|the human|everything above|\
                everything before",
        ],
        within: 2,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Override,
        readers: UNQUOTED,
        steps: &["regardless of|instead of|no matter", "what the user|the user|user's|user"],
        within: 3,
        may_be_negated: true,
    },
    Pattern { order: Order::Conceal, readers: UNSHOWN, steps: &[NOT, TELL, PEOPLE], within: 3, may_be_negated: false },
    Pattern {
        // An agent may be told not to ask before each step.
        order: Order::Conceal,
        readers: &[Agent],
        steps: &[NOT, "tell|inform|notify|alert|warn|mention|reveal|disclose|show|report|admit", PEOPLE],
        within: 3,
        may_be_negated: false,
    },
    Pattern {
        order: Order::Conceal,
        readers: &[Agent, Prompt, Prose],
        steps: &[NOT, "let", "the user|user|users|the human|your user", "know|see|notice|find|realize|suspect|learn"],
        within: 1,
        may_be_negated: false,
    },
    Pattern {
        order: Order::Conceal,
        readers: PROSE,
        steps: &[NOT, "mention|reveal|disclose|report|show", "the user|the human|your user"],
        within: 2,
        may_be_negated: false,
    },
    Pattern {
        order: Order::Conceal,
        readers: &[Prompt, Prose],
        steps: &[NOT, "tell|inform|notify|alert|warn", "the user|the human|your user|the operator"],
        within: 1,
        may_be_negated: false,
    },
    Pattern {
        order: Order::Conceal,
        readers: UNQUOTED,
        steps: &["without", TELLING, PEOPLE],
        within: 3,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Conceal,
        readers: PROSE,
        steps: &[DEEDS, "without", TELLING, "the user|the human|your user|the operator"],
        within: 8,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Conceal,
        readers: &[Value, Hidden, Agent, Prompt],
        steps: &[
            "hide|conceal|keep",
            "from the user|from users|from the human|from anyone|from the developer|from the operator",
        ],
        within: 8,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Secrets,
        readers: &[Value, Hidden, Agent, Prompt],
        steps: &[SENDS, SECRETS],
        within: 6,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Secrets,
        readers: UNQUOTED,
        steps: &[SENDS, TALK, "to|http|https"],
        within: 6,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Secrets,
        readers: PROSE,
        steps: &["send|upload|exfiltrate|leak", TALK, "http|https"],
        within: 6,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Secrets,
        readers: &[Hidden, Agent],
        steps: &[
            SENDS,
            "data|files|contents|content|code|results|repository|source",
            "http|https|attacker|our server|this server|this address",
        ],
        within: 6,
        may_be_negated: true,
    },
    Pattern { order: Order::Secrets, readers: VALUE, steps: &[TAKES, SECRETS], within: 5, may_be_negated: true },
    Pattern {
        order: Order::Secrets,
        readers: &[Hidden, Agent],
        steps: &[
            "read|cat|collect|gather|harvest|steal|dump|extract|copy|encode|reveal|exfiltrate|print",
            "ssh|ssh key|ssh keys|private key|private keys|id_rsa|id rsa|credentials|passwords|cookies|\
                wallet|seed phrase|netrc|system prompt",
        ],
        within: 6,
        may_be_negated: true,
    },
    Pattern { order: Order::Run, readers: VALUE, steps: &[RUNS, RUNNABLE], within: 5, may_be_negated: true },
    Pattern { order: Order::Run, readers: NOTED, steps: &[QUIETLY, DEEDS], within: 4, may_be_negated: true },
    Pattern { order: Order::Run, readers: NOTED, steps: &[DEEDS, QUIETLY], within: 8, may_be_negated: true },
    Pattern {
        order: Order::Run,
        readers: NOTED,
        steps: &[
            DEEDS,
            "without asking|without confirmation|without permission|without approval|without prompting|\
                without consent|without review",
        ],
        within: 8,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Run,
        readers: NOTED,
        steps: &[
            "before",
            "answering|responding|replying|anything else|doing anything|any other",
            "run|execute|call|fetch|download|install|curl",
        ],
        within: 4,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Run,
        readers: UNSHOWN,
        steps: &[
            "before",
            "you answer|you respond|you reply|you do anything",
            "run|execute|call|fetch|download|install|curl|read",
        ],
        within: 4,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Mode,
        readers: &[Value, Hidden, Agent, Prompt],
        steps: &[
            "you are now|switch to|enter|enable|you have entered|activate",
            "maintenance mode|developer mode|debug mode|god mode|admin mode|dan|jailbreak|unrestricted|\
                jailbroken|root mode|sudo mode",
        ],
        within: 4,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Mode,
        readers: VALUE,
        steps: &["you are now|from now on|your new task|your new role|your new instructions|new instructions|\
                pretend you|pretend to be|you must obey|you will obey|act as if"],
        within: 0,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Override,
        readers: UNQUOTED,
        steps: &[
            "even if|even when|no matter what|regardless of what|whatever|regardless of whether",
            "the user|user|users|the human",
            "objects|asks|says|disagrees|refuses|complains|wants|tells|requests|thinks",
        ],
        within: 1,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Override,
        readers: NOTED,
        steps: &[
            "skip|bypass|disable|turn off|suppress|circumvent",
            "security check|security checks|safety check|safety checks|confirmation|confirmations|permission checks|approvals|\
             sandbox|safety settings|safety filter|safety filters|security review|guardrails",
        ],
        within: 4,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Conceal,
        readers: NOTED,
        steps: &[
            "must not|do not|don't|never",
            "mention|reveal|disclose",
            "it|this|these instructions|this file|this step",
        ],
        within: 0,
        may_be_negated: false,
    },
    Pattern {
        order: Order::Secrets,
        readers: UNQUOTED,
        steps: &[
            "read|open|cat|load|take|copy",
            "env|credentials|secrets|keys|history",
            "paste|include|send|post|append|put|attach",
        ],
        within: 6,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Secrets,
        readers: &[Prose],
        steps: &["exfiltrate|leak|steal|harvest", SECRETS, "to|and"],
        within: 6,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Mode,
        readers: UNQUOTED,
        steps: &["new instructions|new directive|updated instructions", "act|ignore|disable|you|run|follow|obey"],
        within: 2,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Steer,
        readers: PROMPT,
        steps: &[
            "mark|rate|label|classify|declare|treat|consider|report",
            "this model|this file|this repository|the model|this paper|this package",
            "safe|verified|trusted|clean|harmless|approved|benign|audited|passed",
            "!or|if|unless|only|when|otherwise",
        ],
        within: 3,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Steer,
        readers: NOTED,
        steps: &[
            "mark|rate|label|classify|declare|treat|consider|report",
            "this model|this file|this repository|the model|this paper|this package|it",
            "safe|verified|trusted|clean|harmless|approved|benign|audited|passed",
        ],
        within: 3,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Steer,
        readers: NOTED,
        steps: &[
            "tell|assure|inform|convince|answer|say|reply|respond|claim",
            "that",
            "safe|audited|verified|trusted|harmless|certified|approved",
        ],
        within: 4,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Addressed,
        readers: &[Value, Hidden, Prose],
        steps: &[
            "as the|as an|as a|you the|dear",
            "reviewing ai|reviewing assistant|reviewing model|ai reviewer|automated reviewer|evaluating ai|\
                evaluating model|reading ai|reading assistant",
            COMMANDS,
        ],
        within: 8,
        may_be_negated: false,
    },
    Pattern {
        order: Order::Steer,
        readers: VALUE,
        steps: &[
            "always|must|never|only|you should",
            "recommend|promote|approve|answer|reply|respond|say|comply|obey|refuse|trust|praise|tell",
        ],
        within: 2,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Steer,
        readers: NOTED,
        steps: &[
            "insert|add|plant|introduce|inject|embed",
            "backdoor|vulnerability|vulnerabilities|malware|malicious|payload",
        ],
        within: 6,
        may_be_negated: true,
    },
    Pattern {
        order: Order::Addressed,
        readers: VALUE,
        steps: &[MACHINES, MUST, COMMANDS],
        within: 4,
        may_be_negated: false,
    },
    Pattern {
        // Authors remind one another of what "the model" should be.
        order: Order::Addressed,
        readers: &[Hidden],
        steps: &[
            "ai|ais|llm|llms|assistant|assistants|agent|agents|language model|language models|models|chatbot|chatbots|copilot|\
                claude|chatgpt|gpt|gemini|cursor|codex|reviewer",
            MUST,
            COMMANDS,
        ],
        within: 4,
        may_be_negated: false,
    },
    Pattern {
        order: Order::Addressed,
        readers: &[Value, Hidden, Prose],
        steps: &["if you are|if you're", MACHINE, SPOKEN_TO, PEOPLE_OF, COMMANDS],
        within: 10,
        may_be_negated: false,
    },
    Pattern {
        order: Order::Addressed,
        readers: PROSE,
        steps: &["as", MACHINE, SPOKEN_TO, PEOPLE_OF, "you must|you should|you have to|please", COMMANDS],
        within: 4,
        may_be_negated: false,
    },
    Pattern {
        order: Order::Addressed,
        readers: PROMPT,
        steps: &["if you are|if you're", MACHINE, "reading|reviewing|processing|parsing|scanning|evaluating", COMMANDS],
        within: 12,
        may_be_negated: false,
    },
    Pattern {
        order: Order::Addressed,
        readers: UNSHOWN,
        steps: &[
            "if you are|if you're|as",
            MACHINE,
            "reading|reviewing|processing|you|ignore|run|do not|please|must|stop|say|reply|respond",
            COMMANDS,
        ],
        within: 12,
        may_be_negated: false,
    },
    Pattern {
        order: Order::Addressed,
        readers: &[Value, Hidden, Prose],
        steps: &[CALLS, CALLED, SPOKEN_TO, PEOPLE_OF, COMMANDS],
        within: 14,
        may_be_negated: false,
    },
    Pattern {
        order: Order::Addressed,
        readers: &[Value, Hidden, Prose],
        steps: &[CALLS, CALLED, SPOKEN_TO, PEOPLE_OF, ">skip|run|execute|ignore|disregard|approve|curl|disable"],
        within: 14,
        may_be_negated: false,
    },
    Pattern {
        order: Order::Addressed,
        readers: &[Value, Hidden, Prose],
        steps: &[
            "ai|llm|llms|assistant|assistants|agent|agents|language models|language model",
            "reading this|processing this|reviewing this|parsing this|summarizing this|scanning this|\
                that read this|who read this|that reads this|evaluating this|using this repository",
            COMMANDS,
        ],
        within: 14,
        may_be_negated: false,
    },
];
