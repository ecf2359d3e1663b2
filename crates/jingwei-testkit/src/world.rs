use std::sync::Arc;

use jingwei_core::{Arm, Component, Ctx, NoProgress, Target, TargetError, Targets, Timestamp};

use crate::{FixedExposure, MemoryFiles};

/// All ports of a check, faked. The time is the Unix epoch unless set.
#[derive(Clone)]
pub struct World {
    pub files: MemoryFiles,
    pub exposure: FixedExposure,
    pub now: Timestamp,
}

impl Default for World {
    fn default() -> Self {
        Self { files: MemoryFiles::default(), exposure: FixedExposure::default(), now: Timestamp::from_micros(0) }
    }
}

impl World {
    #[must_use]
    pub fn of_files(files: MemoryFiles) -> Self {
        Self { files, ..Self::default() }
    }

    #[must_use]
    pub fn ctx(&self) -> Ctx<'_> {
        Ctx { files: &self.files, targets: &NoTargets, exposure: &self.exposure, progress: &NoProgress, now: self.now }
    }
}

/// No component has a model behind it.
pub struct NoTargets;

impl Targets for NoTargets {
    fn arms(&self, component: &Component) -> Result<Vec<(Arm, Arc<dyn Target>)>, TargetError> {
        Err(TargetError::Refused { reason: format!("component `{}` has no target in this test", component.id) })
    }
}
