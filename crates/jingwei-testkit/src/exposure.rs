use std::collections::BTreeMap;

use jingwei_core::{ExposureFacts, ExposureProbe, Limits};
use serde_json::Value;

use crate::CaseError;

/// An address that shows the same facts to everybody.
#[derive(Debug, Clone, Default)]
pub struct FixedExposure(pub ExposureFacts);

impl FixedExposure {
    /// The exposure of a catalog rule's case, by the names of [`ExposureFacts`].
    pub fn from_case(exposure: &BTreeMap<String, Value>) -> Result<Self, CaseError> {
        let mut facts = ExposureFacts::default();
        for (name, value) in exposure {
            let bad = || CaseError(format!("exposure `{name}` has a value of the wrong kind: {value}"));
            let status = || value.as_u64().and_then(|status| u16::try_from(status).ok()).ok_or_else(bad);
            let text = || value.as_str().map(ToOwned::to_owned).ok_or_else(bad);
            match name.as_str() {
                "status_without_credentials" => facts.status_without_credentials = Some(status()?),
                "status_with_wrong_credentials" => facts.status_with_wrong_credentials = Some(status()?),
                "server" => facts.server = Some(text()?),
                "unreachable" => facts.unreachable = Some(text()?),
                "listens_on" => {
                    let list = value.as_array().ok_or_else(bad)?;
                    let list = list.iter().map(|v| v.as_str().map(ToOwned::to_owned)).collect::<Option<_>>();
                    facts.listens_on = Some(list.ok_or_else(bad)?);
                }
                _ => return Err(CaseError(format!("exposure has no fact `{name}`"))),
            }
        }
        Ok(Self(facts))
    }
}

impl ExposureProbe for FixedExposure {
    fn probe(&self, _url: &str, _limits: &Limits) -> ExposureFacts {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_come_by_their_names() {
        let read = |json: &str| FixedExposure::from_case(&serde_json::from_str(json).unwrap());
        let facts = read(r#"{"status_without_credentials": 200, "listens_on": ["127.0.0.1:1"]}"#).unwrap().0;
        assert_eq!(facts.status_without_credentials, Some(200));
        assert_eq!(facts.listens_on, Some(vec!["127.0.0.1:1".to_owned()]));
        for bad in [r#"{"status": 200}"#, r#"{"server": 1}"#, r#"{"status_without_credentials": 70000}"#] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
