//! Chinese help texts, by the path of the command or flag. A test makes sure that none is missing.

use clap::Command;

/// `command` → text, `command --flag` or `command <value>` → text.
const TEXTS: &[(&str, &str)] = &[
    ("jingwei", "让人工智能安全治理真正运行起来：找风险、做测试、装护栏、看运行、留证据"),
    ("jingwei --lang", "输出语言；默认取自 LANG"),
    ("jingwei --data", "账本、登记册、密钥、运行记录与报告所在的目录"),
    ("jingwei --store", "登记册的数据库：postgres://… 或文件；默认是数据目录中的 SQLite 文件"),
    ("jingwei --catalog", "用这个目录库代替内置目录库"),
    ("jingwei --actor", "由谁操作，写入审计记录"),
    ("jingwei --allow_private", "允许请求发往内网地址"),
    ("jingwei assess", "对一个系统跑完整闭环：检查、证据、风险、关口、报告"),
    ("jingwei assess --manifest", "系统清单"),
    ("jingwei assess --replay", "用已记录的一次运行重新判定，不再询问模型"),
    ("jingwei assess --only", "只运行这项检查（可多次给出）；其余以最新证据为准"),
    ("jingwei assess --no_checks", "不运行检查，只依据账本中的证据判定"),
    ("jingwei assess --as_of", "按另一时刻判定，例如 2027-01-01T00:00:00Z；不作记录"),
    ("jingwei assess --out", "报告目录"),
    ("jingwei assess --allow_outside", "允许组件位于清单所在目录之外"),
    ("jingwei assess --fail_on", "关口决定达到哪一级时以 1 退出"),
    ("jingwei assess --concurrency", "同时进行的请求数"),
    ("jingwei assess --format", "输出形式"),
    ("jingwei govern", "查看已评估系统的风险、控制措施与关口"),
    ("jingwei govern init", "写一份可供修改的清单"),
    ("jingwei govern init --path", "写到哪里"),
    ("jingwei govern validate", "读取清单，一次说明全部问题"),
    ("jingwei govern validate --manifest", "系统清单"),
    ("jingwei govern schema", "清单的 JSON Schema，供编辑器使用"),
    ("jingwei govern list", "已评估的系统"),
    ("jingwei govern list --format", "输出形式"),
    ("jingwei govern risks", "某系统的风险（最新一次评估）"),
    ("jingwei govern risks --system", "系统 id"),
    ("jingwei govern risks --format", "输出形式"),
    ("jingwei govern explain", "说明一项风险为何处于当前等级，直到证据"),
    ("jingwei govern explain --risk", "风险 id 或代码，例如 harmful-output 或 R205"),
    ("jingwei govern explain --system", "系统 id；只有一个系统时可省略"),
    ("jingwei govern explain --format", "输出形式"),
    ("jingwei probe", "测试模型或应用：红队、过度拒答、备案自评估"),
    ("jingwei probe run", "对一个目标运行测试套件；中断的运行从停下处接着做"),
    ("jingwei probe run --suite", "套件 id（见 jingwei probe list suites），或套件文件"),
    ("jingwei probe run --target", "目标地址，例如 http://127.0.0.1:7811/v1"),
    ("jingwei probe run --api", "目标使用的接口"),
    ("jingwei probe run --model", "目标处的模型名"),
    ("jingwei probe run --model_file", "GGUF 模型文件，在本进程内运行"),
    ("jingwei probe run --key_env", "存放目标密钥的环境变量"),
    ("jingwei probe run --target_file", "TOML 文件中的目标：任意 HTTP 服务、命令、MCP 工具"),
    ("jingwei probe run --system", "测试这个系统的接口，并把证据记入其账本"),
    ("jingwei probe run --component", "系统的哪个接口；只有一个时可省略"),
    ("jingwei probe run --prompt", "系统提示词文件，置于一切之前"),
    ("jingwei probe run --guard", "同时在这份护栏策略之后测试；`builtin` 为内置基线"),
    ("jingwei probe run --dataset", "自己的题目：ID=文件、ID=文件:格式 或 ID=文件:格式:许可（可多次给出）"),
    ("jingwei probe run --accept_licence", "也使用这种许可下的数据（可多次给出）"),
    ("jingwei probe run --attacker", "为自适应驱动方式撰写攻击的模型；没有则用模板"),
    ("jingwei probe run --attacker_model", "攻击模型的名称"),
    ("jingwei probe run --judge", "供需要模型的评判者使用的评判模型"),
    ("jingwei probe run --judge_model", "评判模型的名称"),
    ("jingwei probe run --helper_key_env", "存放攻击模型与评判模型密钥的环境变量"),
    ("jingwei probe run --out", "记录与报告的目录；默认在数据目录中，每个计划一个"),
    ("jingwei probe run --only", "只运行套件的这一部分（可多次给出）"),
    ("jingwei probe run --limit", "每部分最多这么多题，按种子抽取"),
    ("jingwei probe run --seed", "代替套件自带的种子"),
    ("jingwei probe run --concurrency", "同时进行的尝试数上限；实际数目随目标的应答调整"),
    ("jingwei probe run --timeout", "等待一次应答的最长秒数"),
    ("jingwei probe run --max_requests", "达到这么多请求后停止"),
    ("jingwei probe run --max_tokens", "达到这么多 token 后停止"),
    ("jingwei probe run --max_minutes", "达到这么多分钟后停止"),
    ("jingwei probe run --cache", "从这个文件取用以前的应答，并加入新的应答"),
    ("jingwei probe run --fail_on", "条件成立则以 1 退出，例如 'asr.upper95 > 0.05'（可多次给出）"),
    ("jingwei probe run --dry_run", "只说明会问什么，不发出任何请求"),
    ("jingwei probe run --format", "输出形式"),
    ("jingwei probe show", "再次说明一次运行的结果"),
    ("jingwei probe show --run", "运行的目录"),
    ("jingwei probe show --fail_on", "条件成立则以 1 退出，例如 'asr.upper95 > 0.05'（可多次给出）"),
    ("jingwei probe show --format", "输出形式"),
    ("jingwei probe report", "写出一次运行的报告：HTML、JSON、JSON 行、JUnit 或 SARIF"),
    ("jingwei probe report --run", "运行的目录"),
    ("jingwei probe report --format", "报告形式"),
    ("jingwei probe report --out", "写到哪里；默认在记录旁边"),
    ("jingwei probe report --no_texts", "不含问过和答过的内容"),
    ("jingwei probe compare", "逐次比较两次运行，用成对检验"),
    ("jingwei probe compare --before", "第一次运行的目录"),
    ("jingwei probe compare --after", "第二次运行的目录"),
    (
        "jingwei probe compare --fail_on",
        "条件成立则以 1 退出，例如 'asr.p < 0.05 && asr.difference > 0.0'（可多次给出）",
    ),
    ("jingwei probe compare --format", "输出形式"),
    ("jingwei probe list", "列出套件、题库、变换、驱动方式、评判者或数据集格式"),
    ("jingwei probe list --noun", "列出哪一种"),
    ("jingwei probe list --format", "输出形式"),
    ("jingwei probe transform", "显示一串变换把一段文本变成什么"),
    ("jingwei probe transform --chain", "用 `+` 连接的变换，例如 role-play+base64"),
    ("jingwei probe transform --text", "文本；默认读取标准输入"),
    ("jingwei probe transform --seed", "决定其中的随机之处"),
    ("jingwei probe transform --format", "输出形式"),
    ("jingwei probe size", "说明一个问题需要多少次尝试，以及合格线要多少次才有把握"),
    ("jingwei probe size --rate", "预期的比例，0 到 1"),
    ("jingwei probe size --half_width", "区间允许的半宽"),
    ("jingwei probe size --versus", "应当与前者区分开的另一个比例"),
    ("jingwei probe size --pass_line", "合格线，例如 at-least=0.9 或 at-most=0.05，用于 --attempts"),
    ("jingwei probe size --attempts", "有合格线的测试的尝试次数"),
    ("jingwei probe size --format", "输出形式"),
    ("jingwei probe review", "由人双盲查看一次运行的回复，并据此衡量评判者"),
    ("jingwei probe review sheet", "为每位标注人写一张打乱次序的表，并写出由组织者保管的密钥文件"),
    ("jingwei probe review sheet --run", "运行的目录"),
    ("jingwei probe review sheet --raters", "有多少位标注人"),
    ("jingwei probe review sheet --seed", "决定次序、代码与抽到哪些尝试"),
    ("jingwei probe review sheet --out", "表与密钥文件的目录"),
    ("jingwei probe review sheet --limit", "最多这么多次尝试，按种子抽取"),
    ("jingwei probe review read", "读回标注表：一致性、待裁决的条目、按人工标注的比例、本次运行中评判者的实测误差"),
    ("jingwei probe review read --run", "运行的目录"),
    ("jingwei probe review read --key", "`review sheet` 写出的密钥文件"),
    ("jingwei probe review read --sheets", "填好的表，裁决人的表也可一并给出；文件名不限"),
    ("jingwei probe review read --adjudicate", "把标注人意见不一的条目写成一张供裁决人填写的表"),
    ("jingwei probe review read --format", "输出形式"),
    ("jingwei probe organism", "运行一个行为已知的脚本模型，用来检验测试本身"),
    ("jingwei probe organism --preset", "按名称选择行为；见 --list"),
    ("jingwei probe organism --file", "TOML 或 JSON 文件中的行为；--print 显示可设置的各项"),
    ("jingwei probe organism --seed", "代替行为自带的种子：同类的另一个模型"),
    ("jingwei probe organism --listen", "监听地址"),
    ("jingwei probe organism --latency_ms", "每次应答都用这么多毫秒，代替行为自带的延迟"),
    ("jingwei probe organism --concurrency", "同时超过这么多请求时应答 429"),
    (
        "jingwei probe organism --questions",
        "它认识的题目：题库 id、题库文件，或 JSON 行 {\"text\", \"expect\": \"refuse\" 或 \"answer\"}（可多次给出）；默认为目录库的全部题库",
    ),
    ("jingwei probe organism --list", "列出自带的行为"),
    ("jingwei probe organism --print", "以 TOML 打印行为及全部可设置项"),
    ("jingwei probe filing", "中国备案自评估：题库、抽样、核对、附件（GB/T 45654-2025）"),
    ("jingwei probe filing lint", "说明题库和关键词库还缺什么"),
    ("jingwei probe filing lint --standard", "以哪个标准的数字为准：目录库中的 id"),
    (
        "jingwei probe filing lint --bank",
        "题库：角色=文件 或 角色=id，角色为 content-test、should-refuse 或 should-not-refuse；默认为内置题库（可多次给出）",
    ),
    ("jingwei probe filing lint --draw", "抽样目录：使用其中的题库"),
    ("jingwei probe filing lint --lexicon", "内置词库之外的词库包（可多次给出）"),
    ("jingwei probe filing lint --similar", "两题共有的二字组合占比达到多少算近似重复"),
    ("jingwei probe filing lint --fail_on", "达到哪一级严重程度时以 1 退出"),
    ("jingwei probe filing lint --format", "输出形式"),
    ("jingwei probe filing import", "用自己的题目制作题库"),
    ("jingwei probe filing import --files", "题目清单：.csv、.tsv、.jsonl 或 .xlsx，含题目列与风险代码列"),
    ("jingwei probe filing import --bank", "题库的用途"),
    ("jingwei probe filing import --out", "题库写到哪里：.toml；大题库用 .jsonl"),
    ("jingwei probe filing import --standard", "使用哪个标准的风险代码：目录库中的 id"),
    ("jingwei probe filing import --id", "题库 id；默认为文件名"),
    ("jingwei probe filing import --licence", "题目的许可"),
    ("jingwei probe filing import --text_column", "题目所在列的名称"),
    ("jingwei probe filing import --code_column", "风险代码或方面所在列的名称"),
    ("jingwei probe filing import --id_column", "编号所在列的名称"),
    ("jingwei probe filing import --replace", "覆盖已有的文件"),
    ("jingwei probe filing import --format", "输出形式"),
    ("jingwei probe filing draw", "抽取测试样本，并写出可运行的套件和人工表"),
    ("jingwei probe filing draw --standard", "以哪个标准的数字为准：目录库中的 id"),
    (
        "jingwei probe filing draw --bank",
        "题库：角色=文件 或 角色=id，角色为 content-test、should-refuse 或 should-not-refuse；默认为内置题库（可多次给出）",
    ),
    ("jingwei probe filing draw --draw", "抽样目录：使用其中的题库"),
    ("jingwei probe filing draw --lexicon", "内置词库之外的词库包（可多次给出）"),
    ("jingwei probe filing draw --seed", "决定抽到哪些题"),
    ("jingwei probe filing draw --out", "题库、套件与人工表的目录"),
    ("jingwei probe filing draw --licence", "题目的许可"),
    ("jingwei probe filing draw --format", "输出形式"),
    ("jingwei probe filing sheets", "把一次运行的回复写入人工表，并在另两张表上写出关键词与分类器的结论"),
    ("jingwei probe filing sheets --standard", "以哪个标准的数字为准：目录库中的 id"),
    (
        "jingwei probe filing sheets --bank",
        "题库：角色=文件 或 角色=id，角色为 content-test、should-refuse 或 should-not-refuse；默认为内置题库（可多次给出）",
    ),
    ("jingwei probe filing sheets --draw", "抽样目录：使用其中的题库"),
    ("jingwei probe filing sheets --lexicon", "内置词库之外的词库包（可多次给出）"),
    ("jingwei probe filing sheets --run", "运行的目录（可多次给出）"),
    ("jingwei probe filing sheets --arm", "取系统本身的回复，或护栏之后的回复"),
    ("jingwei probe filing sheets --heads", "分类核对使用自己的头文件"),
    ("jingwei probe filing sheets --out", "人工表的目录"),
    ("jingwei probe filing sheets --format", "输出形式"),
    ("jingwei probe filing check", "按合格线统计运行、人工表和两种机器核对"),
    ("jingwei probe filing check --standard", "以哪个标准的数字为准：目录库中的 id"),
    (
        "jingwei probe filing check --bank",
        "题库：角色=文件 或 角色=id，角色为 content-test、should-refuse 或 should-not-refuse；默认为内置题库（可多次给出）",
    ),
    ("jingwei probe filing check --draw", "抽样目录：使用其中的题库"),
    ("jingwei probe filing check --lexicon", "内置词库之外的词库包（可多次给出）"),
    ("jingwei probe filing check --run", "运行的目录（可多次给出）"),
    ("jingwei probe filing check --human", "人工填写的表：.csv 或 .xlsx（可多次给出）"),
    ("jingwei probe filing check --heads", "分类核对使用自己的头文件"),
    ("jingwei probe filing check --format", "输出形式"),
    ("jingwei probe filing annex", "以 docx、xlsx 和 CSV 写出关键词表、题库和总结（中文）"),
    ("jingwei probe filing annex --standard", "以哪个标准的数字为准：目录库中的 id"),
    (
        "jingwei probe filing annex --bank",
        "题库：角色=文件 或 角色=id，角色为 content-test、should-refuse 或 should-not-refuse；默认为内置题库（可多次给出）",
    ),
    ("jingwei probe filing annex --draw", "抽样目录：使用其中的题库"),
    ("jingwei probe filing annex --lexicon", "内置词库之外的词库包（可多次给出）"),
    ("jingwei probe filing annex --run", "运行的目录（可多次给出）；没有则总结写明未作测量"),
    ("jingwei probe filing annex --human", "人工填写的表：.csv 或 .xlsx（可多次给出）"),
    ("jingwei probe filing annex --heads", "分类核对使用自己的头文件"),
    ("jingwei probe filing annex --service", "写入标题的服务名称"),
    ("jingwei probe filing annex --out", "附件的目录"),
    ("jingwei probe filing annex --format", "输出形式"),
    ("jingwei guard", "按护栏策略判定文本"),
    ("jingwei guard check", "从标准输入读取文本，说明护栏对每段的处理"),
    ("jingwei guard check --policy", "策略文件；默认为内置基线"),
    ("jingwei guard check --direction", "文本的方向"),
    ("jingwei guard check --jsonl", "每行为 {\"id\": …, \"text\": …}"),
    ("jingwei guard check --fail_on", "处理达到哪一级时以 1 退出"),
    ("jingwei guard validate", "检查策略文件，并提示永远不会命中的规则"),
    ("jingwei guard validate --policy", "策略文件；默认为内置基线"),
    ("jingwei guard validate --bindings", "租户、应用、模型与策略的绑定文件：连同其中的每份策略一并检查"),
    ("jingwei guard schema --bindings", "改为绑定文件的 JSON Schema"),
    ("jingwei guard schema", "策略文件的 JSON Schema，供编辑器使用"),
    ("jingwei guard baseline", "打印内置基线策略"),
    ("jingwei guard lexicon", "把词表导入为词库包，查看词库包"),
    ("jingwei guard lexicon import", "用词表（.txt、.csv、.tsv、.jsonl）制作词库包，并说明其中的异常"),
    ("jingwei guard lexicon import --files", "UTF-8 词表；文件名的结尾说明其格式"),
    ("jingwei guard lexicon import --out", "词库包写到哪里；有 --into 时默认为同一文件"),
    ("jingwei guard lexicon import --into", "把词语并入这个词库包：同名类别被替换，其余保留"),
    ("jingwei guard lexicon import --id", "词库包的 id；默认为所写文件的名称"),
    ("jingwei guard lexicon import --category", "行中没有类别的词归入哪一类；默认为文件名"),
    ("jingwei guard lexicon import --word_column", "词语所在的列（或字段）；没有表头时写列号"),
    ("jingwei guard lexicon import --category_column", "类别所在的列（或字段）"),
    ("jingwei guard lexicon import --word_lang", "行中没有语言的词是什么语言；默认按文字判断"),
    ("jingwei guard lexicon import --keep_single", "保留单字词；单字到处都会命中"),
    ("jingwei guard lexicon import --title_zh", "词库包的中文名称"),
    ("jingwei guard lexicon import --title_en", "词库包的英文名称"),
    ("jingwei guard lexicon import --licence", "依据什么许可使用这些词语"),
    ("jingwei guard lexicon import --strict", "若有词会被舍弃，则不写入并以 1 退出"),
    ("jingwei guard lexicon import --format", "输出形式"),
    ("jingwei guard lexicon show", "说明词库包的内容；不给文件时列出目录库的词表和空槽"),
    ("jingwei guard lexicon show --pack", "词库包文件"),
    ("jingwei guard lexicon show --words", "同时打印词语"),
    ("jingwei guard lexicon show --find", "说明哪些类别含有某个词（不论写法）；都没有则以 1 退出"),
    ("jingwei guard lexicon show --format", "输出形式"),
    ("jingwei guard explain", "说明护栏对一段文本的处理和原因，以及策略给流式输出带来的代价"),
    ("jingwei guard explain --text", "文本；默认读取标准输入"),
    ("jingwei guard explain --policy", "策略文件；默认为内置基线"),
    ("jingwei guard explain --direction", "文本的方向"),
    ("jingwei guard explain --format", "输出形式"),
    ("jingwei guard train", "用带标签的样本和反馈训练语义层的头"),
    ("jingwei guard train --files", "带标签的样本：JSON 行，也可为 .gz"),
    ("jingwei guard train --out", "heads.jwm、manifest.json 与 scorecard.json 的目录"),
    ("jingwei guard train --base", "从哪个头文件开始；默认从零开始，只有反馈时从内置的头开始"),
    ("jingwei guard train --feedback", "自己的带标签反馈，权重更大（可多次给出）"),
    ("jingwei guard train --options", "训练选项的 JSON 文档，或含有选项的 manifest"),
    ("jingwei guard train --encoder", "改为在该目录的编码器向量上训练一个头；--out 的目录得到 head.json"),
    ("jingwei guard train --format", "输出形式"),
    ("jingwei guard score", "在带标签的样本上给头或整个策略打分"),
    ("jingwei guard score --files", "带标签的样本：JSON 行，也可为 .gz"),
    ("jingwei guard score --policy", "给整个策略打分：拦截或要求确认即为标记"),
    ("jingwei guard score --model", "给这个头文件打分；默认为内置的头"),
    ("jingwei guard score --baseline", "给内置基线策略打分"),
    ("jingwei guard score --direction", "文本的方向"),
    ("jingwei guard score --by", "只要一张表，按这些分组；默认依次按头与语言、类别、来源"),
    ("jingwei guard score --from", "头的判定从哪一级起算作标记"),
    ("jingwei guard score --split", "给哪一部分样本打分；默认为 test，没有则为全部"),
    ("jingwei guard score --format", "输出形式"),
    ("jingwei guard bench", "测量策略判定的速度与内存占用"),
    ("jingwei guard bench --policy", "策略文件；默认为内置基线"),
    ("jingwei guard bench --texts", "要判定的文本：每行 {\"text\": …}，也可为 .gz；默认为自造的约 100 字和 1 KB 文本"),
    ("jingwei guard bench --direction", "文本的方向"),
    ("jingwei guard bench --rounds", "轮数，取中位数"),
    ("jingwei guard bench --stream", "再按每次到达三个字符的流测一遍"),
    ("jingwei guard bench --format", "输出形式"),
    ("jingwei ledger", "核验、证明与导出证据账本；无需服务器"),
    ("jingwei ledger verify", "核验账本的每一个字节"),
    ("jingwei ledger verify --dir", "账本目录或其导出；默认为数据目录中的账本"),
    ("jingwei ledger verify --key", "必须由此公钥签名（文本或文件）；默认为账本自带的公钥"),
    ("jingwei ledger verify --expect", "另处保存的检查点：账本须包含其覆盖的一切"),
    ("jingwei ledger verify --format", "输出形式"),
    ("jingwei ledger checkpoint", "打印已签名的检查点"),
    ("jingwei ledger checkpoint --dir", "账本目录；默认为数据目录中的账本"),
    ("jingwei ledger prove", "证明某条账目在账本中，或证明账本只增不改"),
    ("jingwei ledger prove --index", "账目编号"),
    ("jingwei ledger prove --since", "账本曾有的大小：证明此后只增不改"),
    ("jingwei ledger prove --dir", "账本目录；默认为数据目录中的账本"),
    ("jingwei ledger show", "打印一条账目及其所指的文档"),
    ("jingwei ledger show --index", "账目编号"),
    ("jingwei ledger export", "写一份可独立核验的副本"),
    ("jingwei ledger export --out", "新目录"),
    ("jingwei ledger export --dir", "账本目录；默认为数据目录中的账本"),
    ("jingwei catalog", "查询与检查目录库：框架、风险、控制措施与测试"),
    ("jingwei catalog check", "检查目录库：形状、引用、代码、双语"),
    ("jingwei catalog check --dir", "目录库目录；默认为正在使用的目录库"),
    ("jingwei catalog list", "列出一类条目"),
    ("jingwei catalog list --noun", "哪一类"),
    ("jingwei catalog list --format", "输出形式"),
    ("jingwei catalog show", "打印一个条目：风险、控制措施，或框架条目如 tc260-2.0/3.2.2.a"),
    ("jingwei catalog show --id", "id 或代码"),
    ("jingwei access", "制作与撤销令牌，供人和程序访问"),
    ("jingwei access create", "制作令牌；只显示一次"),
    ("jingwei access create --name", "给谁"),
    ("jingwei access create --role", "可以做什么"),
    ("jingwei access create --days", "多少天后失效"),
    ("jingwei access list", "列出令牌；密文不留存"),
    ("jingwei access revoke", "撤销令牌"),
    ("jingwei access revoke --id", "令牌 id"),
    ("jingwei up", "启动报告、登记册与 API 服务，以及护栏网关"),
    ("jingwei up --listen", "控制台与 API 的地址"),
    ("jingwei up --gateway", "护栏网关的地址"),
    ("jingwei up --upstream", "网关背后的 OpenAI 兼容服务，例如 http://127.0.0.1:7811/v1"),
    ("jingwei up --policy", "网关的护栏策略；默认为内置基线"),
    ("jingwei up --bindings", "租户、应用、模型与各自策略的绑定文件"),
];

