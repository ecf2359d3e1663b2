use jingwei_core::Text;

use crate::standing::{Clear, Doubt, Standing};

impl Standing {
    /// One sentence for a reader.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Standing::Affected { range, fixed } if fixed.is_empty() => Text::new(
                format!("受影响（{range}），尚无已知的修复版本"),
                format!("affected ({range}), and no fixed version is known"),
            ),
            Standing::Affected { range, fixed } => {
                let fixed = fixed.join(", ");
                Text::new(
                    format!("受影响（{range}），已在 {fixed} 修复"),
                    format!("affected ({range}), fixed in {fixed}"),
                )
            }
            Standing::NotAffected { why } => why.text(),
            Standing::Unknown { why } => why.text(),
        }
    }
}

impl Clear {
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Clear::Outside { version, ranges } => {
                let ranges = ranges.join(" || ");
                Text::new(
                    format!("{version} 不在受影响的范围内（{ranges}）"),
                    format!("{version} lies outside what is affected ({ranges})"),
                )
            }
            Clear::NoneAllowed { requirement, ranges } => {
                let ranges = ranges.join(" || ");
                Text::new(
                    format!("{requirement} 允许的版本均不受影响（{ranges}）"),
                    format!("no version that {requirement} allows is affected ({ranges})"),
                )
            }
            Clear::FixCommit { commit } => {
                Text::new(format!("提交 {commit} 就是修复提交"), format!("{commit} is the commit that fixes it"))
            }
            Clear::Stated { author, at, justification, .. } => {
                let why = justification.as_deref().unwrap_or("-");
                Text::new(
                    format!("{author} 于 {at} 声明不受影响（{why}）"),
                    format!("{author} stated on {at} that it is not affected ({why})"),
                )
            }
        }
    }
}

impl Doubt {
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Doubt::NoVersion { ranges } if ranges.is_empty() => {
                Text::new("版本未知，无法判断", "its version is not known, so nothing can be said")
            }
            Doubt::NoVersion { ranges } => {
                let ranges = ranges.join(" || ");
                Text::new(
                    format!("版本未知，无法判断；受影响的是 {ranges}"),
                    format!("its version is not known, so nothing can be said; {ranges} is affected"),
                )
            }
            Doubt::Unreadable { version, scheme } => Text::new(
                format!("“{version}”不是 {scheme} 版本，无法比较"),
                format!("`{version}` is no {scheme} version and cannot be compared"),
            ),
            Doubt::UnreadableRecord { version, scheme } => Text::new(
                format!("公告中的“{version}”不是 {scheme} 版本，无法比较"),
                format!("the advisory's `{version}` is no {scheme} version and cannot be compared"),
            ),
            Doubt::NoScheme { ecosystem } => Text::new(
                format!("没有 {ecosystem} 版本的排序规则"),
                format!("nobody says how versions of {ecosystem} are ordered"),
            ),
            Doubt::OnlyCommits => Text::new(
                "公告只给出提交，没有代码仓库无法判断",
                "the advisory names only commits, which cannot be told apart without the repository",
            ),
            Doubt::Both { requirement, ranges } => {
                let ranges = ranges.join(" || ");
                Text::new(
                    format!("{requirement} 既允许受影响的版本（{ranges}），也允许不受影响的版本；请锁定版本"),
                    format!("{requirement} allows affected versions ({ranges}) and others; pin a version"),
                )
            }
            Doubt::UnreadableRequirement { requirement } => Text::new(
                format!("无法理解版本要求“{requirement}”；请锁定版本"),
                format!("the requirement `{requirement}` is not understood; pin a version"),
            ),
            Doubt::Release { releases } => {
                let releases = releases.join(", ");
                Text::new(
                    format!("各发行版（{releases}）结论不同，而所用的发行版未知"),
                    format!("releases differ ({releases}), and it is not known which one this is"),
                )
            }
            Doubt::NothingSaid => {
                Text::new("公告没有说明哪些版本受影响", "the advisory does not say which versions are affected")
            }
        }
    }
}
