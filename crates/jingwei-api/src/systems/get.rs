//! `GET /api/v1/systems/{system}`

use axum::{Json, extract::State};
use jingwei_app::systems::{self, ComponentView, SystemDetail as Found};
use serde_json::Value;

use super::list::SystemSummary;
use crate::{
    ApiState,
    body::{ToBody, body},
    extract::{By, Named},
    problem::Problem,
    words::ComponentKindWord,
};

body! {
    /// A part of a system.
    struct ComponentSummary from ComponentView {
        id: String,
        kind: ComponentKindWord,
        /// Digest of what was inspected. Absent: nothing of it was.
        subject: Option<String>,
    }
}

body! {
    /// A system, its components and its manifest.
    struct SystemDetail from Found {
        system: SystemSummary,
        components: Vec<ComponentSummary>,
        /// As the JSON Schema of `system.toml` says.
        manifest: Value,
    }
}

/// A governed system.
#[utoipa::path(
    get, path = "/api/v1/systems/{system}", operation_id = "get_system", tag = "systems",
    params(("system" = String, Path, description = "System id")),
    responses((status = 200, body = SystemDetail))
)]
pub(crate) async fn get(
    State(state): State<ApiState>,
    By(caller): By,
    Named(system): Named<String>,
) -> Result<Json<SystemDetail>, Problem> {
    Ok(Json(systems::get(&state.app, &caller, &system).await?.to_body()))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use crate::testing::{self, Ask};

    #[test]
    fn a_system_comes_with_its_components_and_manifest() {
        testing::run(async {
            let api = testing::shared().await;
            let body = api.get("/api/v1/systems/shop").await;
            assert_eq!(body["system"]["owner"], "Wang Li");
            assert_eq!(body["components"].as_array().map(Vec::len), Some(3));
            assert_eq!(body["manifest"]["system"]["id"], "shop");
            for name in ["nothing", "a%20b", "%F0%9F%98%80", "..", "a%00"] {
                let path = format!("/api/v1/systems/{name}");
                assert_eq!(api.ask(Ask::new(Method::GET, &path).token(&api.owner)).await.status, 404, "{name}");
            }
        });
    }
}
