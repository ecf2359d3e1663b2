//! Whether an engine may run where other requests wait.

use crate::{Engine, Mode, compile::CompiledRule};

impl Engine {
    /// Whether every detector that it asks answers within microseconds. Otherwise judging may wait for a network.
    #[must_use]
    pub fn is_instant(&self) -> bool {
        let instant = |id: &str| self.detectors.get(id).is_none_or(|detector| detector.is_instant());
        self.policy.rules.iter().zip(&self.rules).filter(|(rule, _)| rule.mode != Mode::Off).all(|(rule, compiled)| {
            let judged = match compiled {
                CompiledRule::Semantic(semantic) => instant(&semantic.id),
                _ => true,
            };
            judged && rule.intent.as_ref().is_none_or(|intent| instant(&intent.detector))
        })
    }
}