/// The command line with Chinese help.
pub fn translated(command: Command) -> Command {
    translate(command, "jingwei")
}

fn translate(command: Command, path: &str) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let flags: Vec<String> = command.get_arguments().map(|arg| arg.get_id().to_string()).collect();
    let mut command = match text(path) {
        Some(about) => command.about(about).disable_help_subcommand(true),
        None => command,
    };
    for flag in flags {
        if let Some(help) = text(&format!("{path} --{flag}")) {
            command = command.mut_arg(flag, |arg| arg.help(help));
        }
    }
    for name in names {
        let below = format!("{path} {name}");
        command = command.mut_subcommand(name, |sub| translate(sub, &below));
    }
    command
}

fn text(path: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(key, _)| *key == path).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;

    fn paths(command: &Command, path: &str, into: &mut BTreeSet<String>) {
        into.insert(path.to_owned());
        let own = command.get_arguments().filter(|arg| !arg.is_hide_set());
        into.extend(
            own.filter(|arg| !matches!(arg.get_id().as_str(), "help" | "version"))
                .map(|arg| format!("{path} --{}", arg.get_id())),
        );
        for sub in command.get_subcommands() {
            paths(sub, &format!("{path} {}", sub.get_name()), into);
        }
    }

    #[test]
    fn every_command_and_flag_has_a_chinese_text_and_none_is_left_over() {
        let mut wanted = BTreeSet::new();
        paths(&crate::cli::Cli::command(), "jingwei", &mut wanted);
        let written: BTreeSet<String> = TEXTS.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(wanted, written);
    }

    #[test]
    fn the_command_line_is_well_formed() {
        crate::cli::Cli::command().debug_assert();
        translated(crate::cli::Cli::command()).debug_assert();
    }
}
